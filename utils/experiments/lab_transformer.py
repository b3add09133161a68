"""The Transformer on chapter 03's data, seeds and words seen: how well it translates, by length of the sentence.

    python -m utils.experiments lab_transformer/length

Everything goes through `lab_translation.sweep`, so that a curve here lies beside those of the encoder-decoder and of
the one with attention. The rate is the same as theirs, 4e-3; the warm-up is longer (60 steps against 30).
`stages` trains what lies between attention and the Transformer, and the Transformer with one part missing; `warmup`
trains both orders of the norms with and without a warm-up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import Tensor, nn

from utils.experiments.lab_attention import build_attention
from utils.experiments.lab_translation import Data, Measures, Settings, Sweep, by_length, sweep
from utils.models.attention import KeyValue, MultiHeadAttention
from utils.models.rnn import Trace
from utils.models.seq2seq import Seq2SeqConfig
from utils.models.transformer import Embedding, PreNorm, Transformer, TransformerConfig
from utils.models.without_recurrence import AllAtOnce, DotSeq2Seq, OrderBlindSeq2Seq, PositionedSeq2Seq

CHAPTERS = {"length": "05", "stages": "05", "warmup": "05"}
SHORT = (3, 12)  # English words in the sweeps that compare many models


@dataclass(frozen=True)
class TransformerSettings(Settings):
    """The same training; sizes as of a `TransformerConfig`. `embedding` and `hidden` are the recurrent models' own.

    `model` is one of `BUILDS`.
    """

    width: int = 64
    heads: int = 4
    layers: int = 2
    feed_forward: int = 128
    pre_norm: bool = True
    warmup: int = 60
    model: str = "Transformer"


def build_transformer(settings: TransformerSettings, data: Data) -> Transformer:
    """Chapter 05's model for this data: fewer parameters than either of the recurrent ones."""
    return Transformer(
        TransformerConfig(
            source_vocabulary=len(data.source),
            target_vocabulary=len(data.target),
            width=settings.width,
            heads=settings.heads,
            layers=settings.layers,
            feed_forward=settings.feed_forward,
            pre_norm=settings.pre_norm,
        )
    )


class WordsOnly(Embedding):
    """Words without positions."""

    def forward(self, words: Tensor, first: int = 0) -> Tensor:
        """Token ids (B, T) -> (B, T, D), the same wherever a word stands."""
        return self.dropout(self.words(words) * self.words.embedding_dim**0.5)


class SeesTheFuture(MultiHeadAttention):
    """The causal mask forgotten: while it trains, a word sees the words behind it, which it is to guess."""

    def forward(
        self, query: Tensor, memory: KeyValue, mask: Tensor | None = None, trace: Trace | None = None, name: str = ""
    ) -> Tensor:
        """As of a `MultiHeadAttention`, whatever the mask says."""
        return super().forward(query, memory, None, trace, name)


class NoWayAround(PreNorm):
    """f(norm(x)) alone: what a sublayer does not pass on is lost."""

    def forward(self, x: Tensor, f: Callable[[Tensor], Tensor]) -> Tensor:
        """x (B, T, D) and the sublayer f -> (B, T, D)."""
        return self.dropout(f(self.norm(x)))


def without(part: str, settings: TransformerSettings, data: Data) -> Transformer:
    """The Transformer with one part missing, from the same random start: "positions", "causal mask", "way around"."""
    model = build_transformer(settings, data)
    decoder: Any = model.decoder
    own = [layer.self_attention for layer in decoder.layers]
    changed: dict[str, tuple[type[nn.Module], list[nn.Module]]] = {
        "positions": (WordsOnly, [model.encoder.embedding, model.decoder.embedding]),
        "causal mask": (SeesTheFuture, own),
        "way around": (NoWayAround, [module for module in model.modules() if isinstance(module, PreNorm)]),
    }
    if part not in changed:
        raise ValueError(f"part {part!r} cannot be left out; it must be one of {', '.join(changed)}")
    kind, modules = changed[part]
    for module in modules:
        module.__class__ = kind  # not a new one: it keeps its weights, so that only the part is missing
    return model


def _recurrent(kind: Any, settings: TransformerSettings, data: Data) -> nn.Module:
    """A model that lies between; its states are as wide as those of chapter 04's."""
    model: nn.Module = kind(Seq2SeqConfig(len(data.source), len(data.target), settings.embedding, settings.hidden))
    return model


BUILDS: dict[str, Callable[[Any, Data], nn.Module]] = {
    "attention": build_attention,
    "dot products": partial(_recurrent, DotSeq2Seq),
    "order-blind": partial(_recurrent, OrderBlindSeq2Seq),
    "positions": partial(_recurrent, PositionedSeq2Seq),
    "all at once": partial(_recurrent, AllAtOnce),
    "Transformer": build_transformer,
    "without positions": partial(without, "positions"),
    "without causal mask": partial(without, "causal mask"),
    "without way around": partial(without, "way around"),
}


def build(settings: Any, data: Data) -> nn.Module:
    """The model that the settings (of this module) name."""
    if settings.model not in BUILDS:
        raise ValueError(f"model {settings.model!r} is unknown; it must be one of {', '.join(BUILDS)}")
    return BUILDS[settings.model](settings, data)


def short_sentences(model: Any, data: Data) -> list[dict[str, float]]:
    """Test scores on sentences as short as those of the training, in one row."""
    return by_length(model, data, (SHORT[0], SHORT[1] + 1))


STAGES: dict[str, dict[str, Any]] = {
    "0 attention (chapter 04)": {"model": "attention"},
    "1 dot products": {"model": "dot products"},
    "2 self-attention reads": {"model": "order-blind"},
    "3 positions": {"model": "positions"},
    "4 self-attention writes": {"model": "all at once"},
    "5 ways around, norms, feed-forward": {"layers": 1, "heads": 1},
    "6 two layers": {"heads": 1},
    "7 four heads: the Transformer": {},
    "without positions": {"model": "without positions"},
    "without causal mask": {"model": "without causal mask"},
    "without way around": {"model": "without way around"},
}
_FEW = TransformerSettings(words=SHORT, hidden=64, batch=32, steps=400, warmup=40)
_DEEP = TransformerSettings(words=SHORT, layers=4, batch=32, steps=200, rate=3e-3)
_NORMS = {
    f"{name}, {'with' if warmup > 1 else 'no'} warm-up": {"pre_norm": pre_norm, "warmup": warmup}
    for name, pre_norm in (("post-LN", False), ("pre-LN", True))
    for warmup in (1, 60)
}
_short: Measures = {"short sentences": short_sentences}
EXPERIMENTS: dict[str, Any] = {
    "length": partial(sweep, build=build, measures={"by length": by_length}),
    "stages": partial(sweep, build=build, measures=_short),
    "warmup": partial(sweep, build=build, measures=_short),
}
_TINY = TransformerSettings(
    pairs=500, tests=400, hidden=8, width=8, heads=2, layers=1, feed_forward=8, steps=3, warmup=1
)
PRESETS = {
    "length": {
        "smoke": Sweep(_TINY, {"as many words": {}}, (0,)),
        "cpu": Sweep(TransformerSettings(), {"as many words": {}, "600 steps": {"steps": 600}}),
    },
    "stages": {
        "smoke": Sweep(_TINY, {name: changes for name, changes in STAGES.items() if "model" in changes}, (0,)),
        "cpu": Sweep(_FEW, STAGES),
    },
    "warmup": {
        "smoke": Sweep(_TINY, {"pre-LN, no warm-up": {}}, (0,)),
        "cpu": Sweep(_DEEP, _NORMS),
    },
}
