"""The memory experiment: sequences that hold their answer, horizons and gradients that can be worked out by hand."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from utils.experiments import lab_memory as memory
from utils.experiments.lab_memory import NAMES, WORDS, Settings


def test_a_sequence_begins_with_the_name_and_ends_with_the_question() -> None:
    words, name = memory.sequences(50, 7, torch.Generator().manual_seed(0))
    assert words.shape == (50, 9)
    for row, which in zip(words.tolist(), name.tolist(), strict=True):
        text = WORDS.decode(row)
        assert text[0] == NAMES[which]
        assert text[-1] == "?"
        assert not set(text[1:-1]) & set(NAMES), "another name would answer another question"
    assert set(name.tolist()) == set(range(len(NAMES)))


def test_a_batch_has_one_distance_and_an_epoch_can_be_taken_up() -> None:
    batches = memory.Recall([0, 3, 6], 4, 12, seed=2)
    widths = {words.shape[1] for words, _ in batches.epoch(0)}
    assert widths == {2, 5, 8}
    whole, late = list(batches.epoch(0)), list(batches.epoch(0, skip=9))
    assert all(
        torch.equal(a, b) for one, two in zip(whole[9:], late, strict=True) for a, b in zip(one, two, strict=True)
    )


@pytest.mark.parametrize(
    ("scores", "expected"),
    [([1.0, 0.95, 0.4], 4), ([0.5, 1.0], 0), ([1.0, 0.3, 1.0], 2), ([0.9, 0.9, 0.9], 8)],
)
def test_the_horizon_ends_before_the_first_distance_that_fails(scores: list[float], expected: int) -> None:
    rows = [{"distance": d, "accuracy": score} for d, score in zip((2, 4, 8), scores, strict=False)]
    assert memory.horizon(rows) == expected


def test_the_forget_bias_opens_the_forget_gates_and_no_other() -> None:
    plain, opened = (memory.build("LSTM", Settings(hidden=4), 0, bias).net.net for bias in (None, 3.0))
    total = opened.bias_ih_l0 + opened.bias_hh_l0
    assert torch.equal(total[4:8], torch.full((4,), 3.0))
    assert torch.equal(plain.bias_ih_l0[:4], opened.bias_ih_l0[:4])
    assert torch.equal(plain.bias_ih_l0[8:], opened.bias_ih_l0[8:])
    with pytest.raises(ValueError, match="'GRU': only the LSTM has a forget gate"):
        memory.build("GRU", Settings(), 0, 1.0)


def test_the_gradient_of_a_linear_net_fades_by_its_one_factor() -> None:
    """tanh is nearly straight at 0: with a recurrent matrix of 0.5 each word further back counts half."""
    model = memory.build("RNN", Settings(embedding=1, hidden=1))
    with torch.no_grad():
        for parameter in model.net.parameters():
            parameter.zero_()
        model.net.net.weight_hh_l0.fill_(0.5)
        model.net.net.weight_ih_l0.fill_(1e-3)
    sizes = memory.gradients(model, 6)
    assert len(sizes) == 8
    assert all(near == pytest.approx(2 * far, rel=1e-3) for near, far in pairwise(sizes))


def test_a_net_learns_a_short_distance_and_an_untrained_one_guesses() -> None:
    settings = Settings(hidden=16, steps=300, rate=1e-2)
    assert memory.accuracy(memory.build("GRU", settings), 1) < 0.4
    rows = memory.learned_at("GRU", (1,), settings)
    assert rows[0]["accuracy"] > 0.9
    assert rows[0]["steps"] < 300, "it stops when it has learned"


def test_two_failures_end_the_search() -> None:
    rows = memory.learned_at("RNN", (30, 31, 32, 33), Settings(hidden=4, steps=2))
    assert [row["distance"] for row in rows] == [30, 31]
