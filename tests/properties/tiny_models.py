"""Small models for tests of whatever speaks the step protocol."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from utils.data.tokens import PAD


@dataclass(frozen=True)
class TreeState:
    hidden: Tensor

    def select(self, index: Tensor) -> TreeState:
        return TreeState(self.hidden[index])


class RandomTree:
    """A random model whose next token depends on the source and on every token before it: hidden (B, 8) in float64.

    Its weights are large, so that no two sequences have nearly the same probability.
    """

    def __init__(self, seed: int, vocabulary: int = 6, scale: float = 1.5):
        generator = torch.Generator().manual_seed(seed)
        draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64) * scale  # noqa: E731
        self.sources, self.words = draw(50, 8), draw(vocabulary, 8)
        self.mix, self.out = draw(8, 8) / 2, draw(8, vocabulary)

    def start(self, source: Tensor, trace: bool = False) -> TreeState:
        return TreeState((self.sources[source] * (source != PAD)[..., None]).sum(dim=1))

    def step(self, token: Tensor, state: TreeState) -> tuple[Tensor, TreeState]:
        hidden = torch.tanh(state.hidden @ self.mix + self.words[token])
        return hidden @ self.out, TreeState(hidden)


class Parrot:
    """Predicts that the last token comes again: right under teacher forcing wherever a token is repeated."""

    def __init__(self, vocabulary: int):
        self.vocabulary = vocabulary

    def start(self, source: Tensor, trace: bool = False) -> TreeState:
        return TreeState(torch.zeros(len(source)))

    def step(self, token: Tensor, state: TreeState) -> tuple[Tensor, TreeState]:
        return 10.0 * torch.nn.functional.one_hot(token, self.vocabulary).double(), state
