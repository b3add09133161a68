"""AWD-LSTM, the language model behind ULMFiT, and ULMFiT's classifier.

Merity, Keskar, Socher 2017, "Regularizing and Optimizing LSTM Language Models" (arXiv 1708.02182): an LSTM that
little text cannot spoil, since everything in it is dropped at times, each in its own way. Howard and Ruder 2018,
"Universal Language Model Fine-tuning for Text Classification" (arXiv 1801.06146): its language model reads for a
classifier. Left out on purpose: averaged SGD, activation regularisation, and reading long documents in chunks.

Padding stands behind a text. What goes on from a state is cut off from the gradient (truncated backpropagation).

B batch, T length, E embedding width, H hidden width, V vocabulary, C classes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.models.padding import last_real, masked_max, masked_mean, row_at

State = tuple[tuple[Tensor, Tensor], ...]
"""Hidden state and cell (B, width) of each layer."""

WORD, INPUT, HIDDEN, OUTPUT, WEIGHT = 0.05, 0.4, 0.3, 0.4, 0.5
"""ULMFiT's five dropout probabilities (Howard and Ruder, section 4.1)."""


@dataclass(frozen=True)
class AWDLSTMConfig:
    """Sizes: vocabulary in tokens, widths in units; `dropout` multiplies ULMFiT's five rates (0 drops nothing)."""

    vocabulary: int
    embedding: int = 64
    hidden: int = 128
    layers: int = 3
    dropout: float = 1.0
    pad: int = 0


def locked_dropout(x: Tensor, p: float, training: bool = True) -> Tensor:
    """Variational dropout: what is dropped at one step of a text is dropped at all (Gal and Ghahramani 2016).

    x (B, T, D) -> (B, T, D), with one mask (B, 1, D) for all T.
    """
    return x * F.dropout(torch.ones_like(x[:, :1]), p, training)


def word_dropout(vectors: Tensor, words: Tensor, vocabulary: int, p: float, training: bool = True) -> Tensor:
    """Embedding dropout: a word that is dropped is dropped wherever it stands (Merity et al., section 4.3).

    vectors (B, T, E) of words (B, T) -> (B, T, E), with one mask (V, 1) for the whole batch.
    """
    return vectors * F.dropout(vectors.new_ones(vocabulary, 1), p, training)[words]


class WeightDropLSTM(nn.Module):
    """An LSTM layer whose hidden-to-hidden weights are dropped, once for all steps (Merity et al., section 2)."""

    def __init__(self, inputs: int, hidden: int, p: float):
        super().__init__()
        self.p = p
        self.weight_ih = nn.Parameter(torch.empty(4 * hidden, inputs))
        self.weight_hh = nn.Parameter(torch.empty(4 * hidden, hidden))
        self.bias_ih = nn.Parameter(torch.empty(4 * hidden))
        self.bias_hh = nn.Parameter(torch.empty(4 * hidden))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(hidden**-0.5), hidden**-0.5)

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """x (B, T, I), state (h, c), (B, H) each -> states h of all steps (B, T, H), last (h, c)."""
        weight_hh = F.dropout(self.weight_hh, self.p, self.training)
        weights = (self.weight_ih, weight_hh, self.bias_ih, self.bias_hh)
        first = (state[0][None], state[1][None])
        # What nn.LSTM calls: with bias, 1 layer, dropout 0, not bidirectional, batch first.
        outputs, h, c = torch.lstm(x, first, weights, True, 1, 0.0, self.training, False, True)
        return outputs, (h[0], c[0])


class AWDLSTM(nn.Module):
    """The encoder: what the text so far means, at every word. The last layer is as wide as the embedding."""

    def __init__(self, config: AWDLSTMConfig):
        super().__init__()
        if config.layers < 1 or not 0 <= config.dropout * WEIGHT < 1:
            raise ValueError(f"layers {config.layers} must be at least 1, dropout {config.dropout} in 0 to below 2")
        self.config = config
        self.widths = [*[config.hidden] * (config.layers - 1), config.embedding]
        self.embedding = nn.Embedding(config.vocabulary, config.embedding)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        inputs = [config.embedding, *self.widths]
        self.layers = nn.ModuleList(
            WeightDropLSTM(i, width, WEIGHT * config.dropout) for i, width in zip(inputs, self.widths, strict=False)
        )

    def forward(self, words: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Words (B, T), and a state to go on from (zeros if None) -> states (B, T, E), the state after the last."""
        config, training = self.config, self.training
        state = self.blank(len(words)) if state is None else state
        x = word_dropout(self.embedding(words), words, config.vocabulary, WORD * config.dropout, training)
        x = locked_dropout(x, INPUT * config.dropout, training)  # (B, T, E)
        after = []
        for number, layer in enumerate(self.layers):
            if number > 0:
                x = locked_dropout(x, HIDDEN * config.dropout, training)
            x, last = layer(x, state[number])
            after.append(last)
        return x, tuple(after)

    def blank(self, rows: int) -> State:
        """The state before any word: zeros."""
        new = self.embedding.weight.new_zeros
        return tuple((new(rows, width), new(rows, width)) for width in self.widths)


@dataclass(frozen=True)
class AWDState:
    """The text so far: its last token (B,), unread as yet, and the state of each layer after all before it."""

    token: Tensor
    layers: State
    trace: dict[str, Tensor] | None = None

    def select(self, index: Tensor) -> AWDState:
        """Rows `index` (N,) of the state, repeated or reordered as beam search asks."""
        layers = tuple((h[index], c[index]) for h, c in self.layers)
        trace = self.trace and {name: value[index] for name, value in self.trace.items()}
        return AWDState(self.token[index], layers, trace)


class AWDLanguageModel(nn.Module):
    """Predicts the next word; the output matrix is the embedding (Press and Wolf 2017)."""

    def __init__(self, config: AWDLSTMConfig):
        super().__init__()
        self.config = config
        self.encoder = AWDLSTM(config)
        self.bias = nn.Parameter(torch.zeros(config.vocabulary))

    def forward(self, words: Tensor) -> Tensor:
        """Words (B, T) -> logits of the next words (B, T, V)."""
        return self.unroll(words)[0]

    def unroll(self, words: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Words (B, T) that go on from a state -> logits (B, T, V), and the state from which the text goes on."""
        states, after = self.encoder(words, state)
        return self._logits(states), tuple((h.detach(), c.detach()) for h, c in after)

    def groups(self) -> list[list[nn.Parameter]]:
        """Parameters from the first layer to what reads and writes words: one group a learning rate."""
        layers = [list(layer.parameters()) for layer in self.encoder.layers]
        return [*layers, [*self.encoder.embedding.parameters(), self.bias]]

    def start(self, source: Tensor, trace: bool = False) -> AWDState:
        """Read prompts (B, S), padded on either side, up to their last token, which waits in `state.token`.

        With `trace=True` each step leaves the last layer's state "hidden" (B, E) in `state.trace`.
        """
        real = source != self.config.pad
        last = last_real(real)[:, None]
        state = self.encoder.blank(len(source))
        # Word by word, since a row stands still where it has padding, or waits at its last token.
        for word, reads in zip(source.T, real.scatter(1, last, False).T, strict=True):
            _, after = self.encoder(word[:, None], state)
            state = _where(reads, after, state)
        token = source.gather(1, last)[:, 0]
        return AWDState(token, state, {"hidden": state[-1][0]} if trace else None)

    def step(self, token: Tensor, state: AWDState) -> tuple[Tensor, AWDState]:
        """The last token (B,) and the state -> logits of the next one (B, V) and the new state."""
        states, after = self.encoder(token[:, None], state.layers)
        trace = None if state.trace is None else {"hidden": states[:, 0]}
        return self._logits(states)[:, 0], replace(state, layers=after, trace=trace)

    def _logits(self, states: Tensor) -> Tensor:
        states = locked_dropout(states, OUTPUT * self.config.dropout, self.training)
        return F.linear(states, self.encoder.embedding.weight, self.bias)


class ULMFiTClassifier(nn.Module):
    """A label for a whole text: the language model's encoder reads, a small new head decides."""

    def __init__(self, config: AWDLSTMConfig, classes: int, width: int = 50):
        super().__init__()
        self.config = config
        self.encoder = AWDLSTM(config)
        self.head = nn.Sequential(
            nn.BatchNorm1d(3 * config.embedding),
            nn.Dropout(0.4 * config.dropout),
            nn.Linear(3 * config.embedding, width),
            nn.ReLU(),
            nn.BatchNorm1d(width),
            nn.Dropout(0.1 * config.dropout),
            nn.Linear(width, classes),
        )

    def forward(self, words: Tensor) -> Tensor:
        """Words (B, T) -> logits (B, C). Each text is read from a blank state."""
        states, _ = self.encoder(words)
        return self.head(concat_pool(states, words != self.config.pad))

    def groups(self) -> list[list[nn.Parameter]]:
        """Parameters from the embedding through each layer to the head: one group a learning rate, thawed in turn."""
        return [list(part.parameters()) for part in (self.encoder.embedding, *self.encoder.layers, self.head)]


def concat_pool(states: Tensor, real: Tensor) -> Tensor:
    """[last; max; mean] over the real words (Howard and Ruder, section 3.3): (B, T, E), real (B, T) -> (B, 3E)."""
    last = row_at(states, last_real(real))
    return torch.cat([last, masked_max(states, real), masked_mean(states, real)], dim=-1)


def _where(reads: Tensor, new: State, old: State) -> State:
    """The new state in the rows that read a word, the old one in the others."""
    here = reads[:, None]
    pairs = zip(new, old, strict=True)
    return tuple((torch.where(here, h, h0), torch.where(here, c, c0)) for (h, c), (h0, c0) in pairs)
