"""Recurrent nets against torch.nn, and AWD-LSTM against a plain LSTM."""

from __future__ import annotations

import random

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from tests.benchmarks.race import Race, learn, sentences
from utils.data.batches import BucketedBatches, pad
from utils.models.awd_lstm import AWDLanguageModel, AWDLSTMConfig
from utils.models.rnn import GRU, LSTM, RNN
from utils.models.seq2seq import Encoder, Seq2SeqConfig


def races(tiny: bool = False) -> list[Race]:
    """All races of recurrent nets; `tiny` sizes are for the test that both sides compute the same."""
    nets = [net(kind, tiny) for kind in (RNN, LSTM, GRU)]
    return [*nets, both_ways(tiny), bucketed(tiny), awd_lstm(tiny, dropout=False), awd_lstm(tiny, dropout=True)]


def net(kind: type[RNN | LSTM | GRU], tiny: bool) -> Race:
    """A pass forth and back through one layer."""
    B, T, width = (2, 3, 4) if tiny else (32, 40, 256)
    ours = kind(width, width)
    theirs = kind.kind(width, width, batch_first=True)
    theirs.load_state_dict(ours.net.state_dict())
    x, name = torch.randn(B, T, width), kind.__name__
    return Race(
        f"{name}, training pass",
        f"torch.nn.{name}",
        lambda: learn(ours, lambda: ours(x)[0]),
        lambda: learn(theirs, lambda: theirs(x)[0]),
    )


def both_ways(tiny: bool) -> Race:
    """A bidirectional net over sentences of different lengths: the one case where packing is needed."""
    B, T, width = (3, 4, 4) if tiny else (32, 40, 128)
    ours = GRU(width, width, bidirectional=True)
    theirs = nn.GRU(width, width, batch_first=True, bidirectional=True)
    theirs.load_state_dict(ours.net.state_dict())
    x, lengths = torch.randn(B, T, width), (sentences(B, T, 9) != 0).sum(dim=1)

    def packed() -> Tensor:
        outputs, _ = theirs(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
        return nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True)[0]

    return Race(
        "GRU both ways, ragged",
        "torch.nn.GRU, packed",
        lambda: learn(ours, lambda: ours(x, lengths=lengths)[0]),
        lambda: learn(theirs, packed),
    )


@torch.no_grad()
def bucketed(tiny: bool) -> Race:
    """The last states of sentences of 5 to 50 words: buckets of like length, against random batches, packed."""
    count, size, width = (10, 3, 4) if tiny else (256, 32, 256)
    rng = random.Random(0)
    texts = [[rng.randint(4, 99) for _ in range(rng.randint(5, 50))] for _ in range(count)]
    encoder = Encoder(Seq2SeqConfig(100, 100, width, width))
    batches = BucketedBatches([(text,) for text in texts], size)

    @torch.no_grad()
    def ours() -> Tensor:
        states = torch.cat([encoder.context(source) for (source,) in batches.epoch(0)])
        order = [i for batch in batches.order(0) for i in batch]
        return states[torch.tensor(order).argsort()]

    @torch.no_grad()
    def theirs() -> Tensor:
        states = []
        for begin in range(0, count, size):
            some = texts[begin : begin + size]
            x, lengths = encoder.embedding(pad(some)), torch.tensor([*map(len, some)])
            states.append(encoder.rnn(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))[1][0])
        return torch.cat(states)

    return Race("encoder, 256 sentences in buckets", "torch.nn.GRU, packed, any order", ours, theirs)


class PlainLSTM(nn.Module):
    """AWD-LSTM's sizes with torch's own layers, and ordinary dropout at each place where AWD-LSTM drops states."""

    def __init__(self, model: AWDLanguageModel, dropout: bool):
        super().__init__()
        encoder = model.encoder
        self.embedding = nn.Embedding.from_pretrained(encoder.embedding.weight.detach().clone(), freeze=False)
        self.bias = nn.Parameter(model.bias.detach().clone())
        self.layers = nn.ModuleList()
        for layer in encoder.layers:
            own = nn.LSTM(layer.weight_ih.shape[1], layer.weight_hh.shape[1], batch_first=True)
            own.load_state_dict({f"{name}_l0": value for name, value in layer.state_dict().items()})
            self.layers.append(own)
        self.dropout = nn.Dropout(0.4 if dropout else 0.0)

    def forward(self, words: Tensor) -> Tensor:
        """Words (B, T) -> logits (B, T, V)."""
        x = self.embedding(words)
        for layer in self.layers:
            x, _ = layer(self.dropout(x))
        return F.linear(self.dropout(x), self.embedding.weight, self.bias)


def awd_lstm(tiny: bool, dropout: bool) -> Race:
    """A pass forth and back of the language model. What is dropped is random, so at tiny sizes nothing is."""
    B, T, V, E, H = (2, 3, 9, 4, 6) if tiny else (32, 35, 2000, 128, 256)
    drops = dropout and not tiny
    ours = AWDLanguageModel(AWDLSTMConfig(V, E, H, dropout=float(drops)))
    theirs = PlainLSTM(ours, drops)
    words = torch.randint(4, V, (B, T))
    return Race(
        f"AWD-LSTM, {'all five dropouts' if dropout else 'no dropout'}",
        f"torch.nn.LSTM, {'ordinary dropout' if dropout else 'no dropout'}",
        lambda: learn(ours, lambda: ours(words)),
        lambda: learn(theirs, lambda: theirs(words)),
    )
