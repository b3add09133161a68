"""An exercise of chapter 03: BLEU on one pair of sentences."""

from __future__ import annotations

import math
from collections import Counter

from utils.teaching.exercises.model import Case, Exercise, Wrong


def bleu_by_hand(candidate, reference):
    """BLEU of one candidate against one reference, both lists of words, from 0 to 100, without smoothing."""
    import math
    from collections import Counter

    log_precision = 0.0
    for n in (1, 2, 3, 4):
        ours = Counter(zip(*(candidate[k:] for k in range(n)), strict=False))
        theirs = Counter(zip(*(reference[k:] for k in range(n)), strict=False))
        hits = (ours & theirs).total()
        if hits == 0:
            return 0.0
        log_precision += math.log(hits / ours.total()) / 4
    brevity = min(1.0, math.exp(1 - len(reference) / len(candidate)))
    return 100 * brevity * math.exp(log_precision)


def _grams(words: list[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(words[k:] for k in range(n)), strict=False))


def _precisions(candidate: list[str], reference: list[str], clipped: bool = True) -> list[float]:
    found = []
    for n in (1, 2, 3, 4):
        ours, theirs = _grams(candidate, n), _grams(reference, n)
        hits = sum(min(count, theirs[gram]) if clipped else count * (gram in theirs) for gram, count in ours.items())
        found.append(hits / max(ours.total(), 1))
    return found


def _brevity(candidate: list[str], reference: list[str]) -> float:
    return min(1.0, math.exp(1 - len(reference) / len(candidate)))


def _geometric(values: list[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values)) if all(values) else 0.0


def _unclipped(candidate, reference):
    return 100 * _brevity(candidate, reference) * _geometric(_precisions(candidate, reference, clipped=False))


def _no_brevity(candidate, reference):
    return 100 * _geometric(_precisions(candidate, reference))


def _arithmetic(candidate, reference):
    return 100 * _brevity(candidate, reference) * sum(_precisions(candidate, reference)) / 4


def _words_only(candidate, reference):
    return 100 * _brevity(candidate, reference) * _precisions(candidate, reference)[0]


def _fraction(candidate, reference):
    return bleu_by_hand(candidate, reference) / 100


def _pair(candidate: str, reference: str) -> tuple[list[str], list[str]]:
    return candidate.split(), reference.split()


BLEU = Exercise(
    id="3.5",
    title="BLEU by hand",
    task="""
First with a pencil. Candidate: `the cat sat on the mat today`; reference: `the cat sat on a mat`. What share of the
candidate's 7 words, 6 pairs, 5 triples and 4 quadruples of neighbours stands in the reference? (Of the words 5 in 7,
not 6: each counts at most as often as it stands in the reference, and the second `the` has no partner.) BLEU is the
geometric mean of the four shares, times
`exp(1 - reference length / candidate length)` if the candidate is the shorter one, times 100. Now write it for any
pair; without a common quadruple it is 0.
""",
    difficulty=3,
    minutes=15,
    solution=bleu_by_hand,
    cases=(
        Case(
            "a candidate that repeats a phrase",
            lambda: _pair("the old cat and the old cat and the dog", "the old cat and the dog sleep near the door"),
        ),
        Case(
            "a candidate that is too short",
            lambda: _pair("the small dog sees a", "the small dog sees a large white cat"),
        ),
        Case("a candidate without a common quadruple", lambda: _pair("a cat the sees dog", "the dog sees a cat")),
        Case("a perfect candidate", lambda: _pair("the dog sees a cat", "the dog sees a cat")),
    ),
    hints=(
        "`zip(words, words[1:])` gives all pairs of neighbours; `Counter` counts them.",
        "`ours & theirs` of two Counters keeps the smaller count of each: that is the clipping.",
        "A geometric mean is `exp` of the mean of logarithms; leave with 0 before you take the logarithm of 0.",
    ),
    wrong=(
        Wrong(
            _unclipped,
            "a phrase that the candidate repeats counts each time; it may count only as often as the reference has it",
        ),
        Wrong(_no_brevity, "there is no penalty for being short: a candidate of its surest five words would win"),
        Wrong(
            _arithmetic,
            "you take the arithmetic mean; BLEU takes the geometric one, which is 0 as soon as one share is 0",
        ),
        Wrong(_words_only, "you count single words only, so any order of the words would do; use 1 to 4 neighbours"),
        Wrong(_fraction, "the formula is right; tables give BLEU from 0 to 100, so multiply by 100"),
    ),
    explanation="""
By hand: 5/7, 3/6, 2/5 and 1/4; the candidate is longer than the reference, so nothing is taken off, and BLEU is 43.5.
Papers report it over a whole test set: the counts of all sentences are added first. That is what `sacrebleu` does.
""",
)
