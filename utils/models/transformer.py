"""The Transformer: an encoder-decoder without recurrence.

Vaswani et al. 2017, "Attention Is All You Need" (arXiv 1706.03762); pre-LN: Xiong et al. 2020, "On Layer
Normalization in the Transformer Architecture" (arXiv 2002.04745). As in the paper: sinusoidal positions, embeddings
times sqrt(D), ReLU, dropout on embeddings and on what each sublayer adds, output matrix = embedding. Left out on
purpose: dropout on the weights of attention, relative positions.

The one seam between the paper's order and today's is `Residual`: `PostNorm` or `PreNorm`.

B batch, S source length, T target length, D model width, h heads, L layers, V target vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.models.attention import KeyValue, MultiHeadAttention, causal_mask
from utils.models.rnn import Trace, sentence_lengths, stacked


@dataclass(frozen=True)
class TransformerConfig:
    """Sizes of a `Transformer`: vocabularies in tokens, widths in units, dropout as a probability.

    `shared`: source and target have one vocabulary, and one embedding serves both (Vaswani et al., section 3.4).
    """

    source_vocabulary: int
    target_vocabulary: int
    width: int = 128
    heads: int = 4
    layers: int = 2
    feed_forward: int = 256
    dropout: float = 0.0
    pre_norm: bool = True
    shared: bool = False
    pad: int = 0


@dataclass(frozen=True)
class TransformerState:
    """What the decoder carries from word to word, one entry a layer: keys and values of the source, and of its own
    words so far; and where the source has words, (B, 1, 1, S)."""

    memory: tuple[KeyValue, ...]
    past: tuple[KeyValue, ...]
    visible: Tensor
    trace: dict[str, Tensor] | None = None

    def select(self, index: Tensor) -> TransformerState:
        """Rows `index` (N,) of the state, repeated or reordered as beam search asks."""
        memory, past = (tuple(layer.select(index) for layer in layers) for layers in (self.memory, self.past))
        trace = self.trace and {name: value[index] for name, value in self.trace.items()}
        return TransformerState(memory, past, self.visible[index], trace)


def sinusoids(positions: Tensor, width: int) -> Tensor:
    """Positions (T,) as sines and cosines of D/2 wavelengths from 2 pi to 20000 pi: (T, D) (section 3.5)."""
    rates = 10000.0 ** (-torch.arange(0, width, 2, device=positions.device).to(positions) / width)
    angles = positions[:, None] * rates  # (T, D/2)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)  # (T, D): sin, cos, sin, cos ...


class Embedding(nn.Module):
    """Words times sqrt(D), plus where they stand: attention itself does not know the order (section 3.5)."""

    def __init__(self, vocabulary: int, width: int, dropout: float):
        super().__init__()
        if width % 2:
            raise ValueError(f"width {width} must be even: a position is written in pairs of sine and cosine")
        self.words = nn.Embedding(vocabulary, width)
        self.dropout = nn.Dropout(dropout)
        # The output matrix is the embedding again: were it larger, the first logits would shout the word just read.
        nn.init.normal_(self.words.weight, std=0.3 * width**-0.5)

    def forward(self, words: Tensor, first: int = 0) -> Tensor:
        """Token ids (B, T), the first of which stands at position `first` -> (B, T, D)."""
        embedded = self.words(words) * self.words.embedding_dim**0.5  # (B, T, D)
        # Half precision cannot tell late positions apart.
        exact = torch.promote_types(embedded.dtype, torch.float32)
        positions = torch.arange(first, first + words.shape[1], dtype=exact, device=words.device)
        return self.dropout(embedded + sinusoids(positions, embedded.shape[-1]).to(embedded))


class Residual(nn.Module):
    """Adds what a sublayer has found to what it was given."""

    def __init__(self, config: TransformerConfig):
        super().__init__()
        self.norm = nn.LayerNorm(config.width)
        self.dropout = nn.Dropout(config.dropout)


class PostNorm(Residual):
    """norm(x + f(x)), as in the paper: needs a warm-up."""

    def forward(self, x: Tensor, f: Callable[[Tensor], Tensor]) -> Tensor:
        """x (B, T, D) and the sublayer f -> (B, T, D)."""
        return self.norm(x + self.dropout(f(x)))


class PreNorm(Residual):
    """x + f(norm(x)), as everyone does today: the gradient flows past every norm."""

    def forward(self, x: Tensor, f: Callable[[Tensor], Tensor]) -> Tensor:
        """x (B, T, D) and the sublayer f -> (B, T, D)."""
        return x + self.dropout(f(self.norm(x)))


def residual(config: TransformerConfig) -> Residual:
    """The way around a sublayer."""
    return PreNorm(config) if config.pre_norm else PostNorm(config)


def last_norm(config: TransformerConfig) -> nn.Module:
    """Behind the last layer: with pre-LN nothing has normalised the sum yet, with post-LN it has just been done."""
    return nn.LayerNorm(config.width) if config.pre_norm else nn.Identity()


def feed_forward(config: TransformerConfig) -> nn.Sequential:
    """max(0, x W1 + b1) W2 + b2, for each word by itself (section 3.3)."""
    inner = nn.Linear(config.width, config.feed_forward)
    return nn.Sequential(inner, nn.ReLU(), nn.Linear(config.feed_forward, config.width))


class EncoderLayer(nn.Module):
    """Look at all words, then think about each (section 3.1)."""

    def __init__(self, config: TransformerConfig):
        super().__init__()
        self.attention = MultiHeadAttention(config.width, config.heads)
        self.feed_forward = feed_forward(config)
        self.around_attention, self.around_feed_forward = residual(config), residual(config)

    def forward(self, x: Tensor, visible: Tensor, trace: Trace | None = None) -> Tensor:
        """x (B, S, D), visible (B, 1, 1, S) -> (B, S, D); a trace keeps the weights as "encoder"."""
        x = self.around_attention(x, lambda y: self.attention(y, self.attention.look_at(y), visible, trace, "encoder"))
        return self.around_feed_forward(x, self.feed_forward)


class Encoder(nn.Module):
    """Reads all words of the source at once."""

    def __init__(self, config: TransformerConfig):
        super().__init__()
        self.embedding = Embedding(config.source_vocabulary, config.width, config.dropout)
        self.layers = nn.ModuleList(EncoderLayer(config) for _ in range(config.layers))
        self.norm = last_norm(config)

    def forward(self, source: Tensor, visible: Tensor, trace: Trace | None = None) -> Tensor:
        """Token ids (B, S), visible (B, 1, 1, S) -> (B, S, D); states on padding mean nothing."""
        return self.read(self.embedding(source), visible, trace)

    def read(self, x: Tensor, visible: Tensor, trace: Trace | None = None) -> Tensor:
        """What `forward` does after the embedding: x (B, S, D) -> (B, S, D)."""
        for layer in self.layers:
            x = layer(x, visible, trace)
        return self.norm(x)


class DecoderLayer(nn.Module):
    """Look back at the own words, then at the source, then think about each (section 3.1)."""

    def __init__(self, config: TransformerConfig):
        super().__init__()
        self.self_attention = MultiHeadAttention(config.width, config.heads)
        self.cross_attention = MultiHeadAttention(config.width, config.heads)
        self.feed_forward = feed_forward(config)
        self.around_self, self.around_cross, self.around_feed_forward = (residual(config) for _ in range(3))

    def forward(
        self, x: Tensor, past: KeyValue, memory: KeyValue, visible: Tensor, trace: Trace | None = None
    ) -> tuple[Tensor, KeyValue]:
        """x (B, T, D), behind the own words in `past`, with the source in `memory` -> (B, T, D), past including x.

        A trace keeps the weights as "self" and "cross".
        """

        def look_back(y: Tensor) -> Tensor:
            nonlocal past
            mask = causal_mask(y.shape[1], past.words, y.device)
            past = past.extend(self.self_attention.look_at(y))
            return self.self_attention(y, past, mask, trace, "self")

        x = self.around_self(x, look_back)
        x = self.around_cross(x, lambda y: self.cross_attention(y, memory, visible, trace, "cross"))
        return self.around_feed_forward(x, self.feed_forward), past


class Decoder(nn.Module):
    """Writes the target: in training all words at once, later one after the other behind what is there."""

    def __init__(self, config: TransformerConfig, embedding: Embedding | None = None):
        super().__init__()
        self.embedding = embedding or Embedding(config.target_vocabulary, config.width, config.dropout)
        self.layers: Any = nn.ModuleList(DecoderLayer(config) for _ in range(config.layers))
        self.norm = last_norm(config)
        self.bias = nn.Parameter(torch.zeros(config.target_vocabulary))

    def begin(self, encoded: Tensor, visible: Tensor) -> TransformerState:
        """Encoder states (B, S, D), visible (B, 1, 1, S) -> a state with every layer's keys and values of them."""
        memory = tuple(layer.cross_attention.look_at(encoded) for layer in self.layers)
        return TransformerState(memory, tuple(layer.first(0) for layer in memory), visible)

    def forward(
        self, words: Tensor, state: TransformerState, trace: Trace | None = None
    ) -> tuple[Tensor, TransformerState]:
        """Previous words (B, T) behind those in the state -> logits of the next words (B, T, V), state with them."""
        x = self.embedding(words, first=state.past[0].words)  # (B, T, D)
        pasts = []
        for layer, past, memory in zip(self.layers, state.past, state.memory, strict=True):
            x, past = layer(x, past, memory, state.visible, trace)
            pasts.append(past)
        logits = F.linear(self.norm(x), self.embedding.words.weight, self.bias)  # (B, T, V)
        return logits, replace(state, past=tuple(pasts))


class Transformer(nn.Module):
    """The encoder-decoder of 2017: all words at once, and attention is all there is between them."""

    def __init__(self, config: TransformerConfig):
        super().__init__()
        if config.shared and config.source_vocabulary != config.target_vocabulary:
            sizes = f"{config.source_vocabulary} and {config.target_vocabulary}"
            raise ValueError(f"vocabularies of {sizes} words cannot share one embedding: use one vocabulary for both")
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config, self.encoder.embedding if config.shared else None)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, source: Tensor, words: Tensor) -> Tensor:
        """Teacher forcing: source (B, S), true previous words (B, T) -> logits of the next words (B, T, V)."""
        return self.decoder(words, self._read(source))[0]

    def start(self, source: Tensor, trace: bool = False) -> TransformerState:
        """Read the source (B, S) once.

        With `trace=True` the state keeps the weights of all layers: "encoder" (B, L, h, S, S), and of the last step
        "self" (B, L, h, words so far) and "cross" (B, L, h, S).
        """
        kept: Trace | None = {} if trace else None
        state = self._read(source, kept)
        return state if kept is None else replace(state, trace=stacked(kept))

    def step(self, token: Tensor, state: TransformerState) -> tuple[Tensor, TransformerState]:
        """The last word (B,) and the state -> logits of the next word (B, V) and the new state."""
        kept: Trace | None = None if state.trace is None else {}
        logits, after = self.decoder(token[:, None], state, kept)
        if state.trace is not None and kept is not None:
            last = {name: weights[..., -1, :] for name, weights in stacked(kept).items()}
            after = replace(after, trace=state.trace | last)
        return logits[:, 0], after

    def _read(self, source: Tensor, trace: Trace | None = None) -> TransformerState:
        sentence_lengths(source, self.config.pad)  # refuses empty sentences
        visible = (source != self.config.pad)[:, None, None]  # (B, 1, 1, S)
        return self.decoder.begin(self.encoder(source, visible, trace), visible)
