"""Recurrent networks: RNN, LSTM and GRU, once by their equations and once fast.

RNN: Elman 1990, "Finding Structure in Time". LSTM: Hochreiter and Schmidhuber 1997, with the forget gate of Gers,
Schmidhuber and Cummins 2000. GRU: Cho et al. 2014 (arXiv 1406.1078), with the reset gate after the product as in
torch: `r * (U h)` where Cho et al. have `U (r * h)`, which gives other numbers but the same idea.

`RNNScratch`, `LSTMScratch` and `GRUScratch` unroll a cell that reads like its equations; `RNN`, `LSTM` and `GRU` do
the same work in one call of torch. Left out on purpose: peepholes, projections, layer normalisation.
What is built on them stands in `utils.models.rnn_heads`.

B batch, T length, I width of the input, H hidden width, L layers.
A net's state is a tuple of tensors (B, L, H): (h,) for RNN and GRU, (h, c) for the LSTM; twice L if bidirectional.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

State = tuple[Tensor, ...]
Trace = dict[str, list[Tensor]]


def keep(trace: Trace | None, **values: Tensor) -> None:
    """Append named intermediates to a trace; without a trace, do nothing."""
    if trace is not None:
        for name, value in values.items():
            trace.setdefault(name, []).append(value)


def stacked(trace: Trace) -> dict[str, Tensor]:
    """The kept intermediates, what was kept in turn (steps or layers) side by side in the second dimension."""
    return {name: torch.stack(values, dim=1) for name, values in trace.items()}


def sentence_lengths(source: Tensor, pad: int) -> Tensor:
    """How many real words each row of source (B, T) begins with: (B,); ValueError if a row is empty."""
    lengths = (source != pad).sum(dim=1)
    if lengths.min() == 0:
        raise ValueError("a sentence is empty: give at least one token that is not padding")
    return lengths


class RNNCell(nn.Module):
    """h' = tanh(W x + U h), both products with a bias (Elman 1990)."""

    states = 1

    def __init__(self, inputs: int, hidden: int):
        super().__init__()
        self.W = nn.Linear(inputs, hidden)
        self.U = nn.Linear(hidden, hidden)

    def forward(self, x: Tensor, state: State, trace: Trace | None = None) -> State:
        """One step: x (B, I), state (h,) -> (h',), each (B, H)."""
        (h,) = state
        h = torch.tanh(self.W(x) + self.U(h))
        keep(trace, hidden=h)
        return (h,)


class LSTMCell(nn.Module):
    """Gates decide what the cell c forgets (f), takes in (i, g) and shows (o) (Gers et al. 2000)."""

    states = 2

    def __init__(self, inputs: int, hidden: int):
        super().__init__()
        self.W = nn.Linear(inputs, 4 * hidden)
        self.U = nn.Linear(hidden, 4 * hidden)

    def forward(self, x: Tensor, state: State, trace: Trace | None = None) -> State:
        """One step: x (B, I), state (h, c) -> (h', c'), each (B, H)."""
        h, c = state
        i, f, g, o = (self.W(x) + self.U(h)).chunk(4, dim=-1)  # (B, H) each
        i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
        c = f * c + i * g
        h = o * torch.tanh(c)
        keep(trace, input=i, forget=f, candidate=g, output=o, cell=c, hidden=h)
        return h, c


class GRUCell(nn.Module):
    """One gate r resets the memory for the candidate n, one gate z mixes old and new (Cho et al. 2014, section 2.3)."""

    states = 1

    def __init__(self, inputs: int, hidden: int):
        super().__init__()
        self.W = nn.Linear(inputs, 3 * hidden)
        self.U = nn.Linear(hidden, 3 * hidden)

    def forward(self, x: Tensor, state: State, trace: Trace | None = None) -> State:
        """One step: x (B, I), state (h,) -> (h',), each (B, H)."""
        (h,) = state
        x_r, x_z, x_n = self.W(x).chunk(3, dim=-1)  # (B, H) each
        h_r, h_z, h_n = self.U(h).chunk(3, dim=-1)  # (B, H) each
        r = torch.sigmoid(x_r + h_r)
        z = torch.sigmoid(x_z + h_z)
        n = torch.tanh(x_n + r * h_n)
        h = (1 - z) * n + z * h
        keep(trace, reset=r, update=z, candidate=n, hidden=h)
        return (h,)


class Scratch(nn.Module):
    """A cell, unrolled: the same weights at every step, one step after the other."""

    torch_names: ClassVar = {
        "cell.W.weight": "weight_ih_l0",
        "cell.U.weight": "weight_hh_l0",
        "cell.W.bias": "bias_ih_l0",
        "cell.U.bias": "bias_hh_l0",
    }

    def __init__(self, cell: Any, hidden: int):
        super().__init__()
        self.cell = cell
        self.width = hidden

    def forward(
        self, x: Tensor, state: State | None = None, lengths: Tensor | None = None, trace: Trace | None = None
    ) -> tuple[Tensor, State]:
        """Read x (B, T, I) from a state (zeros if None) -> all states h (B, T, H), last state, (B, 1, H) each.

        With `lengths` (B,) a sentence keeps its state once it has ended.
        A `trace` receives the gates of every step: `stacked(trace)["forget"]` is (B, T, H).
        """
        zeros = x.new_zeros(len(x), self.width)
        now = (zeros,) * self.cell.states if state is None else tuple(part[:, 0] for part in state)
        outputs = []
        for t, word in enumerate(x.unbind(dim=1)):
            after = self.cell(word, now, trace)
            if lengths is not None:
                goes_on = (t < lengths)[:, None]  # (B, 1)
                after = tuple(torch.where(goes_on, new, old) for new, old in zip(after, now, strict=True))
            now = after
            outputs.append(now[0])
        return torch.stack(outputs, dim=1), tuple(part[:, None] for part in now)  # (B, T, H), (B, 1, H)

    def torch_weights(self) -> dict[str, Tensor]:
        """The weights under the names of torch.nn.RNN, LSTM or GRU, ready for its `load_state_dict`."""
        own = self.state_dict()
        return {theirs: own[ours] for ours, theirs in self.torch_names.items()}

    def load_torch_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Take over the first layer of a state dict of torch.nn.RNN, LSTM or GRU."""
        self.load_state_dict({ours: weights[theirs] for ours, theirs in self.torch_names.items()})


class RNNScratch(Scratch):
    """The simple recurrent network, step by step."""

    def __init__(self, inputs: int, hidden: int):
        super().__init__(RNNCell(inputs, hidden), hidden)


class LSTMScratch(Scratch):
    """The long short-term memory, step by step."""

    def __init__(self, inputs: int, hidden: int):
        super().__init__(LSTMCell(inputs, hidden), hidden)


class GRUScratch(Scratch):
    """The gated recurrent unit, step by step."""

    def __init__(self, inputs: int, hidden: int):
        super().__init__(GRUCell(inputs, hidden), hidden)


class Recurrent(nn.Module):
    """Torch's recurrent net, batch first throughout, that knows where each sentence ends."""

    kind: ClassVar[Any]

    def __init__(self, inputs: int, hidden: int, layers: int = 1, bidirectional: bool = False, dropout: float = 0.0):
        super().__init__()
        between = dropout if layers > 1 else 0.0
        self.net = self.kind(inputs, hidden, layers, batch_first=True, bidirectional=bidirectional, dropout=between)
        self.width = 2 * hidden if bidirectional else hidden

    def forward(self, x: Tensor, state: State | None = None, lengths: Tensor | None = None) -> tuple[Tensor, State]:
        """Read x (B, T, I) from a state (zeros if None) -> states of the top layer (B, T, width), last state.

        With `lengths` (B,) the last state is the one after each sentence's last real word, the backward direction
        begins there, and states on padding are zero. Read left to right, real states need no lengths, and it is faster.
        """
        if lengths is not None:
            x_packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        outputs, last = self.net(x if lengths is None else x_packed, self._to_torch(state))
        if lengths is not None:
            outputs, _ = pad_packed_sequence(outputs, batch_first=True, total_length=x.shape[1])
        parts = last if isinstance(last, tuple) else (last,)
        return outputs, tuple(part.transpose(0, 1) for part in parts)  # (B, T, width), (B, L, H)

    def _to_torch(self, state: State | None) -> Any:
        if state is None:
            return None
        parts = tuple(part.transpose(0, 1).contiguous() for part in state)  # (L, B, H)
        return parts if len(parts) > 1 else parts[0]


class RNN(Recurrent):
    """`RNNScratch` in one call: stacked, both ways, with padding."""

    kind = nn.RNN


class LSTM(Recurrent):
    """`LSTMScratch` in one call: stacked, both ways, with padding."""

    kind = nn.LSTM


class GRU(Recurrent):
    """`GRUScratch` in one call: stacked, both ways, with padding."""

    kind = nn.GRU
