"""Attention against torch and d2l; the encoder-decoder with attention against one assembled from torch.nn."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.parity.tools import agree, both_precisions, compare, draw, randomise
from utils.models.attention import (
    AdditiveAttention,
    AttentionSeq2Seq,
    MultiHeadAttention,
    scaled_dot_product_attention,
)
from utils.models.seq2seq import Seq2SeqConfig

VISIBLE = torch.arange(6) < torch.tensor([6, 1, 4])[:, None]  # (B, S): lengths maximal, 1, and between
SOURCE = torch.tensor([[5, 6, 7, 8, 9, 2], [9, 0, 0, 0, 0, 0], [5, 6, 7, 2, 0, 0]])
WORDS = torch.tensor([[2, 4, 5, 6, 7], [2, 8, 3, 0, 0], [2, 9, 9, 4, 1]])
REAL = WORDS != 0


@both_precisions
@pytest.mark.parametrize("causal", [False, True])
def test_scaled_dot_product_attention_is_torch(causal: bool, dtype: torch.dtype) -> None:
    """Dies without the square root, with sqrt(D) for sqrt(D/h), and with the mask's polarity inverted."""
    query, key, value = (draw(3, 2, 6, width, dtype=dtype, seed=k) for k, width in enumerate((8, 8, 5)))
    mask = torch.ones(6, 6, dtype=torch.bool).tril() if causal else VISIBLE[:, None, None]
    query.requires_grad_(True)
    grads = []
    context, _ = scaled_dot_product_attention(query, key, value, mask)
    theirs = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    name, reference = "Scaled dot-product attention", "torch.nn.functional.scaled_dot_product_attention"
    agree(name, reference, context, theirs)
    for output in (context, theirs):
        query.grad = None
        output.square().sum().backward()
        grads.append(query.grad)
    agree(name, reference, *grads)


def packed(weights) -> dict[str, Tensor]:
    """Our four linear layers as torch.nn.MultiheadAttention has them: q, k, v in one matrix, in this order."""
    return {
        "in_proj_weight": torch.cat([weights[f"{name}.weight"] for name in ("query", "key", "value")]),
        "in_proj_bias": torch.cat([weights[f"{name}.bias"] for name in ("query", "key", "value")]),
        "out_proj.weight": weights["output.weight"],
        "out_proj.bias": weights["output.bias"],
    }


@both_precisions
@pytest.mark.parametrize("traced", [False, True])
def test_multi_head_attention_is_torch(traced: bool, dtype: torch.dtype) -> None:
    """More queries than keys; torch's key_padding_mask has True = ignore."""
    ours = randomise(MultiHeadAttention(8, 4)).to(dtype)
    theirs = nn.MultiheadAttention(8, 4, batch_first=True).to(dtype)
    query, memory = draw(3, 9, 8, dtype=dtype), draw(3, 6, 8, dtype=dtype, seed=2)

    def mine() -> list[Tensor]:
        trace = {} if traced else None
        output = ours(query, ours.look_at(memory), VISIBLE[:, None, None], trace)
        return [output, *(trace or {}).get("weights", [])]

    def reference() -> list[Tensor]:
        output, weights = theirs(query, memory, memory, key_padding_mask=~VISIBLE, average_attn_weights=False)
        return [output, weights] if traced else [output]

    name = "Multi-head attention" + (" with weights" if traced else "")
    compare(name, "torch.nn.MultiheadAttention", ours, theirs, packed, mine, reference)


@pytest.mark.reference
@both_precisions
def test_multi_head_attention_is_d2l(dtype: torch.dtype) -> None:
    d2l = pytest.importorskip("utils.d2l_bridge").d2l()
    ours = randomise(MultiHeadAttention(8, 4)).to(dtype)
    theirs = d2l.MultiHeadAttention(8, 4, 0.0, bias=True).to(dtype)
    query, memory = draw(3, 9, 8, dtype=dtype), draw(3, 6, 8, dtype=dtype, seed=2)
    theirs(query, memory, memory, VISIBLE.sum(dim=1))  # its lazy layers take their shapes
    names = {"query": "W_q", "key": "W_k", "value": "W_v", "output": "W_o"}

    def export(weights) -> dict[str, Tensor]:
        parts = {key: key.split(".") for key in weights}
        return {f"{names[layer]}.{kind}": weights[key] for key, (layer, kind) in parts.items()}

    compare(
        "Multi-head attention, valid lengths",
        "d2l.MultiHeadAttention",
        ours,
        theirs,
        export,
        lambda: [ours(query, ours.look_at(memory), VISIBLE[:, None, None])],
        lambda: [theirs(query, memory, memory, VISIBLE.sum(dim=1))],
    )


@pytest.mark.reference
@both_precisions
def test_additive_attention_is_d2l(dtype: torch.dtype) -> None:
    d2l = pytest.importorskip("utils.d2l_bridge").d2l()
    ours = randomise(AdditiveAttention(4, 7, 5)).to(dtype)
    theirs = d2l.AdditiveAttention(5, 0.0).to(dtype)
    query, memory = draw(3, 9, 4, dtype=dtype), draw(3, 6, 7, dtype=dtype, seed=2)
    theirs(query, memory, memory, VISIBLE.sum(dim=1))  # its lazy layers take their shapes

    def export(weights) -> dict[str, Tensor]:
        return {
            "W_q.weight": weights["query.weight"],
            "W_k.weight": weights["key.weight"],
            "w_v.weight": weights["v"][None],
        }

    def reference() -> list[Tensor]:
        context = theirs(query, memory, memory, VISIBLE.sum(dim=1))
        return [context, theirs.attention_weights]

    compare(
        "Additive attention",
        "d2l.AdditiveAttention",
        ours,
        theirs,
        export,
        lambda: list(ours(query, ours.key(memory), memory, VISIBLE[:, None])),
        reference,
    )


class Assembled(nn.Module):
    """The equations of Bahdanau et al., sections 3 and A, around torch.nn.GRU; each sentence is read alone."""

    def __init__(self, config: Seq2SeqConfig):
        super().__init__()
        E, H = config.embedding, config.hidden
        self.source = nn.Embedding(config.source_vocabulary, E)
        self.target = nn.Embedding(config.target_vocabulary, E)
        self.reader = nn.GRU(E, H, batch_first=True, bidirectional=True)
        self.writer = nn.GRU(E + 2 * H, H, batch_first=True)
        self.first = nn.Linear(H, H)
        self.W = nn.Linear(H, H, bias=False)
        self.U = nn.Linear(2 * H, H, bias=False)
        self.v = nn.Linear(H, 1, bias=False)
        self.readout = nn.Linear(H + E + 2 * H, E)
        self.bias = nn.Parameter(torch.zeros(config.target_vocabulary))

    def forward(self, source: Tensor, words: Tensor) -> Tensor:
        """One sentence (S,), its previous words (T,) -> logits (T, V)."""
        memory, last = self.reader(self.source(source)[None])
        state, rows = torch.tanh(self.first(last[1])), []
        for word in self.target(words):
            energies = [self.v(torch.tanh(self.W(state[0]) + self.U(h)))[0] for h in memory[0]]
            alpha = torch.stack(energies).exp() / torch.stack(energies).exp().sum()
            context = sum(a * h for a, h in zip(alpha, memory[0], strict=True))
            _, state = self.writer(torch.cat([word, context])[None, None], state[None])
            state = state[0]
            rows.append(torch.tanh(self.readout(torch.cat([state[0], word, context]))) @ self.target.weight.T)
        return torch.stack(rows) + self.bias


RENAMED = {
    "encoder.embedding.": "source.",
    "decoder.embedding.": "target.",
    "encoder.rnn.net.": "reader.",
    "decoder.first.": "first.",
    "decoder.attention.query.": "W.",
    "decoder.attention.key.": "U.",
    "decoder.readout.": "readout.",
    "decoder.bias": "bias",
}


def as_assembled(weights) -> dict[str, Tensor]:
    renamed = {}
    for key, value in weights.items():
        if key.startswith("decoder.cell."):
            renamed[key.replace("decoder.cell.", "writer.") + "_l0"] = value
        elif key == "decoder.attention.v":
            renamed["v.weight"] = value[None]
        else:
            prefix = next(prefix for prefix in RENAMED if key.startswith(prefix))
            renamed[key.replace(prefix, RENAMED[prefix])] = value
    return renamed


@both_precisions
def test_attention_seq2seq_is_torch_and_the_equations(dtype: torch.dtype) -> None:
    """A ragged batch in one pass is each sentence alone, its weights computed with a plain softmax."""
    config = Seq2SeqConfig(10, 11, embedding=4, hidden=3)
    ours = randomise(AttentionSeq2Seq(config)).to(dtype)
    theirs = Assembled(config).to(dtype)
    rows = [(s[s != 0], w[w != 0]) for s, w in zip(SOURCE, WORDS, strict=True)]
    compare(
        "Encoder-decoder with attention",
        "torch.nn.GRU and the equations, each sentence alone",
        ours,
        theirs,
        as_assembled,
        lambda: [ours(SOURCE, WORDS)[REAL]],
        lambda: [torch.cat([theirs(*row) for row in rows])],
    )
    permuted = torch.tensor([2, 0, 1])
    agree(
        "Encoder-decoder with attention",
        "torch.nn.GRU and the equations, each sentence alone",
        ours(SOURCE[permuted], WORDS[permuted]),
        ours(SOURCE, WORDS)[permuted],
    )
