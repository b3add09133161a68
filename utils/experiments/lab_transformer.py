"""The Transformer on chapter 03's data, seeds and words seen: how well it translates, by length of the sentence.

    python -m utils.experiments lab_transformer/length

Everything goes through `lab_translation.sweep`, so that a curve here lies beside those of the encoder-decoder and of
the one with attention. The rate is the same as theirs, 4e-3; the warm-up is longer (60 steps against 30).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from utils.experiments.lab_translation import Data, Settings, Sweep, by_length, sweep
from utils.models.transformer import Transformer, TransformerConfig

CHAPTERS = {"length": "05"}


@dataclass(frozen=True)
class TransformerSettings(Settings):
    """The same training; sizes as of a `TransformerConfig`. `embedding` and `hidden` are the recurrent models' own."""

    width: int = 64
    heads: int = 4
    layers: int = 2
    feed_forward: int = 128
    pre_norm: bool = True
    warmup: int = 60


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


EXPERIMENTS: dict[str, Any] = {"length": partial(sweep, build=build_transformer, measures={"by length": by_length})}
_TINY = TransformerSettings(pairs=500, tests=400, width=8, heads=2, layers=1, feed_forward=8, steps=3, warmup=1)
PRESETS = {
    "length": {
        "smoke": Sweep(_TINY, {"as many words": {}}, (0,)),
        "cpu": Sweep(TransformerSettings(), {"as many words": {}, "600 steps": {"steps": 600}}),
    }
}
