"""Two exercises of chapter 03 that are done on paper first: a beam, and what reversing the source does."""

from __future__ import annotations

from collections.abc import Iterator

from utils.teaching.exercises.model import Case, Exercise, Wrong

# The next word's probability, given the last word; the table of the task.
NEXT = {
    "BOS": {"a": 0.5, "the": 0.4, "one": 0.1},
    "a": {"cat": 0.36, "dog": 0.34, "fish": 0.3},
    "the": {"cat": 0.6, "dog": 0.3, "fish": 0.1},
    "one": {"cat": 0.4, "dog": 0.4, "fish": 0.2},
    "cat": {"sleeps": 0.6, "runs": 0.4},
    "dog": {"sleeps": 0.05, "runs": 0.95},
    "fish": {"sleeps": 0.5, "runs": 0.5},
}


def beam(width: int = 2) -> tuple[str, float]:
    """The sentence of three words that a beam of this width finds, and its probability."""
    kept = [(1.0, ["BOS"])]
    for _ in range(3):
        grown = [(p * q, [*words, word]) for p, words in kept for word, q in NEXT[words[-1]].items()]
        kept = sorted(grown, key=lambda one: one[0], reverse=True)[:width]
    probability, words = kept[0]
    return " ".join(words[1:]), round(probability, 4)


def rows() -> Iterator[str]:
    """The table of the task in Markdown."""
    yield "| after | next word and its probability |"
    yield "|---|---|"
    for word, following in NEXT.items():
        yield f"| {word} | {', '.join(f'{one} {p}' for one, p in following.items())} |"


BEAM = Exercise(
    id="3.4",
    title="A beam by hand",
    task=f"""
Every sentence has three words, and the next word depends on the last one only:

{chr(10).join(rows())}

Take a pencil and decode with a **beam of two**: after each word keep the two best beginnings, and no other. Which
sentence does the beam end with, and how probable is it? Answer with a pair such as `("one fish runs", 0.01)`.
""",
    difficulty=2,
    minutes=8,
    solution=beam,
    value="beam_answer",
    hints=(
        "After one word the two best beginnings are `a` (0.5) and `the` (0.4).",
        "Now grow both: there are six beginnings of two words. Multiply, and keep the best two of the six.",
        "You keep `the cat` (0.24) and `a cat` (0.18). Grow both once more.",
    ),
    wrong=(
        Wrong(
            beam(1), "that is greedy decoding: it took `a` because 0.5 > 0.4 and never looked back; keep two beginnings"
        ),
        Wrong(
            beam(99), "that is the best of all sentences, but a beam of two has dropped `a dog` after the second word"
        ),
        Wrong(
            ("the cat sleeps", 1.6), "the sentence is right, but probabilities of words that follow each other multiply"
        ),
        Wrong(("the cat sleeps", 0.36), "the sentence is right, but the probability of its first word is missing"),
    ),
    explanation=f"""
One word: `a` 0.5, `the` 0.4. Two words: `the cat` 0.24 and `a cat` 0.18 stay, `a dog` (0.17) falls out. Three words:
`the cat sleeps` has {beam()[1]}. Greedy decoding finds `{beam(1)[0]}` ({beam(1)[1]}), worse than the beam. And the beam
is not perfect either: `{beam(99)[0]}` has {beam(99)[1]}, but its beginning was dropped.
""",
)


def mean_lag(links, length, first, reverse=False):
    """Mean steps from reading to writing, over links (i, j) whose target word j is among the first `first`."""
    lags = []
    for i, j in links:
        if j < first:
            read = length - 1 - i if reverse else i
            lags.append(length + j - read)
    return sum(lags) / len(lags)


def _side_by_side(links, length, first, reverse=False):
    lags = [abs((length - 1 - i if reverse else i) - j) for i, j in links if j < first]
    return sum(lags) / len(lags)


def _one_too_far(links, length, first, reverse=False):
    lags = [length + j - (length - i if reverse else i) for i, j in links if j < first]
    return sum(lags) / len(lags)


def _all_words(links, length, first, reverse=False):
    return mean_lag(links, length, 10**6, reverse)


def _never_reversed(links, length, first, reverse=False):
    return mean_lag(links, length, first)


def _straight(n):
    return [(k, k) for k in range(n)]


def _mirrored(n):
    return [(n - 1 - k, k) for k in range(n)]


LAG = Exercise(
    id="3.6",
    title="When does reversing hurt?",
    task="""
The encoder reads one source word a step, word i in step i (from 0). Then the decoder writes: word j in step
`length + j`, where `length` is the number of source words. A link `(i, j)` says that target word j translates source
word i. Write `mean_lag`: the number of steps between reading and writing, averaged over the links of the first `first`
target words; with `reverse=True` the source is read from its last word to its first.

Then try it on `[(0, 0), (1, 1), (2, 2), (3, 3)]`, and on `[(3, 0), (2, 1), (1, 2), (0, 3)]`, where the other language
turns the sentence round: for which of the two does reversing help the first two words, and for which does it hurt?
""",
    difficulty=3,
    minutes=12,
    solution=mean_lag,
    cases=(
        Case("straight links of 5 words, the first 2", lambda: (_straight(5), 5, 2)),
        Case("straight links of 5 words, the first 2, reversed", lambda: (_straight(5), 5, 2, True)),
        Case("mirrored links of 6 words, the first 3", lambda: (_mirrored(6), 6, 3)),
        Case("mirrored links of 6 words, the first 3, reversed", lambda: (_mirrored(6), 6, 3, True)),
        Case("a verb at the end", lambda: ([(0, 0), (3, 1), (1, 2), (2, 3)], 4, 2, True)),
    ),
    hints=(
        "Write down the step in which a word is read and the step in which it is written; the lag is the difference.",
        "Reversed, the last word (number `length - 1`) is read in step 0, so word i is read in step `length - 1 - i`.",
        "Leave out links with `j >= first` before you average.",
    ),
    wrong=(
        Wrong(
            _side_by_side,
            "the decoder starts only after the whole source is read: target word j comes in step `length + j`",
        ),
        Wrong(
            _one_too_far, "positions count from 0: reversed, word i is read in step `length - 1 - i`, not `length - i`"
        ),
        Wrong(
            _all_words,
            "you average over all links; over a whole sentence reversing changes nothing, look at the first words",
        ),
        Wrong(_never_reversed, "`reverse` has no effect in your function: reversed, word i is read in another step"),
    ),
    explanation="""
Over all words of a one-to-one translation the mean lag is `length` in either direction. What changes is how it is
shared out. Straight links (English and French, roughly): reversing brings the first words together, from 4 steps to 2
in the example, and a sentence that starts well goes on well. Mirrored links: the first words were close already, and
reversing drives them apart, from 2 to 4.
""",
)
