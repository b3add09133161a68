"""Grouped-query attention, and a small model of the next word around it.

Ainslie et al. 2023, "GQA: Training Generalized Multi-Query Transformer Models from Multi-Head Checkpoints" (arXiv
2305.13245): h heads ask, but only g of them keep keys and values, each for h/g of those that ask. g = h is the
attention of 2017, g = 1 the multi-query attention of Shazeer 2019 (arXiv 1911.02150). What is stored of every word
while a text is written shrinks by h/g. Left out on purpose: biases (as in LLaMA), and averaging the heads of a
trained model, which is how the paper comes to its groups.

B batch, T length, D width, h heads, g groups, d = D/h width of a head, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.models.attention import causal_mask, scaled_dot_product_attention
from utils.models.places import Places


class GroupedQueryAttention(nn.Module):
    """Every word looks at itself and at those before it; h heads share the keys and values of g."""

    def __init__(self, width: int, heads: int, groups: int):
        super().__init__()
        if heads < 1 or groups < 1 or width % heads or heads % groups:
            raise ValueError(f"width {width} must be a multiple of heads {heads}, and heads one of groups {groups}")
        self.heads, self.groups = heads, groups
        kept = width // heads * groups
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, kept, bias=False)
        self.value = nn.Linear(width, kept, bias=False)
        self.output = nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor, places: Places) -> Tensor:
        """x (B, T, D) -> (B, T, D)."""
        query = places.turn(self._split(self.query(x), self.heads))  # (B, h, T, d)
        key, value = self.keys_and_values(x, places)  # (B, g, T, d)
        shared = self.heads // self.groups
        key, value = key.repeat_interleave(shared, dim=1), value.repeat_interleave(shared, dim=1)  # (B, h, T, d)
        context, _ = scaled_dot_product_attention(query, key, value, causal_mask(x.shape[1], device=x.device))
        return self.output(context.transpose(1, 2).flatten(2))  # (B, T, D)

    def keys_and_values(self, x: Tensor, places: Places) -> tuple[Tensor, Tensor]:
        """What has to be kept of each word while a text is written: x (B, T, D) -> two of (B, g, T, d)."""
        key, value = (self._split(layer(x), self.groups) for layer in (self.key, self.value))
        return places.turn(key), value

    @staticmethod
    def _split(x: Tensor, heads: int) -> Tensor:
        return x.unflatten(-1, (heads, -1)).transpose(1, 2)  # (B, T, heads d) -> (B, heads, T, d)


@dataclass(frozen=True)
class SmallConfig:
    """Sizes of a `SmallDecoder`; `inner` is the width of its feed-forward nets."""

    vocabulary: int
    width: int = 64
    layers: int = 2
    heads: int = 8
    groups: int = 8
    inner: int = 256


class SmallBlock(nn.Module):
    """Look around, then think; each adds to what is there (pre-LN)."""

    def __init__(self, config: SmallConfig):
        super().__init__()
        self.attention_norm, self.inner_norm = nn.LayerNorm(config.width), nn.LayerNorm(config.width)
        self.attention = GroupedQueryAttention(config.width, config.heads, config.groups)
        self.inner = nn.Linear(config.width, config.inner)
        self.outer = nn.Linear(config.inner, config.width)

    def forward(self, x: Tensor, places: Places) -> Tensor:
        """x (B, T, D) -> (B, T, D)."""
        x = x + self.attention(self.attention_norm(x), places)
        return x + self.outer(F.gelu(self.inner(self.inner_norm(x))))


class SmallDecoder(nn.Module):
    """A model of the next word in which places and groups of heads can be exchanged; output matrix = embedding."""

    def __init__(self, config: SmallConfig, places: Places):
        super().__init__()
        self.config, self.places = config, places
        self.words = nn.Embedding(config.vocabulary, config.width)
        self.blocks = nn.ModuleList(SmallBlock(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        nn.init.normal_(self.words.weight, std=0.02)

    def forward(self, tokens: Tensor) -> Tensor:
        """tokens (B, T), padded behind or not at all -> logits of the next tokens (B, T, V)."""
        x = self.places.add(self.words(tokens))  # (B, T, D)
        for block in self.blocks:
            x = block(x, self.places)
        return F.linear(self.norm(x), self.words.weight)


def cache_bytes(config: SmallConfig, tokens: int, size: int = 2) -> int:
    """What keys and values of `tokens` words take: two vectors of width g d a word and layer, `size` bytes a number."""
    return 2 * config.layers * config.groups * (config.width // config.heads) * tokens * size


@torch.no_grad()
def kept_bytes(model: SmallDecoder, tokens: Tensor) -> int:
    """The same, measured: the bytes of the tensors that one text, (1, T), leaves in all layers."""
    found, x = 0, model.places.add(model.words(tokens))
    for block in model.blocks:
        assert isinstance(block, SmallBlock)
        kept = block.attention.keys_and_values(block.attention_norm(x), model.places)
        found += sum(part.numel() * part.element_size() for part in kept)
        x = block(x, model.places)
    return found
