"""Losses of logits, targets and mask, each a mean over real tokens."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from utils.data.tokens import BOS, PAD


def widened(x: Tensor) -> Tensor:
    """In single precision at least: sums and exponentials of half-precision numbers lose digits or overflow."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def previous_words(target: Tensor) -> Tensor:
    """The decoder's input under teacher forcing: y[0..T-1] -> BOS, y[0..T-2], both (B, T)."""
    return F.pad(target[:, :-1], (1, 0), value=BOS)


def cross_entropy(logits: Tensor, target: Tensor, mask: Tensor, smoothing: float = 0.0) -> Tensor:
    """Mean negative log-likelihood in nats of the targets where `mask` is True; 0 where it is True nowhere.

    logits (B, T, V), target (B, T), mask (B, T) bool -> scalar. `smoothing` gives this share of the target
    probability to all words alike (Szegedy et al. 2016, section 7).
    """
    total = F.cross_entropy(logits[mask], target[mask], label_smoothing=smoothing, reduction="sum")
    return total / mask.sum().clamp(min=1)


class TranslationLoss:
    """The loss of an encoder-decoder under teacher forcing: batch (source, target) -> mean in nats, tokens."""

    def __init__(self, smoothing: float = 0.0):
        if not 0 <= smoothing < 1:
            raise ValueError(f"smoothing {smoothing} must lie between 0 and 1")
        self.smoothing = smoothing

    def __call__(self, model: Any, batch: tuple[Tensor, ...]) -> tuple[Tensor, int]:
        """The mean loss over the real tokens of the batch, and how many there are."""
        source, target = batch
        mask = target != PAD
        loss = cross_entropy(model(source, previous_words(target)), target, mask, self.smoothing)
        return loss, int(mask.sum())


def next_token_loss(model: Any, batch: tuple[Tensor, ...]) -> tuple[Tensor, int]:
    """The loss of a language model: batch (tokens, tokens that follow) -> mean in nats over real tokens, their number.

    Both (B, T); what follows is PAD where nothing follows.
    """
    tokens, following = batch
    mask = following != PAD
    return cross_entropy(model(tokens), following, mask), int(mask.sum())
