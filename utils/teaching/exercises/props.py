"""What an exercise hands to a learner's function beside numbers: a model, cells, sublayers, masks.

They belong to no solution, so that a package for a class, which holds none, can hold these.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch


@dataclass(frozen=True)
class Copier:
    """A model by the step protocol: writes the source once more, then EOS, as long as it reads its own words.

    It writes 9 after it has read anything else than its own last word. `fed` overrides what it reads, and `moves` is
    how far its state goes on at each step: the two mistakes that a decoding loop can make with it. `steps` counts, so
    that a loop without an end becomes an error.
    """

    moves: int = 1
    fed: int | None = None
    size: int = 10
    steps: list[int] = field(default_factory=list)

    def start(self, source: torch.Tensor) -> tuple[list[int], int]:
        """Source (1, S) -> the words and the number of those written."""
        return source[0].tolist(), 0

    def step(self, token: torch.Tensor, state: tuple[list[int], int]) -> tuple[torch.Tensor, tuple[list[int], int]]:
        """The last word (1,) and the state -> logits (1, V) and the state."""
        self.steps.append(1)
        if len(self.steps) > 500:
            raise RuntimeError("500 steps and no end")
        words, k = state
        read = token.item() if self.fed is None else self.fed
        expected = words[min(k, len(words)) - 1] if k else 2
        word = 3 if k >= len(words) else words[k] if read == expected else 9
        logits = torch.zeros(1, self.size)
        logits[0, word] = 5.0
        return logits, (words, k + self.moves)


@dataclass(frozen=True)
class Cell:
    """A recurrent cell of one number: `keep` times the old state plus `take` times the word."""

    keep: float
    take: float

    def __call__(self, word: float, state: float) -> float:
        """A word and a state -> the next state."""
        return self.keep * state + self.take * word


@dataclass(frozen=True)
class Neighbours:
    """A sublayer that looks around: `scale` times the word before, y (B, T, D) -> (B, T, D)."""

    scale: float

    def __call__(self, y: torch.Tensor) -> torch.Tensor:
        """y (B, T, D) -> (B, T, D)."""
        return self.scale * y.roll(1, 1)


@dataclass(frozen=True)
class Squares:
    """A sublayer that sees one word at a time: `scale` times its square, y (B, T, D) -> (B, T, D)."""

    scale: float

    def __call__(self, y: torch.Tensor) -> torch.Tensor:
        """y (B, T, D) -> (B, T, D)."""
        return self.scale * y.square()


@dataclass(frozen=True)
class Norm:
    """A LayerNorm without weights, and a bias."""

    bias: float = 0.0

    def __call__(self, y: torch.Tensor) -> torch.Tensor:
        """y (..., D) -> (..., D)."""
        return torch.nn.functional.layer_norm(y, y.shape[-1:]) + self.bias


@dataclass(frozen=True)
class Masks:
    """Draws masks (`width`, `width`) of 0, with probability `p`, and 1; the same ones in turn for each seed."""

    width: int
    p: float
    seed: int
    generator: torch.Generator = field(init=False, repr=False, compare=False, default_factory=torch.Generator)

    def __post_init__(self) -> None:
        self.generator.manual_seed(self.seed)

    def __call__(self) -> torch.Tensor:
        """The next mask."""
        return (torch.rand(self.width, self.width, generator=self.generator) >= self.p).float()


PROPS = {kind.__name__: kind for kind in (Copier, Cell, Neighbours, Squares, Norm, Masks)}
