"""Learning-rate schedules: functions of the step, counted from 0, that multiply the base rate.

Each is defined for all steps, also behind the last one, where it stays at its end. Linear warm-up takes `warmup` steps
and its last one has the whole rate: the first step is no step wasted at rate 0, as it would be with (step / warmup).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

Factor = Callable[[int], float]


def warmup_linear(warmup: int, steps: int) -> Factor:
    """Rise linearly over `warmup` steps to 1, then fall linearly to 0 at `steps`."""
    if not 0 <= warmup < steps:
        raise ValueError(f"warmup {warmup} must be at least 0 and below the {steps} steps")
    return lambda step: (step + 1) / warmup if step < warmup else max(0.0, (steps - step) / (steps - warmup))


def warmup_cosine(warmup: int, steps: int) -> Factor:
    """Rise linearly over `warmup` steps to 1, then fall along half a cosine to 0 at `steps`."""
    linear = warmup_linear(warmup, steps)
    return lambda step: linear(step) if step < warmup else 0.5 - 0.5 * math.cos(math.pi * linear(step))


def noam(width: int, warmup: int) -> Factor:
    """The Transformer's: rise linearly over `warmup` steps, then fall with the inverse root of the step.

    Vaswani et al. 2017 (arXiv 1706.03762), equation 3, whose steps are counted from 1. The base rate is 1 there; the
    highest factor is (width * warmup)^-0.5.
    """
    if width < 1 or warmup < 1:
        raise ValueError(f"width {width} and warmup {warmup} must be at least 1")
    return lambda step: width**-0.5 * min((step + 1) ** -0.5, (step + 1) * warmup**-1.5)


def one_cycle(steps: int, rise: float = 0.3, start: float = 1 / 25, end: float = 1 / 250_000) -> Factor:
    """From `start` to 1 within the share `rise` of the steps, then down to `end`, each along half a cosine.

    Smith and Topin 2018 (arXiv 1708.07120) with fastai's cosines and defaults, as in torch's OneCycleLR, whose base
    rate is the highest one too. Left out on purpose: the counter-cycle of momentum.
    """
    if not 0 < rise < 1 or steps * rise <= 1:
        raise ValueError(f"rise {rise} of {steps} steps must end behind the first step and before the last one")
    peak, last = steps * rise - 1, steps - 1

    def factor(step: int) -> float:
        if step <= peak:
            return _cosine(start, 1.0, step / peak)
        return _cosine(1.0, end, min((step - peak) / (last - peak), 1.0))

    return factor


def slanted_triangular(steps: int, cut: float = 0.1, ratio: float = 32.0) -> Factor:
    """Rise linearly from 1 / ratio to 1 within the share `cut` of the steps, then fall linearly to 1 / ratio.

    Howard and Ruder 2018 (arXiv 1801.06146), equation 3. Where `cut` of the steps is no whole number, the paper's
    formula ends too early and the rate turns negative; here the fall ends at `steps` whatever the rounding.
    """
    if steps < 2 or not 0 < cut < 1 or ratio < 1:
        raise ValueError(f"steps {steps} must be at least 2, cut {cut} between 0 and 1, ratio {ratio} at least 1")
    peak = max(1, math.floor(steps * cut))

    def factor(step: int) -> float:
        share = step / peak if step < peak else max(0.0, 1 - (step - peak) / (steps - peak))
        return (1 + share * (ratio - 1)) / ratio

    return factor


def schedule(optimizer: Optimizer, factor: Factor) -> LambdaLR:
    """A torch scheduler that multiplies every group's base rate by `factor(step)`."""
    return LambdaLR(optimizer, factor)


def _cosine(begin: float, end: float, share: float) -> float:
    return end + (begin - end) * (1 + math.cos(math.pi * share)) / 2
