"""An exercise of chapter 02: F1 over entities."""

from __future__ import annotations

from utils.teaching.exercises.model import Case, Exercise, Wrong


def span_f1(gold, predicted):
    """Gold and predicted entities of a text, lists of (kind, begin, end) -> F1 from 0 to 1; 0 if none is right."""
    right = len(set(gold) & set(predicted))
    if right == 0:
        return 0.0
    precision, recall = right / len(predicted), right / len(gold)
    return 2 * precision * recall / (precision + recall)


def _recall(gold, predicted):
    return len(set(gold) & set(predicted)) / len(gold)


def _precision(gold, predicted):
    return len(set(gold) & set(predicted)) / len(predicted) if predicted else 0.0


def _mean(gold, predicted):
    return (_recall(gold, predicted) + _precision(gold, predicted)) / 2


def _words(gold, predicted):
    places = [[(kind, k) for kind, begin, end in side for k in range(begin, end)] for side in (gold, predicted)]
    return span_f1(*places)


def _any_kind(gold, predicted):
    return span_f1(*([span[1:] for span in side] for side in (gold, predicted)))


def _union(gold, predicted):
    return len(set(gold) & set(predicted)) / len(set(gold) | set(predicted))


ANNE, IN_PARIS, LONDON = ("PER", 0, 2), ("LOC", 5, 6), ("LOC", 8, 10)

F1 = Exercise(
    id="2.7",
    title="F1 over entities",
    task="""
An entity counts as found only if kind, begin and end are all right. *Precision* is the share of the predicted entities
that are right, *recall* the share of the gold entities that are found, and

$$F_1 = \\frac{2 \\cdot \\text{precision} \\cdot \\text{recall}}{\\text{precision} + \\text{recall}}$$

Write `span_f1` for two lists of `(kind, begin, end)`; if no entity is right it is 0, also where a list is empty. Then
try it: gold are Anne Smith `("PER", 0, 2)` and Paris `("LOC", 5, 6)`; a tagger found `("PER", 0, 1)` and
`("LOC", 5, 6)`.
""",
    difficulty=2,
    minutes=8,
    solution=span_f1,
    cases=(
        Case(
            "one right, one too short, one made up",
            lambda: ([ANNE, IN_PARIS], [("PER", 0, 1), IN_PARIS, ("PER", 7, 8)]),
        ),
        Case("two right of three", lambda: ([ANNE, IN_PARIS, LONDON], [ANNE, IN_PARIS])),
        Case("the right place, the wrong kind", lambda: ([ANNE, LONDON], [("LOC", 0, 2), LONDON])),
        Case("no prediction", lambda: ([ANNE], [])),
        Case("all right", lambda: ([ANNE, LONDON], [ANNE, LONDON])),
    ),
    hints=(
        "`set(gold) & set(predicted)` holds the entities that are right.",
        "Divide their number by `len(predicted)` for the precision and by `len(gold)` for the recall.",
        "Return 0.0 before you divide where nothing is right; then no division by zero can happen.",
    ),
    wrong=(
        Wrong(_recall, "that is the recall: a tagger that calls everything an entity would be praised for it"),
        Wrong(_precision, "that is the precision: a tagger that names only its surest entity would be praised for it"),
        Wrong(
            _mean, "that is the plain mean of the two; F1 is the harmonic one, which is low as soon as one of them is"
        ),
        Wrong(
            _words, "you count words; an entity that is found by half is not found, since a user would get a wrong name"
        ),
        Wrong(_any_kind, "you compare places only: a person that is taken for a place is not right"),
        Wrong(_union, "you divide by all entities of both lists together, which is stricter than F1"),
    ),
    explanation="""
In the example precision and recall are both 1/2, so F1 is 0.5. Most words are no entity, so a tagger that answers `O`
everywhere has most *tags* right and an F1 of 0. That is why entities are scored by spans.
""",
)
