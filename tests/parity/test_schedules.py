"""Learning rates step by step against transformers' schedules, torch's OneCycleLR and the papers' formulas."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

from tests.parity.tools import agree
from utils.training.schedules import (
    noam,
    one_cycle,
    schedule,
    slanted_triangular,
    warmup_cosine,
    warmup_linear,
)

pytestmark = pytest.mark.reference
transformers = pytest.importorskip("transformers")

RATE, STEPS = 0.5, 40


def rates(make: Callable[[torch.optim.Optimizer], LRScheduler], steps: int = STEPS) -> torch.Tensor:
    """The rate of each step of a run."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    scheduler, seen = make(optimizer), []
    for step in range(steps):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step < steps - 1:  # OneCycleLR raises behind its last step
            scheduler.step()
    return torch.tensor(seen, dtype=torch.float64)


@pytest.mark.parametrize("warmup", [1, 7])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (warmup_linear, "get_linear_schedule_with_warmup"),
        (warmup_cosine, "get_cosine_schedule_with_warmup"),
    ],
    ids=["linear", "cosine"],
)
def test_warm_up_schedules_are_transformers_one_step_ahead_while_they_rise(ours, theirs: str, warmup: int) -> None:
    """Ours waste no first step at rate 0: while they rise they are one step ahead, afterwards they are the same."""
    reference = rates(lambda optimizer: getattr(transformers, theirs)(optimizer, warmup, STEPS))
    found = rates(lambda optimizer: schedule(optimizer, ours(warmup, STEPS)))
    assert reference[0] == 0
    agree("schedules", "transformers get_*_schedule, OneCycleLR", found[:warmup], reference[1 : warmup + 1])
    agree("schedules", "transformers get_*_schedule, OneCycleLR", found[warmup:], reference[warmup:])


@pytest.mark.parametrize("warmup", [1, 7])
def test_noam_is_transformers_inverse_root_with_steps_from_1(warmup: int) -> None:
    reference = rates(lambda o: transformers.get_inverse_sqrt_schedule(o, warmup, timescale=warmup), STEPS + 1)
    found = rates(lambda optimizer: schedule(optimizer, noam(64, warmup)))
    agree("schedules", "transformers get_*_schedule, OneCycleLR", found * (64 * warmup) ** 0.5, reference[1:])


@pytest.mark.parametrize(("rise", "steps"), [(0.3, 40), (0.25, 37), (0.9, 11)])
def test_one_cycle_is_torchs(rise: float, steps: int) -> None:
    reference = rates(lambda o: OneCycleLR(o, RATE, total_steps=steps, pct_start=rise, cycle_momentum=False), steps)
    found = rates(lambda optimizer: schedule(optimizer, one_cycle(steps, rise)), steps)
    agree("schedules", "transformers get_*_schedule, OneCycleLR", found, reference)


def paper(t: int, T: int, cut_frac: float, ratio: float) -> float:
    """Howard and Ruder 2018, equation 3, symbol by symbol."""
    cut = int(T * cut_frac)
    p = t / cut if t < cut else 1 - (t - cut) / (cut * (1 / cut_frac - 1))
    return (1 + p * (ratio - 1)) / ratio


@pytest.mark.parametrize(("steps", "cut", "ratio"), [(40, 0.1, 32.0), (100, 0.25, 10.0), (20, 0.5, 32.0)])
def test_slanted_triangle_is_the_papers(steps: int, cut: float, ratio: float) -> None:
    """Museum 35: the peak in the wrong place."""
    expected = torch.tensor([paper(t, steps, cut, ratio) for t in range(steps + 1)], dtype=torch.float64)
    factor = slanted_triangular(steps, cut, ratio)
    found = torch.tensor([factor(t) for t in range(steps + 1)], dtype=torch.float64)
    agree("slanted triangular rates", "Howard and Ruder 2018, equation 3", found, expected)
