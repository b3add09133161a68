"""An exercise of chapter 06: no sentence of the test may be in what the model is trained on."""

from __future__ import annotations

from utils.teaching.exercises.model import Case, Exercise, Wrong


def without_overlap(texts, test, shortest=12):
    """The texts that neither equal a test sentence nor contain one, whatever their case, spaces and signs."""

    def bare(text):
        return "".join(sign for sign in text.lower() if sign.isalnum())

    held = [bare(sentence) for sentence in test]
    long = [sentence for sentence in held if len(sentence) >= shortest]
    return [text for text in texts if bare(text) not in held and not any(one in bare(text) for one in long)]


def _bare(text):
    return "".join(sign for sign in text.lower() if sign.isalnum())


def _exactly(texts, test, shortest=12):
    return [text for text in texts if text not in test]


def _case_only(texts, test, shortest=12):
    held = [sentence.lower() for sentence in test]
    return [text for text in texts if text.lower() not in held]


def _whole_only(texts, test, shortest=12):
    held = [_bare(sentence) for sentence in test]
    return [text for text in texts if _bare(text) not in held]


def _short_too(texts, test, shortest=12):
    held = [_bare(sentence) for sentence in test]
    return [text for text in texts if not any(one in _bare(text) for one in held)]


def _long_only(texts, test, shortest=12):
    held = [_bare(sentence) for sentence in test if len(_bare(sentence)) >= shortest]
    return [text for text in texts if not any(one in _bare(text) for one in held)]


def _other_way(texts, test, shortest=12):
    held = [_bare(sentence) for sentence in test]
    return [text for text in texts if not any(_bare(text) in one for one in held)]


def _the_overlap(texts, test, shortest=12):
    kept = without_overlap(texts, test, shortest)
    return [text for text in texts if text not in kept]


def _gives_bare(texts, test, shortest=12):
    return [_bare(text) for text in without_overlap(texts, test, shortest)]


def _reviews():
    texts = [
        "A warm, funny film .",
        "It is long; the second half drags badly . Still , I laughed .",
        "Very bad !",
        "A very bad idea , very well told .",
        "The end is weak .",
        "A Warm , Funny Film .",
        "A WARM , FUNNY FILM",
        "Funny film",
    ]
    return texts, ["a warm , funny film .", "the second half drags badly .", "very bad ."]


def _spaces():
    texts = ["Twenty-one days of rain .", "twenty one days of rain", "Twenty days of rain .", "Days of rain ."]
    return texts, ["twenty-one days of rain !"]


OVERLAP = Exercise(
    id="6.8",
    title="Find the overlap",
    task="""
Raw text is free, and so it is easily the wrong one: part of the film reviews that you want to tune on *is* the test
set, with other capitals, spaces and signs. Write `without_overlap`, which gives back the texts, in their order and as
they were written, that may be used.

Compare bare texts: small letters, and only letters and digits, everything else taken out. A text must go if it equals a
test sentence, or if a test sentence is contained in it. But a test sentence of fewer than `shortest` bare signs may
stand in anybody's text by chance ("very bad"): it makes a text go only if the two are equal.
""",
    difficulty=2,
    minutes=10,
    solution=without_overlap,
    cases=(
        Case("eight texts and three test sentences", _reviews),
        Case("four texts that differ in spaces and signs", _spaces),
        Case("test sentences from four signs on", lambda: (*_reviews(), 4)),
    ),
    hints=(
        "First a function for one text: `text.lower()`, then keep each sign for which `sign.isalnum()` is true.",
        "Make the bare test sentences once. `one in bare(text)` is true if one is contained in the other, or equal.",
        "Two conditions: `bare(text) not in held`, and no *long* one of `held` is contained in `bare(text)`.",
    ),
    wrong=(
        Wrong(
            _exactly, "you compare the texts as they are written: another capital or space, and the test sentence stays"
        ),
        Wrong(_case_only, "small letters are not enough: spaces and signs differ too, so take them out"),
        Wrong(_whole_only, "a test sentence that is only a part of a longer text is still there"),
        Wrong(
            _short_too, "a short sentence stands in many texts by chance; it counts only if the whole text equals it"
        ),
        Wrong(_long_only, "a text that equals a short test sentence stays: equality counts at any length"),
        Wrong(_other_way, "you ask whether the text is contained in the test sentence; ask the other way round"),
        Wrong(_the_overlap, "those are the texts that must *go*: give back the others"),
        Wrong(_gives_bare, "give the texts back as they were written, not bare: the model should read real text"),
    ),
    explanation="""
`utils.data.loaders.without` does the same for the reviews of this chapter (and takes off accents). It is no matter of a
few sentences: SST-2, our test set, was drawn from sentence_polarity, our unlabelled text. Without labels a language
model cannot learn the answers by heart, but it would have seen the very sentences, which no real use would give it.
""",
)
