"""The Transformer against torch.nn.Transformer and d2l, in the paper's order of norms and in today's."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.parity.test_attention import REAL, SOURCE, VISIBLE, WORDS, packed
from tests.parity.tools import agree, both_precisions, compare, randomise
from utils.models.transformer import Encoder, Transformer, TransformerConfig, sinusoids

pre_and_post = pytest.mark.parametrize("pre_norm", [False, True], ids=["post", "pre"])
D = 16  # small, so that another epsilon or an unbiased deviation in LayerNorm shows


def config(pre_norm: bool, **sizes) -> TransformerConfig:
    sizes = {"source_vocabulary": 10, "target_vocabulary": 11, "width": D, "heads": 4, "feed_forward": 12} | sizes
    return TransformerConfig(**sizes, pre_norm=pre_norm)


def part(weights, prefix: str) -> dict[str, Tensor]:
    """The weights below a prefix, without it."""
    return {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)}


def with_prefix(prefix: str, weights) -> dict[str, Tensor]:
    return {prefix + key: value for key, value in weights.items()}


def layer_as_torch(weights) -> dict[str, Tensor]:
    """One layer of ours under the names of torch's TransformerEncoderLayer or TransformerDecoderLayer."""
    decoder = any(key.startswith("cross") for key in weights)
    attentions = {"self_attention.": "self_attn.", "cross_attention.": "multihead_attn."}
    norms = {"around_self.": "norm1.", "around_cross.": "norm2.", "around_feed_forward.": "norm3."}
    if not decoder:
        attentions = {"attention.": "self_attn."}
        norms = {"around_attention.": "norm1.", "around_feed_forward.": "norm2."}
    out: dict[str, Tensor] = {}
    for ours, theirs in attentions.items():
        out |= with_prefix(theirs, packed(part(weights, ours)))
    for ours, theirs in norms.items():
        out |= with_prefix(theirs, part(weights, f"{ours}norm."))
    for ours, theirs in {"feed_forward.0.": "linear1.", "feed_forward.2.": "linear2."}.items():
        out |= with_prefix(theirs, part(weights, ours))
    return out


def stack_as_torch(weights) -> dict[str, Tensor]:
    """Our encoder or decoder, without its embedding, under the names of torch's."""
    out = with_prefix("norm.", part(weights, "norm."))
    for k in sorted({key.split(".")[1] for key in weights if key.startswith("layers.")}):
        out |= with_prefix(f"layers.{k}.", layer_as_torch(part(weights, f"layers.{k}.")))
    return out


def torch_layer(kind: str, pre_norm: bool) -> nn.Module:
    return getattr(nn, f"Transformer{kind}Layer")(D, 4, 12, dropout=0.0, batch_first=True, norm_first=pre_norm)


class AssembledEncoder(nn.Module):
    """Our sinusoids, torch's encoder; its last norm only where norms come first."""

    def __init__(self, pre_norm: bool):
        super().__init__()
        norm = nn.LayerNorm(D) if pre_norm else None
        self.words = nn.Embedding(10, D)
        self.stack = nn.TransformerEncoder(torch_layer("Encoder", pre_norm), 2, norm, enable_nested_tensor=False)

    def forward(self, source: Tensor) -> Tensor:
        positions = sinusoids(torch.arange(source.shape[1], dtype=self.words.weight.dtype), D)
        return self.stack(self.words(source) * D**0.5 + positions, src_key_padding_mask=source == 0)


class Assembled(nn.Module):
    """Our sinusoids and tied output around torch's encoder and decoder."""

    def __init__(self, pre_norm: bool):
        super().__init__()
        self.encoder = AssembledEncoder(pre_norm)
        self.words = nn.Embedding(11, D)
        self.stack = nn.TransformerDecoder(torch_layer("Decoder", pre_norm), 2, nn.LayerNorm(D) if pre_norm else None)
        self.bias = nn.Parameter(torch.zeros(11))

    def forward(self, source: Tensor, words: Tensor) -> Tensor:
        T = words.shape[1]
        x = self.words(words) * D**0.5 + sinusoids(torch.arange(T, dtype=self.words.weight.dtype), D)
        future = torch.ones(T, T, dtype=torch.bool).triu(1)
        encoded = self.encoder(source)
        x = self.stack(x, encoded, tgt_mask=future, memory_key_padding_mask=source == 0)
        return x @ self.words.weight.T + self.bias


def encoder_as_torch(weights) -> dict[str, Tensor]:
    words = {"words.weight": weights["embedding.words.weight"]}
    return words | with_prefix("stack.", stack_as_torch(weights))


def as_torch(weights) -> dict[str, Tensor]:
    encoder, decoder = part(weights, "encoder."), part(weights, "decoder.")
    out = with_prefix("encoder.", encoder_as_torch(encoder)) | encoder_as_torch(decoder)
    return out | {"bias": weights["decoder.bias"]}


@both_precisions
@pre_and_post
def test_encoder_is_torch(pre_norm: bool, dtype: torch.dtype) -> None:
    """Dies if the norms stand elsewhere, if the last one is missing or one too many, or if LayerNorm is home-made."""
    ours = randomise(Encoder(config(pre_norm))).to(dtype)
    theirs = AssembledEncoder(pre_norm).to(dtype)
    compare(
        f"Transformer encoder, {'pre' if pre_norm else 'post'}-LN",
        "torch.nn.TransformerEncoder",
        ours,
        theirs,
        encoder_as_torch,
        lambda: [ours(SOURCE, VISIBLE[:, None, None])[VISIBLE]],
        lambda: [theirs(SOURCE)[VISIBLE]],
    )


@both_precisions
@pre_and_post
def test_transformer_is_torch(pre_norm: bool, dtype: torch.dtype) -> None:
    ours = randomise(Transformer(config(pre_norm))).to(dtype)
    theirs = Assembled(pre_norm).to(dtype)
    name, reference = f"Transformer, {'pre' if pre_norm else 'post'}-LN", "torch.nn.TransformerEncoder and Decoder"
    compare(
        name,
        reference,
        ours,
        theirs,
        as_torch,
        lambda: [ours(SOURCE, WORDS)[REAL]],
        lambda: [theirs(SOURCE, WORDS)[REAL]],
    )
    permuted = torch.tensor([2, 0, 1])
    agree(name, reference, ours(SOURCE[permuted], WORDS[permuted]), ours(SOURCE, WORDS)[permuted])


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@both_precisions
def test_transformer_is_torch_as_a_whole(dtype: torch.dtype) -> None:
    """nn.Transformer puts a last norm behind both stacks whatever the order, so only pre-LN can be compared."""
    ours = randomise(Transformer(config(pre_norm=True))).to(dtype).eval()
    theirs = nn.Transformer(D, 4, 2, 2, 12, 0.0, batch_first=True, norm_first=True).to(dtype).eval()
    weights = ours.state_dict()
    stacks = {side: stack_as_torch(part(weights, f"{side}.")) for side in ("encoder", "decoder")}
    theirs.load_state_dict(with_prefix("encoder.", stacks["encoder"]) | with_prefix("decoder.", stacks["decoder"]))
    hidden = theirs(
        ours.encoder.embedding(SOURCE),
        ours.decoder.embedding(WORDS),
        tgt_mask=torch.ones(5, 5, dtype=torch.bool).triu(1),
        src_key_padding_mask=~VISIBLE,
        memory_key_padding_mask=~VISIBLE,
    )
    logits = hidden @ ours.decoder.embedding.words.weight.T + ours.decoder.bias
    agree("Transformer, the whole", "torch.nn.Transformer", ours(SOURCE, WORDS)[REAL], logits[REAL])


@pytest.mark.reference
@both_precisions
@pytest.mark.parametrize("length", [1, 6])
def test_encoder_is_d2l(length: int, dtype: torch.dtype) -> None:
    """d2l's encoder is the paper's: post-LN, sinusoids, no last norm. Its table of sinusoids is float32."""
    d2l = pytest.importorskip("utils.d2l_bridge").d2l()
    ours = randomise(Encoder(config(pre_norm=False))).to(dtype)
    theirs = d2l.TransformerEncoder(10, D, 12, 4, 2, 0.0, use_bias=True)
    source, lengths = SOURCE[:, :length], VISIBLE[:, :length].sum(dim=1)
    theirs(source, lengths)  # its lazy layers take their shapes
    theirs.to(dtype)
    table = sinusoids(torch.arange(1000, dtype=torch.float64), D)
    assert (theirs.pos_encoding.P[0] - table).abs().max() < 1e-4, "the sinusoids differ by more than its float32 angles"
    theirs.pos_encoding.P = table[None].to(dtype)
    names = {"query": "attention.W_q", "key": "attention.W_k", "value": "attention.W_v", "output": "attention.W_o"}
    names = {f"attention.{ours}": theirs for ours, theirs in names.items()}
    names |= {"feed_forward.0": "ffn.dense1", "feed_forward.2": "ffn.dense2"}
    names |= {"around_attention.norm": "addnorm1.ln", "around_feed_forward.norm": "addnorm2.ln"}

    def export(weights) -> dict[str, Tensor]:
        out = {"embedding.weight": weights["embedding.words.weight"]}
        for k in range(2):
            for ours, theirs in names.items():
                out |= with_prefix(f"blks.block{k}.{theirs}.", part(weights, f"layers.{k}.{ours}."))
        return out

    visible = VISIBLE[:, :length]
    compare(
        "Transformer encoder, as in d2l",
        "d2l.TransformerEncoder",
        ours,
        theirs,
        export,
        lambda: [ours(source, visible[:, None, None])[visible]],
        lambda: [theirs(source, lengths)[visible]],
    )
