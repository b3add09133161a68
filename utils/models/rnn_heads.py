"""What a recurrent net is good for: a language model, a classifier and a tagger, over any cell.

Language model: Mikolov et al. 2010, "Recurrent neural network based language model". Both ways: Schuster and Paliwal
1997, "Bidirectional recurrent neural networks". The nets themselves: `utils.models.rnn`.

B batch, T length, S length of a prompt, H hidden width, L layers, V vocabulary, C classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from utils.models.rnn import GRU, LSTM, RNN, GRUScratch, LSTMScratch, RNNScratch, State, sentence_lengths

FAST = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}
SCRATCH = {"RNNScratch": RNNScratch, "LSTMScratch": LSTMScratch, "GRUScratch": GRUScratch}


@dataclass(frozen=True)
class RecurrentConfig:
    """Sizes of a net and its head: vocabulary in tokens, widths in units, `outputs` in classes.

    `cell` is a name of `FAST` or `SCRATCH`; a language model has no need of `outputs`.
    """

    vocabulary: int
    outputs: int = 2
    cell: str = "LSTM"
    embedding: int = 64
    hidden: int = 64
    layers: int = 1
    bidirectional: bool = False
    dropout: float = 0.0
    pad: int = 0

    def net(self) -> Any:
        """The net that these sizes describe."""
        if self.cell in FAST:
            return FAST[self.cell](self.embedding, self.hidden, self.layers, self.bidirectional, self.dropout)
        if self.cell not in SCRATCH:
            raise ValueError(f"cell {self.cell!r} is unknown; there are: {', '.join((*FAST, *SCRATCH))}")
        if self.layers > 1 or self.bidirectional:
            raise ValueError(f"{self.cell} has one layer and one direction: use {self.cell.removesuffix('Scratch')}")
        return SCRATCH[self.cell](self.embedding, self.hidden)


class Head(nn.Module):
    """What the three heads share: embedding, net, and one linear layer on its states."""

    def __init__(self, config: RecurrentConfig, outputs: int):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.embedding)
        self.dropout = nn.Dropout(config.dropout)
        self.net = config.net()
        self.output = nn.Linear(self.net.width, outputs)

    def read(self, source: Tensor, lengths: Tensor) -> Tensor:
        """All states of the net over source (B, T): (B, T, width)."""
        words = self.dropout(self.embedding(source))
        # Left to right, padding comes too late to matter; only the way back has to know where a sentence ends.
        return self.net(words, lengths=lengths)[0] if self.config.bidirectional else self.net(words)[0]


class Tagger(Head):
    """A label for every word: (B, T) token ids -> logits (B, T, C)."""

    def __init__(self, config: RecurrentConfig):
        super().__init__(config, config.outputs)

    def forward(self, source: Tensor) -> Tensor:
        """Logits of the labels, (B, T, C); those on padding mean nothing."""
        states = self.read(source, sentence_lengths(source, self.config.pad))
        return self.output(self.dropout(states))  # (B, T, C)


class Classifier(Head):
    """A label for the whole sentence, from the states where each direction ends: (B, T) token ids -> logits (B, C)."""

    def __init__(self, config: RecurrentConfig):
        super().__init__(config, config.outputs)

    def forward(self, source: Tensor) -> Tensor:
        """Logits of the classes, (B, C)."""
        lengths = sentence_lengths(source, self.config.pad)
        states = self.read(source, lengths)
        end = states[torch.arange(len(source), device=source.device), lengths - 1]  # (B, width)
        if self.config.bidirectional:
            end = torch.cat([end[:, : self.config.hidden], states[:, 0, self.config.hidden :]], dim=-1)
        return self.output(self.dropout(end))  # (B, C)


@dataclass(frozen=True)
class LanguageModelState:
    """The text so far: its last token (B,), unread as yet, and the net's state after all before it."""

    token: Tensor
    net: State
    trace: dict[str, Tensor] | None = None

    def select(self, index: Tensor) -> LanguageModelState:
        """Rows `index` (N,) of the state, repeated or reordered as beam search asks."""
        trace = self.trace and {name: value[index] for name, value in self.trace.items()}
        return LanguageModelState(self.token[index], tuple(part[index] for part in self.net), trace)


class LanguageModel(Head):
    """Predicts the next word from all words before it (Mikolov et al. 2010)."""

    def __init__(self, config: RecurrentConfig):
        if config.bidirectional:
            raise ValueError("a language model cannot be bidirectional: it would read the word that it has to predict")
        super().__init__(config, config.vocabulary)

    def forward(self, words: Tensor, state: State | None = None) -> Tensor:
        """Words (B, T), and a state to go on from -> logits of the next words (B, T, V)."""
        states, _ = self.net(self.dropout(self.embedding(words)), state)
        return self.output(self.dropout(states))  # (B, T, V)

    def start(self, source: Tensor, trace: bool = False) -> LanguageModelState:
        """Read prompts (B, S), padded on the right, up to their last token, which waits in `state.token`.

        With `trace=True` each step leaves the net's state in `state.trace`: "hidden", and "cell" of an LSTM (B, L, H).
        """
        lengths = sentence_lengths(source, self.config.pad)
        token = source.gather(1, lengths[:, None] - 1)[:, 0]
        # torch packs no empty rows, so a prompt of one token is read and then forgotten.
        words = self.dropout(self.embedding(source))
        _, read = self.net(words, lengths=(lengths - 1).clamp(min=1))
        net = tuple(part.masked_fill((lengths == 1)[:, None, None], 0.0) for part in read)
        return LanguageModelState(token, net, self._trace(net) if trace else None)

    def step(self, token: Tensor, state: LanguageModelState) -> tuple[Tensor, LanguageModelState]:
        """The last token (B,) and the state -> logits of the next one (B, V) and the new state."""
        states, net = self.net(self.dropout(self.embedding(token[:, None])), state.net)
        logits = self.output(self.dropout(states[:, 0]))  # (B, V)
        return logits, LanguageModelState(token, net, None if state.trace is None else self._trace(net))

    def _trace(self, net: State) -> dict[str, Tensor]:
        return dict(zip(("hidden", "cell"), net, strict=False))
