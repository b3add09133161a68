"""The first exercise of chapter 02: which shape have ten real problems?"""

from __future__ import annotations

from utils.teaching.exercises.model import Exercise, Wrong

PROBLEMS = {
    "a": "An e-mail comes in. Is it spam or not?",
    "b": "A photograph comes in, read at once. Out comes a sentence that describes it.",
    "c": "Each amino acid of a protein gets one of three marks: helix, strand, or neither.",
    "d": "A German sentence becomes an English one.",
    "e": "A picture of one handwritten digit, read at once. Which digit is it?",
    "f": "A recording, 100 slices of sound a second, becomes the words that were said.",
    "g": "Ten seconds of an electrocardiogram, 250 numbers a second. Is the rhythm normal?",
    "h": "One of eight styles is chosen. Out comes a new melody, note after note.",
    "i": "A day's recording, heartbeat after heartbeat. Mark each beat as normal or early.",
    "j": "An article and a question about it come in. Out comes an answer of a few words.",
}


def name_the_shapes() -> dict[str, str]:
    """The shape of each of the ten problems."""
    many_to_one, asynchronous = "many to one", "asynchronous"
    return {
        "a": many_to_one,
        "b": "one to many",
        "c": "synchronous",
        "d": asynchronous,
        "e": "one to one",
        "f": asynchronous,
        "g": many_to_one,
        "h": "one to many",
        "i": "synchronous",
        "j": asynchronous,
    }


def _but(**changed: str) -> dict[str, str]:
    """The right answers, some of them changed; _ in a name stands for a space."""
    return name_the_shapes() | {key: value.replace("_", " ") for key, value in changed.items()}


SHAPES = Exercise(
    id="2.1",
    title="Name the shape",
    task=f"""
Which shape has each of these ten problems?

{chr(10).join(f"- **{key}** {text}" for key, text in PROBLEMS.items())}

Answer with a dictionary, such as `{{"a": "one to many", "b": ...}}`, with the letters a to j. The names are
`"one to one"`, `"one to many"`, `"many to one"`, `"synchronous"` and `"asynchronous"`. Count what the *network* reads
and writes: a picture that it reads at once is one, a recording that it reads slice by slice is many.
""",
    difficulty=1,
    minutes=8,
    solution=name_the_shapes,
    value="ten_shapes",
    hints=(
        "Two questions for each problem: does a sequence go in? Does a sequence come out?",
        "If both are sequences, a third one: does every input have an output of its own, in its place?",
        "Three of the ten have no output for each input although much goes in and much comes out: d, f and j.",
    ),
    wrong=(
        Wrong(
            _but(d="synchronous"),
            "all right but d: an English sentence may have more or fewer words than the German one, and in another"
            " order, so no word belongs to the place of another",
        ),
        Wrong(
            _but(f="synchronous"),
            "all right but f: many slices of sound make one word, and how many differs from word to word",
        ),
        Wrong(
            _but(f="many_to_one"),
            "all right but f: out come words, one after the other, and how many is not known before",
        ),
        Wrong(
            _but(j="many_to_one"),
            "all right but j: the answer is written word by word; it would be many to one if you chose from a list",
        ),
        Wrong(_but(e="many_to_one"), "all right but e: the picture is read at once, so no step follows another"),
        Wrong(
            _but(g="synchronous"),
            "all right but g: there is one verdict for the whole ten seconds; i has one for each beat",
        ),
        Wrong(
            _but(i="many_to_one"),
            "all right but i: each beat gets a mark of its own; g has one verdict for the whole recording",
        ),
        Wrong(_but(b="one_to_one"), "all right but b: a description is a sentence, a sequence of words"),
        Wrong(
            _but(c="asynchronous"),
            "all right but c: each amino acid gets one mark, in its place; to look at neighbours does not change that",
        ),
        Wrong(
            _but(c="asynchronous", i="asynchronous"),
            "all right but c and i: where every input has its own output in its place, the shape is synchronous",
        ),
        Wrong(
            _but(d="synchronous", f="synchronous", j="synchronous"),
            "all right but d, f and j: in none of them does each input have an output of its own in its place",
        ),
    ),
    explanation="""
The shape belongs to how you set the problem up, not to the problem. If a network reads a photograph row by row, e
becomes many to one. If the answer of j is marked inside the article, a yes or no for every word, j becomes
synchronous: that is how extractive question answering works.
""",
)
