"""The solutions of chapter 04's exercises against the package's own functions, torch, and a pencil."""

import pytest
import torch

from utils import metrics
from utils.data import lab
from utils.models import attention
from utils.teaching.exercises import exercises, find
from utils.teaching.exercises.aligning_04 import error_rate, local_weights, overlooked
from utils.teaching.exercises.chapter_04 import additive_scores, masked_softmax
from utils.teaching.exercises.mixing_04 import attend, context


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_chapter_04_has_its_seven():
    assert [exercise.id for exercise in exercises("04")] == [f"4.{k}" for k in range(1, 8)]


def test_weights_and_scores_are_those_of_the_model():
    scores, mask = random(6, 5), random(6, 5, seed=1) > 0
    mask[0] = False
    assert torch.equal(masked_softmax(scores, mask), attention.masked_softmax(scores, mask))
    layer = attention.AdditiveAttention(4, 3, 7)
    query, keys = random(4), random(5, 3)
    ours = additive_scores(query, keys, layer.query.weight, layer.key.weight, layer.v)
    theirs = attention.additive_scores(layer.query(query)[None, None], layer.key(keys)[None], layer.v)
    assert torch.allclose(ours, theirs[0, 0], atol=1e-6)
    looked, weights = layer(query[None, None], layer.key(keys)[None], keys[None])
    assert torch.allclose(context(weights[0], keys), looked[0], atol=1e-6)


def test_attend_is_torchs():
    query, key, value = random(3, 8), random(5, 8, seed=1), random(5, 2, seed=2)
    theirs = torch.nn.functional.scaled_dot_product_attention(query[None], key[None], value[None])[0]
    assert torch.allclose(attend(query, key, value), theirs, atol=1e-6)


def test_the_error_rate_is_the_courses_and_the_pencils():
    sure = {(0, 0), (2, 1), (1, 2)}
    assert error_rate({(0, 0), (2, 1), (2, 0), (3, 2)}, sure, sure | {(2, 0)}) == pytest.approx(2 / 7)
    assert "2/7, about 0.29" in find("4.5").explanation
    for sentence in lab.sentences(20, seed=2, words=(5, 20)):
        gold = sentence.alignment("urdu")
        links = metrics.diagonal_links(len(sentence.english), len(sentence.urdu))
        ours = error_rate(links, set(gold.sure), set(gold.possible))
        assert ours == pytest.approx(metrics.alignment_error_rate(links, gold.sure, gold.possible))


@pytest.mark.parametrize("centre", [0, 1, 4, 6])
@pytest.mark.parametrize("width", [0, 1, 3, 9])
def test_a_window_is_a_softmax_over_a_piece(centre, width):
    scores = random(7)
    low, high = max(0, centre - width), min(7, centre + width + 1)
    expected = torch.zeros(7)
    expected[low:high] = torch.softmax(scores[low:high], dim=0)
    assert torch.allclose(local_weights(scores, centre, width), expected, atol=1e-6)


def test_overlooked_words():
    weights = torch.tensor([[0.6, 0.4, 0.0], [0.9, 0.05, 0.05]])
    assert overlooked(weights) == [1, 2]
    assert overlooked(weights, 0.1) == [2]
