"""AWD-LSTM against a stack of torch.nn.LSTM, with nothing dropped and with masks that are known."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.parity.tools import agree, both_precisions, compare, draw, randomise
from utils.models.awd_lstm import AWDLanguageModel, AWDLSTMConfig, ULMFiTClassifier, WeightDropLSTM, concat_pool

V, LENGTH = 17, 9
CONFIG = AWDLSTMConfig(V, embedding=6, hidden=10, layers=3, dropout=0.0)
FULL = torch.randint(4, V, (4, LENGTH), generator=torch.Generator().manual_seed(0))
LENGTHS = torch.tensor([5, 9, 1, 7])
RAGGED = FULL * (torch.arange(LENGTH) < LENGTHS[:, None])
BATCHES = {"ragged": RAGGED, "permuted": RAGGED[[2, 0, 3, 1]], "length 1": FULL[:, :1], "long": FULL}
each_batch = pytest.mark.parametrize("batch", BATCHES)


class Stack(nn.Module):
    """Embedding and three LSTM layers of torch, the last as wide as the embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(V, 6)
        self.layers = nn.ModuleList(nn.LSTM(i, h, batch_first=True) for i, h in ((6, 10), (10, 10), (10, 6)))

    def forward(self, words: Tensor) -> Tensor:
        x = self.embedding(words)
        for layer in self.layers:
            x, _ = layer(x)
        return x


def to_torch(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Our names -> torch's, whose LSTM numbers its weights."""
    return {f"{name}_l0" if ".layers." in name else name: value for name, value in weights.items()}


@both_precisions
@each_batch
def test_language_model_is_a_stack_with_a_tied_output(batch: str, dtype: torch.dtype) -> None:
    """Dies if a layer is missing, or if the output matrix is not the embedding."""

    class Reference(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.bias = Stack(), nn.Parameter(torch.zeros(V))

        def forward(self, words: Tensor) -> Tensor:
            return self.encoder(words) @ self.encoder.embedding.weight.T + self.bias

    words, theirs = BATCHES[batch], Reference().to(dtype)
    ours, real = randomise(AWDLanguageModel(CONFIG)).to(dtype), words != 0
    outputs = (lambda: [ours(words)[real]]), (lambda: [theirs(words)[real]])
    compare("AWDLanguageModel", "torch.nn.LSTM, stacked", ours, theirs, to_torch, *outputs)


@both_precisions
@each_batch
def test_classifier_pools_each_text_alone(batch: str, dtype: torch.dtype) -> None:
    """Dies if pooling sees padding, or if last, max and mean stand in another order."""

    class Reference(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.head = Stack(), ULMFiTClassifier(CONFIG, 3, width=5).head

        def forward(self, words: Tensor) -> Tensor:
            alone = [self.encoder(row[row != 0][None])[0] for row in words]
            return self.head(torch.stack([torch.cat([x[-1], x.amax(dim=0), x.mean(dim=0)]) for x in alone]))

    words, theirs = BATCHES[batch], Reference().to(dtype).eval()  # batch norm keeps its first averages
    ours = randomise(ULMFiTClassifier(CONFIG, 3, width=5)).to(dtype)
    outputs = (lambda: [ours(words)]), (lambda: [theirs(words)])
    reference = "torch.nn.LSTM, stacked, each text alone"
    compare("ULMFiTClassifier", reference, ours, theirs, to_torch, *outputs, rate=0.01)


@both_precisions
def test_dropped_weights_are_the_same_at_every_step(dtype: torch.dtype) -> None:
    """In training one mask lies on the hidden-to-hidden weights for the whole text; dies if it is drawn anew."""
    layer = randomise(WeightDropLSTM(4, 6, p=0.5)).to(dtype)
    x, state = draw(3, LENGTH, 4, dtype=dtype), (torch.zeros(3, 6, dtype=dtype), torch.zeros(3, 6, dtype=dtype))
    torch.manual_seed(0)
    states, last = layer.train()(x, state)
    torch.manual_seed(0)
    weight_hh = F.dropout(layer.weight_hh, 0.5)
    assert 0 < (weight_hh == 0).sum() < weight_hh.numel()
    h, c = state
    for t in range(LENGTH):
        gates = x[:, t] @ layer.weight_ih.T + layer.bias_ih + h @ weight_hh.T + layer.bias_hh
        i, f, g, o = gates.chunk(4, dim=-1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        agree("WeightDropLSTM, weights dropped", "the equations, one mask", states[:, t], h)
    agree("WeightDropLSTM, weights dropped", "the equations, one mask", last[1], c)


@both_precisions
def test_concat_pool_is_torchs_reduction(dtype: torch.dtype) -> None:
    """[last; max; mean] with padding on either side."""
    states = draw(2, 5, 3, dtype=dtype)
    real = torch.tensor([[False, True, True, False, False], [False, False, True, True, True]])
    alone = [row[here] for row, here in zip(states, real, strict=True)]
    pooled = torch.stack([torch.cat([x[-1], x.amax(dim=0), x.mean(dim=0)]) for x in alone])
    agree("concat_pool", "each text alone", concat_pool(states, real), pooled)
