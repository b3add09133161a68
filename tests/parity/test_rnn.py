"""Recurrent nets against torch.nn and d2l: states, gates' order, padding, both ways, heads."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.parity.tools import agree, both_precisions, compare, draw, randomise
from utils.models import rnn
from utils.models.rnn_heads import Classifier, LanguageModel, RecurrentConfig, Tagger

CELLS = ["RNN", "LSTM", "GRU"]
each_cell = pytest.mark.parametrize("cell", CELLS)
LENGTHS = torch.tensor([4, 7, 1, 6])


def flat(states: Tensor, last) -> list[Tensor]:
    """All states and the last ones of torch, layers first, as ours: (B, T, H), then (B, L, H) each."""
    parts = last if isinstance(last, tuple) else (last,)
    return [states, *(part.transpose(0, 1) for part in parts)]


@both_precisions
@each_cell
@pytest.mark.parametrize("length", [1, 9])
def test_scratch_is_torch(cell: str, length: int, dtype: torch.dtype) -> None:
    """Dies if the gates stand in another order, or if the GRU resets before the product."""
    ours = randomise(getattr(rnn, f"{cell}Scratch")(3, 5)).to(dtype)
    theirs = getattr(nn, cell)(3, 5, batch_first=True).to(dtype)
    names = ours.torch_names
    x = draw(4, length, 3, dtype=dtype)
    first = tuple(draw(4, 1, 5, dtype=dtype, seed=k) for k in range(ours.cell.states))
    torch_first = tuple(part.transpose(0, 1).contiguous() for part in first)

    def mine() -> list[Tensor]:
        states, last = ours(x, first)
        return [states, *last]

    compare(
        f"{cell}Scratch",
        f"torch.nn.{cell}",
        ours,
        theirs,
        lambda weights: {names[key]: value for key, value in weights.items()},
        mine,
        lambda: flat(*theirs(x, torch_first if len(torch_first) > 1 else torch_first[0])),
    )


@both_precisions
@each_cell
@pytest.mark.parametrize("bidirectional", [False, True])
def test_fast_on_a_ragged_batch_is_torch_on_each_sentence(cell: str, bidirectional: bool, dtype: torch.dtype) -> None:
    """Dies if the way back begins on padding, or if the last state is read at the padded end."""
    ours = randomise(getattr(rnn, cell)(3, 5, layers=2, bidirectional=bidirectional)).to(dtype)
    theirs = getattr(nn, cell)(3, 5, 2, batch_first=True, bidirectional=bidirectional).to(dtype)
    x = draw(4, 7, 3, dtype=dtype)

    def mine() -> list[Tensor]:
        states, last = ours(x, lengths=LENGTHS)
        return [part for row, n in enumerate(LENGTHS) for part in (states[row, :n], *(p[row] for p in last))]

    def alone() -> list[Tensor]:
        rows = [flat(*theirs(x[row : row + 1, :n])) for row, n in enumerate(LENGTHS)]
        return [part[0] for row in rows for part in row]

    name = f"{cell}, {'both ways, ' if bidirectional else ''}2 layers, ragged"
    strip = lambda weights: {key.removeprefix("net."): value for key, value in weights.items()}  # noqa: E731
    compare(name, f"torch.nn.{cell}, each sentence alone", ours, theirs, strip, mine, alone)


@both_precisions
@each_cell
def test_scratch_on_a_ragged_batch_is_fast(cell: str, dtype: torch.dtype) -> None:
    """The last state of a sentence that has ended stays, whatever follows it."""
    scratch = randomise(getattr(rnn, f"{cell}Scratch")(3, 5)).to(dtype)
    fast = getattr(rnn, cell)(3, 5).to(dtype)
    fast.net.load_state_dict(scratch.torch_weights())
    x = draw(4, 7, 3, dtype=dtype)
    ours, last = scratch(x, lengths=LENGTHS)
    states, fast_last = fast(x, lengths=LENGTHS)
    real = torch.arange(7) < LENGTHS[:, None]
    agree(f"{cell}Scratch, ragged", f"utils.models.rnn.{cell}", ours[real], states[real])
    for part, theirs in zip(last, fast_last, strict=True):
        agree(f"{cell}Scratch, ragged", f"utils.models.rnn.{cell}", part, theirs)


def as_torch(weights) -> dict[str, Tensor]:
    """Our names in the assembled references below."""
    return {key.replace("net.net.", "net."): value for key, value in weights.items()}


class Assembled(nn.Module):
    """Embedding, torch's net and a linear layer; a sentence is read alone, so padding cannot matter."""

    def __init__(self, config: RecurrentConfig, outputs: int):
        super().__init__()
        self.embedding = nn.Embedding(config.vocabulary, config.embedding)
        kind = getattr(nn, config.cell)
        self.net = kind(
            config.embedding, config.hidden, config.layers, batch_first=True, bidirectional=config.bidirectional
        )
        self.output = nn.Linear(config.hidden * (1 + config.bidirectional), outputs)

    def states(self, words: Tensor) -> tuple[Tensor, Tensor]:
        states, last = self.net(self.embedding(words)[None])
        h = last[0] if isinstance(last, tuple) else last
        ends = h[-2:, 0].flatten() if self.net.bidirectional else h[-1, 0]
        return states[0], ends


SOURCE = torch.tensor([[5, 6, 7, 8, 9, 2], [5, 6, 2, 0, 0, 0], [9, 0, 0, 0, 0, 0]])


@both_precisions
@each_cell
@pytest.mark.parametrize("bidirectional", [False, True])
def test_heads_are_torch(cell: str, bidirectional: bool, dtype: torch.dtype) -> None:
    """Classifier: both ends; tagger: every word; language model: every word, one way only."""
    config = RecurrentConfig(10, 3, cell, embedding=4, hidden=5, layers=2, bidirectional=bidirectional)
    real = SOURCE != 0
    way = ", both ways" if bidirectional else ""
    cut = [row[mask] for row, mask in zip(SOURCE, real, strict=True)]
    heads = [
        (Classifier(config), lambda m: [m(SOURCE)], lambda r: [torch.stack([r.output(r.states(w)[1]) for w in cut])]),
        (Tagger(config), lambda m: [m(SOURCE)[real]], lambda r: [torch.cat([r.output(r.states(w)[0]) for w in cut])]),
    ]
    if not bidirectional:
        heads.append((LanguageModel(config), *heads[1][1:]))
    for ours, mine, alone in heads:
        randomise(ours).to(dtype)
        theirs = Assembled(config, ours.output.out_features).to(dtype)
        name = f"{type(ours).__name__}, {cell}{way}"
        run = (lambda m=ours, f=mine: f(m)), (lambda r=theirs, f=alone: f(r))
        compare(name, f"torch.nn.{cell}, each sentence alone", ours, theirs, as_torch, *run)


@pytest.mark.reference
@both_precisions
@pytest.mark.parametrize("cell", ["RNN", "GRU"])
def test_fast_is_d2l(cell: str, dtype: torch.dtype) -> None:
    """d2l's nets put time first and know no padding."""
    d2l = pytest.importorskip("utils.d2l_bridge").d2l()
    ours = randomise(getattr(rnn, cell)(3, 5)).to(dtype)
    theirs = (d2l.RNN(3, 5) if cell == "RNN" else d2l.GRU(3, 5, 1)).to(dtype)
    x = draw(4, 7, 3, dtype=dtype)

    def mine() -> list[Tensor]:
        states, last = ours(x)
        return [states, *last]

    def reference() -> list[Tensor]:
        states, last = theirs(x.transpose(0, 1))
        return flat(states.transpose(0, 1), last)

    rename = lambda weights: {key.replace("net.", "rnn."): value for key, value in weights.items()}  # noqa: E731
    compare(f"{cell}, time first", f"d2l.{cell}", ours, theirs, rename, mine, reference)
