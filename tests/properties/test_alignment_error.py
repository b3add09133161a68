"""Alignment error rate against counts by hand, brute force and the lab's gold alignments."""

from __future__ import annotations

import itertools
import random

import pytest
import torch

from utils import metrics
from utils.data import lab

SURE, POSSIBLE = {(0, 0), (1, 2)}, {(0, 0), (1, 2), (2, 1), (2, 3)}


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        (SURE, 0),
        (POSSIBLE, 0),
        (SURE | {(2, 1)}, 0),
        ({(0, 0)}, 1 - 2 / 3),  # one sure link is missing
        (SURE | {(0, 3)}, 1 - 4 / 5),  # one link too many
        ({(2, 1)}, 1 - 1 / 3),  # a possible link does not make up for sure ones
        ({(0, 1), (1, 0)}, 1),
        (set(), 1),
    ],
)
def test_the_rate_is_what_one_counts(links, expected):
    assert metrics.alignment_error_rate(links, SURE, POSSIBLE) == pytest.approx(expected)
    assert metrics.alignment_error_rate(list(links), frozenset(SURE), list(POSSIBLE)) == pytest.approx(expected)


def test_a_possible_link_costs_nothing_and_a_sure_one_counts_twice():
    assert metrics.alignment_error_rate({(2, 1)}, set(), POSSIBLE) == 0
    assert metrics.alignment_error_rate({(0, 0)}, {(0, 0)}, POSSIBLE) == 0
    assert metrics.alignment_error_rate(set(), set(), POSSIBLE) == 0


def test_a_corpus_sums_its_counts():
    long = ({(k, k) for k in range(9)}, {(k, k) for k in range(9)}, {(k, k) for k in range(9)})
    short = (set(), {(0, 0)}, {(0, 0)})
    assert metrics.corpus_alignment_error_rate([long, short]) == pytest.approx(1 - 18 / 19)
    assert metrics.corpus_alignment_error_rate([]) == 0


def test_weighted_links_give_the_expected_rate():
    """One link a target word, drawn by its weights: all draws, each with its probability."""
    rng = random.Random(0)
    rows = [[rng.random() for _ in range(3)] for _ in range(4)]
    rows = [[weight / sum(row) for weight in row] for row in rows]
    soft = {(i, j): weight for j, row in enumerate(rows) for i, weight in enumerate(row)}
    expected = 0.0
    for draw in itertools.product(range(3), repeat=4):
        probability = 1.0
        for j, i in enumerate(draw):
            probability *= rows[j][i]
        links = {(i, j) for j, i in enumerate(draw)}
        expected += probability * metrics.alignment_error_rate(links, SURE, POSSIBLE)
    assert metrics.alignment_error_rate(soft, SURE, POSSIBLE) == pytest.approx(expected)


def test_links_take_the_largest_weight_without_the_end():
    weights = torch.tensor([[0.1, 0.7, 0.1, 0.1], [0.2, 0.1, 0.1, 0.6], [0.5, 0.3, 0.1, 0.1], [0.0, 0.0, 0.0, 1.0]])
    assert metrics.links_from_weights(weights, source=3, target=3) == {(1, 0), (0, 2)}
    assert metrics.links_from_weights(weights.tolist(), source=4, target=2) == {(1, 0), (3, 1)}


@pytest.mark.parametrize("language", ["french", "urdu"])
def test_links_are_oriented_like_the_gold_alignments(language):
    """Weights on a sure link wherever there is one: nothing is wrong, and every pair is (English, other)."""
    for sentence in lab.sentences(40, seed=1, words=(5, 20)):
        gold = sentence.alignment(language)
        source, target = len(sentence.english), len(sentence.side(language))
        weights = torch.zeros(target + 1, source + 1)
        weights[:, source] = 0.1
        for i, j in sorted(gold.possible) + sorted(gold.sure):
            weights[j, i] = 1.0 + ((i, j) in gold.sure)
        links = metrics.links_from_weights(weights, source, target)
        assert links <= gold.possible
        assert len(links) == len({j for _, j in gold.possible})
        assert metrics.alignment_error_rate(links, gold.sure, gold.possible) < 0.25


def test_the_baselines():
    assert metrics.diagonal_links(4, 4) == {(k, k) for k in range(4)}
    assert metrics.diagonal_links(2, 4) == {(0, 0), (0, 1), (1, 2), (1, 3)}
    assert metrics.diagonal_links(4, 2) == {(1, 0), (3, 1)}
    for source, target in itertools.product(range(1, 9), repeat=2):
        diagonal = metrics.diagonal_links(source, target)
        assert sorted(j for _, j in diagonal) == list(range(target))
        assert all(0 <= i < source for i, _ in diagonal)
        uniform = metrics.uniform_links(source, target)
        assert sum(uniform.values()) == pytest.approx(target)
        assert len(set(uniform.values())) == 1
    straight = {(k, k) for k in range(5)}
    assert metrics.alignment_error_rate(metrics.uniform_links(5, 5), straight, straight) == pytest.approx(1 - 1 / 5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.alignment_error_rate({(0, 0)}, {(0, 0), (3, 1)}, {(0, 0)}), r"\(3, 1\) is not among"),
        (lambda: metrics.links_from_weights(torch.ones(3, 4), 5, 3), "source 5"),
        (lambda: metrics.links_from_weights(torch.ones(3, 4), 4, 4), "target 4"),
        (lambda: metrics.links_from_weights(torch.ones(3), 1, 1), r"weights \(3,\)"),
        (lambda: metrics.diagonal_links(0, 3), "0 source"),
        (lambda: metrics.uniform_links(3, 0), "0 target"),
    ],
)
def test_what_fits_no_sentence_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
