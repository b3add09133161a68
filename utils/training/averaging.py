"""Checkpoint averaging: the mean of the weights that a run had at its last stops, instead of the last ones alone.

Vaswani et al. 2017 (arXiv 1706.03762), section 6.1, average the last 5 checkpoints; Izmailov et al. 2018 (arXiv
1803.05407) say why it helps. For an average that is kept while training goes on, take torch.optim.swa_utils.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor


def average(states: Iterable[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of state dicts, tensor by tensor, each in its own type; what is no float is taken from the last one.

    The states may come from a generator, which loads one file after another: one of them and the sum are held at a
    time. ValueError for none, and for states whose names or shapes differ.
    """
    total: dict[str, Tensor] = {}
    count, last = 0, dict[str, Tensor]()
    for count, state in enumerate(states, start=1):
        last = dict(state)
        if count == 1:
            total = {name: torch.zeros_like(x, dtype=_wide(x)) for name, x in state.items() if x.is_floating_point()}
            shapes = {name: x.shape for name, x in state.items()}
        differ = shapes.items() ^ {name: x.shape for name, x in state.items()}.items()
        if differ:
            raise ValueError(f"checkpoint {count} differs from the first one in {sorted({name for name, _ in differ})}")
        for name, tensor in total.items():
            tensor += state[name].detach()
    if not count:
        raise ValueError("there is no checkpoint to average: give at least one")
    return last | {name: (tensor / count).to(last[name].dtype) for name, tensor in total.items()}


def _wide(x: Tensor) -> torch.dtype:
    """Half precision has too few digits to add in."""
    return torch.promote_types(x.dtype, torch.float32)
