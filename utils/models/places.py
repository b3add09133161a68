"""Four ways to tell a model of the next word where a word stands: not at all, added to it, or as a turn.

`LearnedPlaces` are GPT's (Radford et al. 2018), `SinusoidPlaces` those of Vaswani et al. 2017. `RotaryPlaces`: Su et
al. 2021, "RoFormer: Enhanced Transformer with Rotary Position Embedding" (arXiv 2104.09864), section 3.2.2: nothing
is added to the word; queries and keys are turned, so that their product knows the distance between two words and not
where they stand. `Places` itself is none of them ("NoPE"), the control.

B batch, T length, D width, h heads, d = D/h width of a head.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from utils.models.transformer import sinusoids


def rotate(x: Tensor, places: Tensor, base: float = 10_000.0) -> Tensor:
    """Turn pair i of x (..., T, d) by the word's place (T,) times the rate base^(-2i/d) (Su et al., equation 34).

    A pair (a, b) is the point a + b i of a plane, and a turn by an angle is a product with e^(i angle).
    """
    if x.shape[-1] % 2:
        raise ValueError(f"a head of width {x.shape[-1]} has no whole pairs: take an even width")
    rates = base ** (-torch.arange(0, x.shape[-1], 2, device=x.device).to(x.dtype) / x.shape[-1])  # (d/2,)
    angles = places.to(x.dtype)[:, None] * rates  # (T, d/2)
    points = torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())  # (..., T, d/2)
    return torch.view_as_real(points * torch.polar(torch.ones_like(angles), angles)).flatten(-2)  # (..., T, d)


class Places(nn.Module):
    """Says nothing: the causal mask alone tells the model how much stands before a word."""

    def add(self, x: Tensor) -> Tensor:
        """What goes into the first layer: words (B, T, D) -> (B, T, D)."""
        return x

    def turn(self, heads: Tensor) -> Tensor:
        """What attention compares: queries or keys (B, h, T, d) -> (B, h, T, d)."""
        return heads


class LearnedPlaces(Places):
    """A learned vector for each of `context` places is added to the word that stands there."""

    def __init__(self, context: int, width: int):
        super().__init__()
        self.vectors = nn.Embedding(context, width)
        nn.init.normal_(self.vectors.weight, std=0.02)

    def add(self, x: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D); ValueError for a text longer than the context."""
        if x.shape[1] > (context := self.vectors.num_embeddings):
            raise ValueError(f"{x.shape[1]} words, but there are vectors for {context} places")
        return x + self.vectors.weight[: x.shape[1]]


class SinusoidPlaces(Places):
    """A fixed vector of sines and cosines is added, of the words' usual length."""

    def __init__(self, scale: float = 1.0):
        super().__init__()
        self.scale = scale

    def add(self, x: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D)."""
        places = torch.arange(x.shape[1], device=x.device, dtype=x.dtype)
        return x + self.scale * sinusoids(places, x.shape[2])


class RotaryPlaces(Places):
    """Queries and keys are turned by their place."""

    def __init__(self, base: float = 10_000.0):
        super().__init__()
        self.base = base

    def turn(self, heads: Tensor) -> Tensor:
        """(B, h, T, d) -> (B, h, T, d)."""
        return rotate(heads, torch.arange(heads.shape[2], device=heads.device), self.base)
