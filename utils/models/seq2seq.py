"""Encoder-decoder with one context vector.

Sutskever, Vinyals and Le 2014, "Sequence to Sequence Learning with Neural Networks" (arXiv 1409.3215);
Cho et al. 2014, "Learning Phrase Representations using RNN Encoder-Decoder" (arXiv 1406.1078).

The encoder reads the source word by word; its last state is the context vector, all that the decoder ever sees.
As in Cho et al. the cell is a GRU, so that the context is one vector, and it is shown to the decoder at every step;
as in Sutskever et al. it is also the decoder's first state. Left out on purpose: several layers, maxout.

B batch, S source length, T target length, E embedding width, H hidden width, V target vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Seq2SeqConfig:
    """Sizes of a `Seq2Seq`: vocabularies in tokens, widths in units, dropout as a probability."""

    source_vocabulary: int
    target_vocabulary: int
    embedding: int = 128
    hidden: int = 128
    dropout: float = 0.0
    pad: int = 0


@dataclass(frozen=True)
class Seq2SeqState:
    """What the decoder carries from word to word: its hidden state and the context, both (B, H)."""

    hidden: Tensor
    context: Tensor
    trace: dict[str, Tensor] | None = None

    def select(self, index: Tensor) -> Seq2SeqState:
        """Rows `index` (N,) of the state, repeated or reordered as beam search asks."""
        trace = self.trace and {name: value[index] for name, value in self.trace.items()}
        return Seq2SeqState(self.hidden[index], self.context[index], trace)


class Encoder(nn.Module):
    """Reads a sentence from left to right and keeps one state a word (Cho et al. 2014, section 2.1)."""

    def __init__(self, config: Seq2SeqConfig):
        super().__init__()
        self.pad = config.pad
        self.embedding: nn.Module = nn.Embedding(config.source_vocabulary, config.embedding)
        self.dropout = nn.Dropout(config.dropout)
        self.rnn = nn.GRU(config.embedding, config.hidden, batch_first=True)

    def forward(self, source: Tensor) -> Tensor:
        """All states of the encoder: (B, S) token ids -> (B, S, H)."""
        states, _ = self.rnn(self.dropout(self.embedding(source)))  # (B, S, H)
        return states

    def real(self, source: Tensor) -> Tensor:
        """Which positions hold a word: (B, S) bool."""
        return source != self.pad

    def context(self, source: Tensor) -> Tensor:
        """The state at the last real word: (B, S) token ids -> (B, H)."""
        real = self.real(source)
        if not real.any(dim=1).all():
            raise ValueError("a source sentence is empty: give at least one token that is not padding")
        last = (real * torch.arange(real.shape[1], device=source.device)).argmax(dim=1)
        rows = torch.arange(len(source), device=source.device)
        return self.forward(source)[rows, last]


class FrameEncoder(Encoder):
    """The same encoder for a source of vectors, such as the frames of a spectrogram: a linear map embeds them."""

    def __init__(self, config: Seq2SeqConfig, bands: int):
        super().__init__(config)
        self.embedding = nn.Linear(bands, config.embedding)

    def real(self, source: Tensor) -> Tensor:
        """A frame of zeros is padding: (B, S, bands) -> (B, S) bool."""
        return (source != 0).any(dim=-1)


class Decoder(nn.Module):
    """Writes the target word by word, looking at nothing but the context and its own last word."""

    def __init__(self, config: Seq2SeqConfig):
        super().__init__()
        E, H = config.embedding, config.hidden
        self.embedding = nn.Embedding(config.target_vocabulary, E)
        self.dropout = nn.Dropout(config.dropout)
        self.rnn = nn.GRU(E + H, H, batch_first=True)
        self.readout = nn.Linear(H + E + H, E)
        self.bias = nn.Parameter(torch.zeros(config.target_vocabulary))

    def forward(self, words: Tensor, hidden: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Previous words (B, T), state (B, H), context (B, H) -> logits of the next words (B, T, V), state (B, H)."""
        context = context[:, None].expand(-1, words.shape[1], -1)  # (B, T, H)
        inputs = torch.cat([self.dropout(self.embedding(words)), context], dim=-1)  # (B, T, E+H)
        states, last = self.rnn(inputs, hidden[None])  # (B, T, H)
        readout = torch.tanh(self.readout(torch.cat([states, inputs], dim=-1)))  # (B, T, E)
        # The output matrix is the embedding again (Press and Wolf 2017): fewer parameters, better words.
        return F.linear(self.dropout(readout), self.embedding.weight, self.bias), last[0]  # (B, T, V)


class Seq2Seq(nn.Module):
    """The encoder-decoder of 2014: `decoder(words so far, encoder's last state)`."""

    def __init__(self, config: Seq2SeqConfig, encoder: Encoder | None = None):
        super().__init__()
        self.config = config
        self.encoder = Encoder(config) if encoder is None else encoder
        self.decoder = Decoder(config)
        for module in self.modules():
            if isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=config.embedding**-0.5)

    def forward(self, source: Tensor, words: Tensor) -> Tensor:
        """Teacher forcing: source (B, S), true previous words (B, T) -> logits of the next words (B, T, V)."""
        context = self.encoder.context(source)
        return self.decoder(words, context, context)[0]

    def start(self, source: Tensor, trace: bool = False) -> Seq2SeqState:
        """Read the source (B, S) once; `trace=True` keeps the named intermediates of the last step in the state."""
        context = self.encoder.context(source)
        return Seq2SeqState(context, context, {"context": context, "hidden": context} if trace else None)

    def step(self, token: Tensor, state: Seq2SeqState) -> tuple[Tensor, Seq2SeqState]:
        """The last word (B,) and the state -> logits of the next word (B, V) and the new state."""
        logits, hidden = self.decoder(token[:, None], state.hidden, state.context)
        trace = state.trace and state.trace | {"hidden": hidden}
        return logits[:, 0], replace(state, hidden=hidden, trace=trace)
