"""Entity spans, their F1, and the interval of a share, against hand-made values and scipy."""

import pytest
from scipy.stats import binomtest

from utils import metrics


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ("B-PER I-PER O", {("PER", 0, 2)}),
        ("B-PER B-PER", {("PER", 0, 1), ("PER", 1, 2)}),
        ("B-PER I-LOC I-LOC", {("PER", 0, 1), ("LOC", 1, 3)}),
        ("O I-LOC", {("LOC", 1, 2)}),
        ("B-PER O I-PER", {("PER", 0, 1), ("PER", 2, 3)}),
        ("O O", set()),
        ("B-creative-work I-creative-work", {("creative-work", 0, 2)}),
    ],
)
def test_spans_are_those_of_the_conll_scorer(tags, found):
    assert metrics.spans(tags.split()) == found


@pytest.mark.parametrize("tag", ["PER", "B", "O-PER", "E-PER", ""])
def test_a_tag_that_is_none_is_refused(tag):
    with pytest.raises(ValueError, match="must be O, or B- or I-"):
        metrics.spans(["O", tag])


def test_f1_counts_whole_entities_only():
    gold = [["B-PER", "I-PER", "O", "B-LOC"], ["O", "B-LOC"]]
    ours = [["B-PER", "O", "O", "B-LOC"], ["B-PER", "B-LOC"]]  # one too short, one invented, two right
    found = metrics.span_f1(ours, gold)
    assert found[3:] == (2, 4, 3)
    assert found[:3] == (50.0, 66.67, 57.14)
    assert metrics.span_f1(gold, gold).f1 == 100
    assert metrics.span_f1([["O"]], [["O"]]).f1 == 0
    with pytest.raises(ValueError, match="a tag for every word"):
        metrics.span_f1([["O"]], [["O", "O"]])


@pytest.mark.parametrize(("right", "total"), [(0, 5), (5, 5), (1, 2), (1493, 1821)])
def test_the_interval_is_wilsons(right, total):
    found = metrics.share([True] * right + [False] * (total - right))
    theirs = binomtest(right, total).proportion_ci(method="wilson")
    assert found.value == pytest.approx(100 * right / total, abs=0.006)
    assert (found.low, found.high) == pytest.approx((100 * theirs.low, 100 * theirs.high), abs=0.006)
    with pytest.raises(ValueError, match="no answers"):
        metrics.share([])
