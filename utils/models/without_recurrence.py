"""From attention over a recurrent net to the Transformer, one step at a time.

Between `AttentionSeq2Seq` (Bahdanau et al. 2014, arXiv 1409.0473) and `Transformer` (Vaswani et al. 2017, arXiv
1706.03762) stand four models, each of which changes one thing:

1. `DotSeq2Seq`: query and key are compared by a dot product, and the decoder begins from the mean of the states.
2. `OrderBlindSeq2Seq`: the encoder is self-attention instead of a GRU. It cannot tell the order of the words.
3. `PositionedSeq2Seq`: positions are added to the words, and the order is back.
4. `AllAtOnce`: the decoder is self-attention too, under a causal mask. Nothing waits for the word before.

What is missing then are the way around each sublayer, the norm and the feed-forward net (a `Transformer` of one layer
and one head), several heads and several layers. Left out on purpose: dropout, caches.

B batch, S source length, T target length, E embedding width, H hidden width, V target vocabulary.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.models.attention import (
    AttentionDecoder,
    AttentionSeq2Seq,
    Memory,
    MultiHeadAttention,
    causal_mask,
    dot_scores,
    masked_softmax,
)
from utils.models.rnn import sentence_lengths
from utils.models.seq2seq import Seq2SeqConfig
from utils.models.transformer import sinusoids


class DotAttention(nn.Module):
    """Where to look, decided by a dot product: one matrix product for all pairs instead of a network for each."""

    def __init__(self, query: int, memory: int, width: int):
        super().__init__()
        self.query = nn.Linear(query, width, bias=False)
        self.key = nn.Linear(memory, width, bias=False)

    def forward(self, query: Tensor, key: Tensor, memory: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """As of `AdditiveAttention`: context (B, T, M), weights (B, T, S)."""
        scores = dot_scores(self.query(query), key) / math.sqrt(key.shape[-1])
        weights = masked_softmax(scores, mask)
        return weights @ memory, weights


class DotDecoder(AttentionDecoder):
    """Step 1: the decoder of chapter 04 with a dot product; it begins from the mean of all states."""

    def __init__(self, config: Seq2SeqConfig):
        super().__init__(config)
        H = config.hidden
        self.first, self.attention = nn.Linear(2 * H, H), DotAttention(H, 2 * H, H)  # type: ignore[assignment]

    def begin(self, states: Tensor, mask: Tensor) -> tuple[Tensor, Memory]:
        """Encoder states (B, S, 2H), mask (B, S) -> first state (B, H) and the memory."""
        mean = (states * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)  # (B, 2H)
        return torch.tanh(self.first(mean)), Memory(states, self.attention.key(states), mask[:, None])


class DotSeq2Seq(AttentionSeq2Seq):
    """Step 1: dot products."""

    def __init__(self, config: Seq2SeqConfig):
        super().__init__(config)
        self.decoder = DotDecoder(config)
        nn.init.normal_(self.decoder.embedding.weight, std=config.embedding**-0.5)


class SelfAttentionEncoder(nn.Module):
    """Every word looks at every word, itself included, and its state is the mean of what it looked at."""

    def __init__(self, config: Seq2SeqConfig):
        super().__init__()
        self.pad = config.pad
        self.embedding = nn.Embedding(config.source_vocabulary, config.embedding)
        self.up = nn.Linear(config.embedding, 2 * config.hidden)
        self.attention = MultiHeadAttention(2 * config.hidden, heads=1)
        nn.init.normal_(self.embedding.weight, std=config.embedding**-0.5)

    def embed(self, source: Tensor) -> Tensor:
        """Token ids (B, S) -> (B, S, E), scaled as in the Transformer, without any position."""
        return self.embedding(source) * self.embedding.embedding_dim**0.5

    def forward(self, source: Tensor) -> Tensor:
        """(B, S) token ids -> states (B, S, 2H), zeros on padding."""
        sentence_lengths(source, self.pad)  # refuses empty sentences
        visible = source != self.pad
        x = self.up(self.embed(source))  # (B, S, 2H)
        states = self.attention(x, self.attention.look_at(x), visible[:, None, None])
        return states * visible[..., None]


class PositionedEncoder(SelfAttentionEncoder):
    """The same, of words that know where they stand."""

    def embed(self, source: Tensor) -> Tensor:
        """Token ids (B, S) -> (B, S, E), with positions added."""
        x = super().embed(source)
        return x + sinusoids(torch.arange(source.shape[1], dtype=x.dtype, device=x.device), x.shape[-1])


class OrderBlindSeq2Seq(DotSeq2Seq):
    """Step 2: self-attention reads. The words of a source may stand in any order: the output is the same."""

    def __init__(self, config: Seq2SeqConfig):
        super().__init__(config)
        self.encoder = SelfAttentionEncoder(config)  # type: ignore[assignment]


class PositionedSeq2Seq(DotSeq2Seq):
    """Step 3: self-attention reads words that know their positions."""

    def __init__(self, config: Seq2SeqConfig):
        super().__init__(config)
        self.encoder = PositionedEncoder(config)  # type: ignore[assignment]


@dataclass(frozen=True)
class Written:
    """What step 4 carries from word to word: the encoder's states (B, S, 2H), where words are (B, S), own words."""

    states: Tensor
    visible: Tensor
    words: Tensor

    def select(self, index: Tensor) -> Written:
        """Rows `index` (N,) of the state."""
        return Written(self.states[index], self.visible[index], self.words[index])


class AllAtOnce(nn.Module):
    """Step 4: no recurrence is left. Sizes as of a `Seq2Seq`."""

    def __init__(self, config: Seq2SeqConfig):
        super().__init__()
        E, M = config.embedding, 2 * config.hidden
        self.encoder = PositionedEncoder(config)
        self.reader = PositionedEncoder(Seq2SeqConfig(config.target_vocabulary, config.target_vocabulary, E, M // 2))
        self.cross_attention = MultiHeadAttention(M, heads=1)
        self.readout = nn.Linear(2 * M + E, E)
        self.bias = nn.Parameter(torch.zeros(config.target_vocabulary))
        self.pad = config.pad

    def forward(self, source: Tensor, words: Tensor) -> Tensor:
        """Teacher forcing: source (B, S), true previous words (B, T) -> logits of the next words (B, T, V)."""
        return self._write(words, self.encoder(source), source != self.pad)

    def start(self, source: Tensor, trace: bool = False) -> Written:
        """Read the source (B, S); nothing is traced here."""
        return Written(self.encoder(source), source != self.pad, source[:, :0])

    def step(self, token: Tensor, state: Written) -> tuple[Tensor, Written]:
        """The last word (B,) and the state -> logits (B, V) and state; all words so far are computed anew."""
        words = torch.cat([state.words, token[:, None]], dim=1)
        logits = self._write(words, state.states, state.visible)[:, -1]
        return logits, Written(state.states, state.visible, words)

    def _write(self, words: Tensor, states: Tensor, visible: Tensor) -> Tensor:
        embedded = self.reader.embed(words)  # (B, T, E)
        x, own = self.reader.up(embedded), self.reader.attention
        hidden = own(x, own.look_at(x), causal_mask(words.shape[1], device=words.device))  # (B, T, 2H)
        memory = self.cross_attention.look_at(states)
        context = self.cross_attention(hidden, memory, visible[:, None, None])  # (B, T, 2H)
        readout = torch.tanh(self.readout(torch.cat([hidden, embedded, context], dim=-1)))
        return F.linear(readout, self.reader.embedding.weight, self.bias)  # (B, T, V)
