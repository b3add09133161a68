"""An exercise of chapter 01: the oldest language model, which counts pairs of words."""

from __future__ import annotations

from utils.teaching.exercises.model import Case, Exercise, Wrong


def add_one(sentences, before, after, V):
    """Sentences, lists of words; two words; V words in the vocabulary -> the probability of `after` behind `before`."""
    together = seen = 0
    for words in sentences:
        for k in range(1, len(words)):
            seen += words[k - 1] == before
            together += words[k - 1] == before and words[k] == after
    return (together + 1) / (seen + V)


def _words(sentences):
    return [word for words in sentences for word in words]


def _pairs(sentences):
    return [(words[k - 1], words[k]) for words in sentences for k in range(1, len(words))]


def _counts(sentences, before, after):
    pairs = _pairs(sentences)
    return pairs.count((before, after)), sum(first == before for first, _ in pairs)


def _unsmoothed(sentences, before, after, V):
    together, seen = _counts(sentences, before, after)
    return together / seen if seen else 0.0


def _one_below(sentences, before, after, V):
    together, seen = _counts(sentences, before, after)
    return (together + 1) / (seen + 1)


def _backwards(sentences, before, after, V):
    return add_one([words[::-1] for words in sentences], before, after, V)


def _across(sentences, before, after, V):
    return add_one([_words(sentences)], before, after, V)


def _ends_too(sentences, before, after, V):
    return (_counts(sentences, before, after)[0] + 1) / (_words(sentences).count(before) + V)


def _of_all_pairs(sentences, before, after, V):
    return (_counts(sentences, before, after)[0] + 1) / (len(_pairs(sentences)) + V)


def _text(*lines):
    return [line.split() for line in lines]


_BITES = ("man bites dog", "dog bites man", "dog sees the dog", "bites hurt the man")

ADD_ONE = Exercise(
    id="1.7",
    title="Counting pairs, plus one",
    task="""
The oldest language model counts: how often did `after` follow directly behind `before`, out of all the times that any
word followed behind `before`? A pair never seen would be impossible, and one such pair makes a whole text impossible.
The chapter mixes in shorter contexts; simpler is to add one to the count of *every* word of the vocabulary, `V` of
them. Write `add_one`. A pair never spans two sentences.
""",
    difficulty=2,
    minutes=8,
    solution=add_one,
    cases=(
        Case("a pair that was seen", lambda: (_text(*_BITES), "dog", "bites", 7)),
        Case("a pair that was never seen", lambda: (_text(*_BITES), "man", "dog", 7)),
        Case("a word before which nothing is known", lambda: (_text(*_BITES), "zebra", "dog", 9)),
        Case("a word that follows twice", lambda: (_text(*_BITES, "dog sees man"), "dog", "sees", 7)),
    ),
    hints=(
        "Go through each sentence by itself, and through its places 1, 2, ...: a word and the one before it.",
        "Count two things: how often `before` is followed by anything, and how often by `after`.",
        "Each of the V words got one more, so the denominator grows by V.",
    ),
    wrong=(
        Wrong(_unsmoothed, "nothing is added yet: a pair that was never seen gets 0, and with it every text it is in"),
        Wrong(
            _one_below, "all V words got one more, not only `after`; so the probabilities add up to 1 only with V below"
        ),
        Wrong(_backwards, "you count `after` in front of `before`: it is the other way round"),
        Wrong(
            _across,
            "you count pairs across the end of a sentence; its last word is not followed by the next one's first",
        ),
        Wrong(
            _ends_too,
            "you divide by how often `before` occurs, also at the end of a sentence, where nothing follows it",
        ),
        Wrong(
            _of_all_pairs,
            "you divide by the number of all pairs; the question is what follows *given* that `before` was there",
        ),
    ),
    explanation="""
With pairs, `man bites dog` and `dog bites man` can get different probabilities; a bag of words cannot tell them apart.
Adding one is crude: with a large vocabulary it gives away most of the probability to pairs that never come.
""",
)
