"""Learning-rate schedules: functions of the step, counted from 0, that multiply the base rate."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR


def warmup_linear(warmup: int, steps: int) -> Callable[[int], float]:
    """Rise linearly over `warmup` steps to 1, then fall linearly to 0 at `steps`."""
    if not 0 <= warmup < steps:
        raise ValueError(f"warmup {warmup} must be at least 0 and below the {steps} steps")
    return lambda step: (step + 1) / warmup if step < warmup else max(0.0, (steps - step) / (steps - warmup))


def warmup_cosine(warmup: int, steps: int) -> Callable[[int], float]:
    """Rise linearly over `warmup` steps to 1, then fall along half a cosine to 0 at `steps`."""
    linear = warmup_linear(warmup, steps)
    return lambda step: linear(step) if step < warmup else 0.5 - 0.5 * math.cos(math.pi * linear(step))


def schedule(optimizer: Optimizer, factor: Callable[[int], float]) -> LambdaLR:
    """A torch scheduler that multiplies every group's base rate by `factor(step)`."""
    return LambdaLR(optimizer, factor)
