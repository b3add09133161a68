"""Batches: every example once, the same in every run, little padding."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.data import sources
from utils.data.batches import BucketedBatches, pad
from utils.data.tokens import PAD


def numbered(lengths: list[tuple[int, int]]) -> list[tuple[list[int], list[int]]]:
    """Examples (source, target) of these lengths whose first source id names the example."""
    return [([i + 1] * source, [i + 1] * target) for i, (source, target) in enumerate(lengths)]


def captions(count: int, seed: int = 0) -> list[tuple[int, int]]:
    """Lengths as those of Multi30k in word pieces: source 14.6 +- 5, the target within a few pieces of it."""
    rng = random.Random(seed)
    sources_ = [max(4, round(rng.gauss(14.6, 5))) for _ in range(count)]
    return [(s, max(4, round(s * rng.gauss(1.0, 0.18)))) for s in sources_]


def same(a: list[tuple[torch.Tensor, ...]], b: list[tuple[torch.Tensor, ...]]) -> bool:
    return len(a) == len(b) and all(
        torch.equal(x, y) for p, q in zip(a, b, strict=True) for x, y in zip(p, q, strict=True)
    )


def test_pad_fills_up_on_the_right():
    assert pad([[5, 6], [7], []]).tolist() == [[5, 6], [7, PAD], [PAD, PAD]]
    assert pad([[5], [7, 8]], value=9).tolist() == [[5, 9], [7, 8]]
    assert pad([[5]]).dtype == torch.int64


@pytest.mark.parametrize("sequences", [[], [[]], [[], []]])
def test_pad_refuses_a_batch_without_tokens(sequences):
    with pytest.raises(ValueError, match="at least one"):
        pad(sequences)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=60),
    st.integers(1, 7),
    st.integers(1, 4),
    st.integers(0, 3),
    st.integers(0, 5),
)
def test_every_example_is_in_an_epoch_exactly_once(lengths, size, pool, seed, epoch):
    batches = BucketedBatches(numbered(lengths), size, seed, pool)
    found = list(batches.epoch(epoch))
    assert len(found) == len(batches)
    assert sorted(int(row[0]) for source, _ in found for row in source) == list(range(1, len(lengths) + 1))
    for source, target in found:
        assert len(source) == len(target) <= size
        for s, t in zip(source, target, strict=True):
            assert (int((s != PAD).sum()), int((t != PAD).sum())) == lengths[int(s[0]) - 1]


def test_an_epoch_is_a_function_of_seed_and_number():
    examples = numbered(captions(500))
    first, again = BucketedBatches(examples, 16, seed=1, pool=4), BucketedBatches(examples, 16, seed=1, pool=4)
    list(again.epoch(0))  # what was read before changes nothing
    torch.manual_seed(7)
    random.seed(7)
    assert same(list(first.epoch(3)), list(again.epoch(3)))
    assert not same(list(first.epoch(3)), list(first.epoch(4)))
    assert not same(list(first.epoch(3)), list(BucketedBatches(examples, 16, seed=2, pool=4).epoch(3)))


@pytest.mark.parametrize("skip", [0, 1, 17, 31, 32])
def test_skip_goes_on_where_the_epoch_stopped(skip):
    batches = BucketedBatches(numbered(captions(500)), 16, seed=1, pool=4)
    assert same(list(batches.epoch(2))[skip:], list(batches.epoch(2, skip)))


def test_batches_do_not_come_in_the_order_of_their_lengths():
    widths = [source.shape[1] for source, _ in BucketedBatches(numbered(captions(3000)), 32).epoch(0)]
    rises = sum(a < b for a, b in pairwise(widths))
    assert widths != sorted(widths)
    assert 0.25 < rises / len(widths) < 0.75


def test_little_of_a_batch_is_padding():
    batches = BucketedBatches(numbered(captions(29_000)), 64)
    assert batches.padding() <= 0.12
    everything = sum(s.numel() + t.numel() for s, t in batches.epoch(1))
    real = sum(int((s != PAD).sum() + (t != PAD).sum()) for s, t in batches.epoch(1))
    assert batches.padding(1) == pytest.approx(1 - real / everything)


@pytest.mark.real_data
@pytest.mark.skipif(not sources.available("multi30k"), reason="Multi30k is not in the cache: set COURSE_DATA")
def test_little_of_a_real_batch_is_padding():
    pairs = sources.load("multi30k", split="train", languages=("de", "en"))
    examples = [tuple([1] * (len(text.split()) + 2) for text in pair) for pair in pairs]
    assert BucketedBatches(examples, 64).padding() <= 0.12


@pytest.mark.parametrize(
    ("examples", "options"),
    [
        ([], {}),
        (numbered([(1, 1)]), {"size": 0}),
        (numbered([(1, 1)]), {"size": -2}),
        (numbered([(1, 1)]), {"pool": 0}),
    ],
)
def test_bad_batches_are_refused(examples, options):
    with pytest.raises(ValueError, match="at least 1"):
        BucketedBatches(examples, **options)


def test_an_empty_sentence_is_refused_before_training_starts():
    with pytest.raises(ValueError, match=r"example 1.*empty"):
        BucketedBatches([([5], [6]), ([], [6])])
