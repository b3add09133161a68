"""What every model must know about padding: which tokens are real, and which of them is the last.

B batch, T length, D width.
"""

from __future__ import annotations

import torch
from torch import Tensor


def last_real(real: Tensor) -> Tensor:
    """The column of each row's last real token: real (B, T) bool -> (B,). Padding may stand on either side.

    ValueError if a row has no real token.
    """
    if not bool(real.any(dim=1).all()):
        raise ValueError("a text is empty: give at least one token that is not padding")
    return (real * torch.arange(1, real.shape[1] + 1, device=real.device)).argmax(dim=1)


def positions(real: Tensor) -> Tensor:
    """The number of real tokens before each real token: (B, T) bool -> (B, T). On padding it means nothing."""
    return (real.cumsum(dim=1) - 1).clamp(min=0)


def row_at(states: Tensor, index: Tensor) -> Tensor:
    """One state of each text: states (B, T, D), index (B,) -> (B, D)."""
    return states[torch.arange(len(states), device=states.device), index]


def masked_mean(states: Tensor, real: Tensor) -> Tensor:
    """The mean over real tokens: states (B, T, D), real (B, T) bool -> (B, D)."""
    return states.masked_fill(~real[..., None], 0.0).sum(dim=1) / real.sum(dim=1, keepdim=True)


def masked_max(states: Tensor, real: Tensor) -> Tensor:
    """The largest value over real tokens: states (B, T, D), real (B, T) bool -> (B, D)."""
    return states.masked_fill(~real[..., None], -torch.inf).amax(dim=1)
