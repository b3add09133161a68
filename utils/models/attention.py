"""Attention, and the encoder-decoder that looks back at every word.

Bahdanau, Cho and Bengio 2014, "Neural Machine Translation by Jointly Learning to Align and Translate" (arXiv
1409.0473): additive attention and `AttentionSeq2Seq`. Vaswani et al. 2017, "Attention Is All You Need" (arXiv
1706.03762), sections 3.2.1 and 3.2.2: scaled dot products and `MultiHeadAttention`. Left out on purpose: the maxout
layer of the readout (a tanh layer here, as in `utils.models.seq2seq`), dropout on the weights of attention.

Masks are bool, True = may be looked at. A query that may look at nothing gets zeros, never NaN.

B batch, S source length, T target length (queries), A attention width, D model width, h heads, E embedding width,
H hidden width, V target vocabulary.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.models.rnn import GRU, Trace, keep, sentence_lengths
from utils.models.seq2seq import Seq2SeqConfig


def masked_softmax(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """Softmax over the last dimension of what `mask` (bool, broadcastable) lets through: exactly 0 elsewhere."""
    if mask is None:
        return F.softmax(scores, dim=-1)
    # The lowest finite number, not -inf: a row without any key stays free of NaN, in half precision too.
    lowest = torch.finfo(scores.dtype).min
    return F.softmax(scores.masked_fill(~mask, lowest), dim=-1).masked_fill(~mask, 0.0)


def additive_scores(query: Tensor, key: Tensor, v: Tensor) -> Tensor:
    """e = v . tanh(query + key): query (B, T, A), key (B, S, A), v (A,) -> (B, T, S) (Bahdanau et al., A.1.2)."""
    return torch.tanh(query[:, :, None] + key[:, None]) @ v  # (B, T, S, A) -> (B, T, S)


def dot_scores(query: Tensor, key: Tensor) -> Tensor:
    """e = query . key: query (..., T, D), key (..., S, D) -> (..., T, S) (Luong et al. 2015, section 3.1)."""
    return query @ key.transpose(-2, -1)  # (..., T, S)


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """softmax(query key' / sqrt(D)) value (Vaswani et al., equation 1).

    query (..., T, D), key (..., S, D), value (..., S, D'), mask broadcastable to (..., T, S)
    -> context (..., T, D'), weights (..., T, S). `F.scaled_dot_product_attention` gives the same context faster.
    """
    weights = masked_softmax(dot_scores(query, key) / math.sqrt(query.shape[-1]), mask)
    return weights @ value, weights


def causal_mask(length: int, past: int = 0, device: torch.device | None = None) -> Tensor:
    """Who may look at whom when nobody sees the future: (T, past + T), True on and below the diagonal.

    Row t belongs to word past + t, which sees all words up to itself.
    """
    return torch.ones(length, past + length, dtype=torch.bool, device=device).tril(diagonal=past)


class AdditiveAttention(nn.Module):
    """Where to look, decided by a small network on query and key (Bahdanau et al., A.1.2)."""

    def __init__(self, query: int, memory: int, width: int):
        super().__init__()
        self.query = nn.Linear(query, width, bias=False)
        self.key = nn.Linear(memory, width, bias=False)
        self.v = nn.Parameter(torch.empty(width).uniform_(-(width**-0.5), width**-0.5))

    def forward(self, query: Tensor, key: Tensor, memory: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """query (B, T, Q), key (B, S, A) = self.key(memory), memory (B, S, M), mask broadcastable to (B, T, S)
        -> context (B, T, M), weights (B, T, S).

        The keys do not depend on the query, so the caller projects them once.
        """
        weights = masked_softmax(additive_scores(self.query(query), key, self.v), mask)
        return weights @ memory, weights


class KeyValue(NamedTuple):
    """What can be looked at: keys and values, each (B, h, S, D/h)."""

    key: Tensor
    value: Tensor

    @property
    def words(self) -> int:
        """How many words can be looked at: S."""
        return self.key.shape[2]

    def first(self, words: int) -> KeyValue:
        """Keys and values of the first `words` words alone."""
        return KeyValue(self.key[:, :, :words], self.value[:, :, :words])

    def extend(self, more: KeyValue) -> KeyValue:
        """These keys and values with later ones behind them."""
        if self.words == 0:
            return more
        return KeyValue(torch.cat([self.key, more.key], dim=2), torch.cat([self.value, more.value], dim=2))

    def select(self, index: Tensor) -> KeyValue:
        """Rows `index` (N,) of the batch."""
        return KeyValue(self.key[index], self.value[index])


class MultiHeadAttention(nn.Module):
    """h attentions side by side, each in its own D/h dimensions (Vaswani et al., section 3.2.2)."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        if heads < 1 or width % heads:
            raise ValueError(f"width {width} must be a multiple of heads {heads}, so that all heads are equally wide")
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)

    def look_at(self, memory: Tensor) -> KeyValue:
        """Keys and values of memory (B, S, D), to be computed once and kept."""
        return KeyValue(self._split(self.key(memory)), self._split(self.value(memory)))

    def forward(
        self, query: Tensor, memory: KeyValue, mask: Tensor | None = None, trace: Trace | None = None, name: str = ""
    ) -> Tensor:
        """query (B, T, D), memory of S words, mask (T or 1, S) or (B, h or 1, T or 1, S) -> (B, T, D).

        With a `trace` the weights (B, h, T, S) are kept in it under `name`; without one they are never formed.
        """
        heads = self._split(self.query(query))  # (B, h, T, D/h)
        if trace is None:
            context = F.scaled_dot_product_attention(heads, memory.key, memory.value, attn_mask=mask)
        else:
            context, weights = scaled_dot_product_attention(heads, memory.key, memory.value, mask)
            keep(trace, **{name or "weights": weights})
        return self.output(context.transpose(1, 2).flatten(2))  # (B, T, D)

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (B, T, D) -> (B, h, T, D/h)


class Memory(NamedTuple):
    """What the encoder leaves: its states (B, S, 2H), their keys (B, S, A), and where words are, (B, 1, S)."""

    states: Tensor
    keys: Tensor
    mask: Tensor


@dataclass(frozen=True)
class AttentionState:
    """What the decoder carries from word to word: its hidden state (B, H), and the memory it looks at."""

    hidden: Tensor
    memory: Memory
    trace: dict[str, Tensor] | None = None

    def select(self, index: Tensor) -> AttentionState:
        """Rows `index` (N,) of the state, repeated or reordered as beam search asks."""
        trace = self.trace and {name: value[index] for name, value in self.trace.items()}
        return AttentionState(self.hidden[index], Memory(*(part[index] for part in self.memory)), trace)


class AttentionEncoder(nn.Module):
    """Reads a sentence both ways; each word's state knows what stands before and behind it (section 3.2)."""

    def __init__(self, config: Seq2SeqConfig):
        super().__init__()
        self.pad = config.pad
        self.embedding = nn.Embedding(config.source_vocabulary, config.embedding)
        self.dropout = nn.Dropout(config.dropout)
        self.rnn = GRU(config.embedding, config.hidden, bidirectional=True)

    def forward(self, source: Tensor) -> Tensor:
        """(B, S) token ids -> states (B, S, 2H), zeros on padding."""
        lengths = sentence_lengths(source, self.pad)
        return self.rnn(self.dropout(self.embedding(source)), lengths=lengths)[0]  # (B, S, 2H)


class AttentionDecoder(nn.Module):
    """Writes word by word; before each word it looks back at the source (section 3.1)."""

    def __init__(self, config: Seq2SeqConfig):
        super().__init__()
        E, H = config.embedding, config.hidden
        self.embedding = nn.Embedding(config.target_vocabulary, E)
        self.dropout = nn.Dropout(config.dropout)
        self.first = nn.Linear(H, H)
        self.attention = AdditiveAttention(H, 2 * H, H)
        self.cell = nn.GRUCell(E + 2 * H, H)
        self.readout = nn.Linear(H + E + 2 * H, E)
        self.bias = nn.Parameter(torch.zeros(config.target_vocabulary))

    def begin(self, states: Tensor, mask: Tensor) -> tuple[Tensor, Memory]:
        """Encoder states (B, S, 2H), mask (B, S) -> first state (B, H), from the encoder's way back, and the memory."""
        backward = states[:, 0, states.shape[-1] // 2 :]  # (B, H)
        return torch.tanh(self.first(backward)), Memory(states, self.attention.key(states), mask[:, None])

    def advance(self, word: Tensor, hidden: Tensor, memory: Memory) -> tuple[Tensor, Tensor, Tensor]:
        """Embedded word (B, E), state (B, H) -> new state (B, H), context (B, 2H), weights (B, S)."""
        context, weights = self.attention(hidden[:, None], memory.keys, memory.states, memory.mask)
        context = context[:, 0]  # (B, 2H)
        return self.cell(torch.cat([word, context], dim=-1), hidden), context, weights[:, 0]

    def logits(self, words: Tensor, hidden: Tensor, context: Tensor) -> Tensor:
        """Embedded words (..., E), states (..., H), contexts (..., 2H) -> logits of the next words (..., V)."""
        readout = torch.tanh(self.readout(torch.cat([hidden, words, context], dim=-1)))  # (..., E)
        return F.linear(self.dropout(readout), self.embedding.weight, self.bias)  # (..., V)


class AttentionSeq2Seq(nn.Module):
    """The encoder-decoder with attention: no sentence has to fit into one vector any more. Sizes as of a `Seq2Seq`."""

    def __init__(self, config: Seq2SeqConfig):
        super().__init__()
        self.config = config
        self.encoder = AttentionEncoder(config)
        self.decoder = AttentionDecoder(config)
        for embedding in (self.encoder.embedding, self.decoder.embedding):
            nn.init.normal_(embedding.weight, std=config.embedding**-0.5)

    def forward(self, source: Tensor, words: Tensor) -> Tensor:
        """Teacher forcing: source (B, S), true previous words (B, T) -> logits of the next words (B, T, V)."""
        hidden, memory = self.decoder.begin(self.encoder(source), source != self.config.pad)
        embedded = self.decoder.dropout(self.decoder.embedding(words))  # (B, T, E)
        steps = []
        for word in embedded.unbind(dim=1):
            hidden, context, _ = self.decoder.advance(word, hidden, memory)
            steps.append(torch.cat([hidden, context], dim=-1))
        # All words are known, so the dear product with the vocabulary is done once for all of them.
        hiddens, contexts = torch.stack(steps, dim=1).split([hidden.shape[-1], context.shape[-1]], dim=-1)
        return self.decoder.logits(embedded, hiddens, contexts)  # (B, T, V)

    def start(self, source: Tensor, trace: bool = False) -> AttentionState:
        """Read the source (B, S) once; `trace=True` keeps weights (B, S), context and hidden state of the last step."""
        hidden, memory = self.decoder.begin(self.encoder(source), source != self.config.pad)
        return AttentionState(hidden, memory, {"hidden": hidden} if trace else None)

    def step(self, token: Tensor, state: AttentionState) -> tuple[Tensor, AttentionState]:
        """The last word (B,) and the state -> logits of the next word (B, V) and the new state."""
        word = self.decoder.dropout(self.decoder.embedding(token))  # (B, E)
        hidden, context, weights = self.decoder.advance(word, state.hidden, state.memory)
        trace = None if state.trace is None else {"hidden": hidden, "context": context, "weights": weights}
        return self.decoder.logits(word, hidden, context), replace(state, hidden=hidden, trace=trace)
