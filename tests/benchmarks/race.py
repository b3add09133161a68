"""What a race is, and how it is timed: ours and the peer by turns, so that a busy machine slows both."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor, nn

Contender = Callable[[], Tensor]


@dataclass(frozen=True)
class Race:
    """The same work done by us and by a peer; both return its result, which a test compares.

    `goal`: how many times as fast as the peer we want to be.
    """

    name: str
    peer: str
    ours: Contender
    theirs: Contender
    goal: float = 1.0


@dataclass(frozen=True)
class Outcome:
    """The median processor seconds of both, and the median of theirs / ours over all turns: above 1, ours is faster."""

    ours: float
    theirs: float
    ratio: float
    turns: int


def run(race: Race, seconds: float = 3.0, least: int = 3, most: int = 51) -> Outcome:
    """Time both by turns for so many `seconds`, but no fewer than `least` and no more than `most` turns.

    The first turn pays for what is made only once; the median forgets it.
    """
    times: list[tuple[float, float]] = []
    began = time.perf_counter()
    while len(times) < least or (len(times) < most and time.perf_counter() - began < seconds):
        if len(times) % 2:
            theirs = _seconds(race.theirs)
            times.append((_seconds(race.ours), theirs))
        else:
            ours = _seconds(race.ours)
            times.append((ours, _seconds(race.theirs)))
    columns = [*zip(*times, strict=True)]
    # Turn by turn, since what slows the machine for a while slows both halves of a turn.
    return Outcome(median(columns[0]), median(columns[1]), median(t / o for o, t in times), len(times))


def _seconds(contender: Contender) -> float:
    began = _processor_seconds()
    contender()
    return _processor_seconds() - began


def _processor_seconds() -> float:
    """Seconds that this process and its ended children have computed: on one thread the time on a quiet machine."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def learn(model: nn.Module, outputs: Callable[[], Tensor]) -> Tensor:
    """One pass forth and back: the outputs of the first row, and behind them the norm of the gradient.

    The outputs are their own gradient (a loss of half their sum of squares), so that no time goes into a loss.
    """
    model.zero_grad(set_to_none=True)
    values = outputs()
    values.backward(values.detach())
    gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    return torch.cat([values[0].detach().flatten(), nn.utils.get_total_norm(gradients)[None]])


def sentences(rows: int, longest: int, vocabulary: int, seed: int = 0) -> Tensor:
    """Token ids (rows, longest) between 4 and the vocabulary; lengths from half to full, then padding 0."""
    generator = torch.Generator().manual_seed(seed)
    words = torch.randint(4, vocabulary, (rows, longest), generator=generator)
    lengths = torch.randint(longest // 2, longest + 1, (rows, 1), generator=generator)
    lengths[0] = longest
    return words.masked_fill(torch.arange(longest) >= lengths, 0)
