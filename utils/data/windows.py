"""Windows of one long text, for language models: cut by index arithmetic out of one tensor.

B batch, T length of a window.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import torch
from torch import Tensor


def split(tokens: Tensor, share: float = 0.1) -> tuple[Tensor, Tensor]:
    """Cut a text in two before any window is cut out of it: (N,) -> its begin to train on, its end to validate.

    Windows that are cut first and dealt out afterwards overlap, and the validation would be learned by heart.
    """
    cut = len(tokens) - round(len(tokens) * share)
    if not 0 < cut < len(tokens):
        raise ValueError(
            f"share {share} of {len(tokens)} tokens leaves one side empty: give more text, or another share"
        )
    return tokens[:cut], tokens[cut:]


class WindowBatches:
    """Batches of windows of a text (N,): inputs (B, T), and the tokens that follow them, (B, T).

    An epoch is a fixed function of (seed, epoch). Its windows do not overlap; where the first one begins is drawn, so
    that a token stands at all places in turn.
    """

    def __init__(self, tokens: Tensor, length: int, size: int = 32, seed: int = 0):
        if length < 1 or size < 1:
            raise ValueError(f"length {length} and batch size {size} must be at least 1")
        if tokens.ndim != 1 or len(tokens) < 2 * length:
            shape = tuple(tokens.shape)
            raise ValueError(f"tokens have shape {shape}: give one text of at least twice the length of {length}")
        self.tokens, self.length, self.size, self.seed = tokens, length, size, seed
        self.windows = len(tokens) // length - 1

    def __len__(self) -> int:
        """Batches in an epoch."""
        return -(-self.windows // self.size)

    def epoch(self, number: int, skip: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of an epoch, from batch `skip` on."""
        rng = random.Random(f"{self.seed}/{number}")
        first = rng.randrange(len(self.tokens) - self.length * self.windows)
        order = list(range(self.windows))
        rng.shuffle(order)
        begins = first + self.length * torch.tensor(order)
        for begin in begins.split(self.size)[skip:]:
            window = self.tokens[begin[:, None] + torch.arange(self.length + 1)]  # (B, T + 1)
            yield window[:, :-1], window[:, 1:]
