"""The smallest task for a policy: one token, each with a known reward, so that the best policy is known too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.data.tokens import BOS

ARMS = 4
"""The id of the first arm: what comes before are the special tokens, which a bandit never writes."""


@dataclass(frozen=True)
class Still:
    rows: int

    def select(self, index: Tensor) -> Still:
        return Still(len(index))


class Bandit(nn.Module):
    """A language model whose every token is drawn from one softmax over its arms, whatever the text."""

    def __init__(self, logits: Tensor):
        super().__init__()
        self.arms = nn.Parameter(logits.clone())

    def row(self) -> Tensor:
        return F.pad(self.arms, (ARMS, 0), value=-1e4)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.row().expand(*tokens.shape, -1)

    def start(self, source: Tensor, trace: bool = False) -> Still:
        return Still(len(source))

    def step(self, token: Tensor, state: Still) -> tuple[Tensor, Still]:
        return self.row().expand(len(token), -1), state


class Constant(nn.Module):
    """A value model that expects the same everywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.level = nn.Parameter(torch.zeros(()))

    def forward(self, tokens: Tensor) -> Tensor:
        return self.level.expand(tokens.shape)


def prompts(rows: int) -> Tensor:
    return torch.full((rows, 1), BOS)


def arm_score(rewards: Tensor) -> Callable[[Tensor], Tensor]:
    """The reward of the arm behind a prompt of one token."""
    return lambda texts: rewards[texts[:, 1] - ARMS]
