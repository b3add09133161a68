"""ULMFiT's three tricks: rates by layer, slanted triangular rates, gradual unfreezing.

Howard and Ruder 2018, "Universal Language Model Fine-tuning for Text Classification" (arXiv 1801.06146), sections 3.2
and 3.3. A model says by `groups()` what its layers are, from the one that reads the words to its head. After that,
rates and unfreezing are data:

    groups = model.groups()
    optimizer = adamw(discriminative_rates(groups, 0.01), 0.01)
    rates = schedule(optimizer, slanted_triangular(steps))
    for step in fit(model, loss, GradualUnfreezing(batches, groups), optimizer, plan, scheduler=rates): ...
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from torch import Tensor, nn

from utils.training.schedules import slanted_triangular

__all__ = ["GradualUnfreezing", "discriminative_rates", "slanted_triangular", "thaw"]

Groups = Sequence[Sequence[nn.Parameter]]
"""The parameters of each layer, the first layer first."""


def discriminative_rates(groups: Groups, rate: float, factor: float = 2.6) -> list[dict[str, Any]]:
    """Groups for an optimizer: the last layer learns at `rate`, each one below it `factor` times slower.

    Section 3.2, where 2.6 is found empirically: what is general changes less than what is particular to the task.
    """
    if not rate > 0 or not factor > 0:
        raise ValueError(f"rate {rate} and factor {factor} must be above 0")
    top = len(groups) - 1
    return [{"params": list(group), "lr": rate / factor ** (top - layer)} for layer, group in enumerate(groups)]


def thaw(groups: Groups, count: int) -> None:
    """Let the last `count` layers learn and freeze those below; a `count` beyond the layers lets all learn.

    A frozen layer stays in the optimizer, which passes over what has no gradient: neither momentum nor weight decay
    moves it, and once thawed it cannot have been forgotten.
    """
    if count < 1:
        raise ValueError(f"count {count} must be at least 1: a model with all layers frozen learns nothing")
    frozen = max(0, len(groups) - count)
    for layer, group in enumerate(groups):
        for parameter in group:
            parameter.requires_grad_(layer >= frozen)
            if layer < frozen:
                parameter.grad = None


class _Batches(Protocol):
    def __len__(self) -> int: ...

    def epoch(self, number: int, skip: int = 0) -> Iterable[tuple[Tensor, ...]]: ...


class GradualUnfreezing:
    """The same batches; one layer more learns in each epoch, from the last one down (section 3.3).

    What learns is a function of the epoch's number alone, so that a run that is resumed goes on rightly.
    """

    def __init__(self, batches: _Batches, groups: Groups):
        self.batches = batches
        self.groups = groups

    def __len__(self) -> int:
        """Batches in an epoch."""
        return len(self.batches)

    def epoch(self, number: int, skip: int = 0) -> Iterator[tuple[Tensor, ...]]:
        """The batches of an epoch, from batch `skip` on; the last `number + 1` layers learn from them."""
        thaw(self.groups, number + 1)
        yield from self.batches.epoch(number, skip)
