"""Schedules at the steps where mistakes show: the first, the end of the rise, the last, and behind it."""

from __future__ import annotations

import math

import pytest
import torch
from training_task import Listed, examples, model

from utils.data.batches import BucketedBatches
from utils.training.losses import TranslationLoss
from utils.training.schedules import (
    noam,
    one_cycle,
    schedule,
    slanted_triangular,
    warmup_cosine,
    warmup_linear,
)
from utils.training.trainer import Plan, fit

TABLE = {
    "linear": (warmup_linear(4, 12), {0: 1 / 4, 2: 3 / 4, 3: 1, 4: 1, 8: 1 / 2, 11: 1 / 8, 12: 0, 50: 0}),
    "cosine": (
        warmup_cosine(4, 12),
        {0: 1 / 4, 3: 1, 4: 1, 8: 1 / 2, 11: 0.5 - 0.5 * math.cos(math.pi / 8), 12: 0, 50: 0},
    ),
    "no warm-up": (warmup_linear(0, 10), {0: 1, 5: 1 / 2, 9: 1 / 10, 10: 0}),
    "Noam": (noam(16, 4), {0: 1 / 32, 1: 2 / 32, 3: 1 / 8, 4: 0.25 * 5**-0.5, 15: 1 / 16, 399: 1 / 80}),
    "one cycle": (one_cycle(21, 2 / 7), {0: 1 / 25, 5: 1, 20: 4e-6, 21: 4e-6, 99: 4e-6}),
    "slanted": (slanted_triangular(40), {0: 1 / 32, 2: 33 / 64, 4: 1, 22: 33 / 64, 40: 1 / 32, 99: 1 / 32}),
}


@pytest.mark.parametrize("name", TABLE)
def test_rates_at_the_steps_that_matter(name: str) -> None:
    """Museum 34: a warm-up that is off by one. Museum 35: the triangle's peak in the wrong place."""
    factor, expected = TABLE[name]
    assert {step: factor(step) for step in expected} == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("factor", [one_cycle(21), slanted_triangular(19), slanted_triangular(19, 0.9), noam(8, 5)])
def test_rates_rise_to_one_peak_and_fall(factor) -> None:
    """The triangle of 19 steps by the paper's formula would end below 0."""
    rates = [factor(step) for step in range(25)]
    peak = rates.index(max(rates))
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert min(rates) > 0


@pytest.mark.parametrize("accumulate", [1, 2])
def test_the_schedule_moves_once_a_step_of_the_optimizer(accumulate: int) -> None:
    """Museum 34: a scheduler that is stepped with each micro-batch."""
    net = model()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
    factor = warmup_linear(2, 6)
    batches = Listed(list(BucketedBatches(examples(24), 2).epoch(0)))
    plan = Plan(steps=6, accumulate=accumulate, device="cpu")
    steps = fit(net, TranslationLoss(), batches, optimizer, plan, scheduler=schedule(optimizer, factor))
    assert [step.learning_rate for step in steps] == pytest.approx([0.5 * factor(step) for step in range(6)])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: warmup_linear(10, 10), "warmup 10"),
        (lambda: warmup_cosine(-1, 10), "warmup -1"),
        (lambda: noam(0, 5), "width 0"),
        (lambda: noam(8, 0), "warmup 0"),
        (lambda: one_cycle(3), "of 3 steps"),
        (lambda: one_cycle(10, 1.0), "rise 1.0"),
        (lambda: slanted_triangular(1), "steps 1"),
        (lambda: slanted_triangular(10, 0.0), "cut 0.0"),
        (lambda: slanted_triangular(10, 0.1, 0.5), "ratio 0.5"),
    ],
)
def test_bad_settings_get_one_clear_error(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
