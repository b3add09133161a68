"""Does size pay, and does text? The test loss of a model of the next word, over parameters and over sentences.

Kaplan et al. 2020, "Scaling Laws for Neural Language Models" (arXiv 2001.08361): a straight line on logarithmic axes,
as long as nothing else is short. A made language has a floor that no model can pass, so that here the line must bend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from utils.data.batches import pad
from utils.experiments.lab_pretraining_twins import Settings, Text, build, loss_of, prepare, train
from utils.models.one_block import OneBlock

SIZES = {8: (1, 2), 16: (2, 2), 32: (2, 4), 64: (3, 4)}  # width: layers, heads
SENTENCES = (250, 1_000, 4_000, 16_000)


@torch.no_grad()
def test_loss(model: OneBlock, text: Text) -> float:
    """Nats a word on the test texts."""
    model.eval()
    loss, _ = loss_of("next word")(model, (pad([text.encode(words) for words in text.test]),))
    return float(loss)


def without_embedding(model: OneBlock) -> int:
    """Parameters of the layers alone, which is what is counted in scaling laws (Kaplan et al., section 1.3)."""
    return sum(p.numel() for p in model.encoder.layers.parameters())


def trained(settings: Settings, seed: int) -> dict[str, float]:
    """One training from a random start: parameters, sentences, loss on the last batches and on the test texts."""
    text = prepare(settings, seed)
    torch.manual_seed(seed)
    model = build(settings, text, causal=True)
    losses = [step.loss for step in train(model, text, "next word", settings, seed)][-50:]
    return {
        "parameters": without_embedding(model),
        "sentences": settings.sentences,
        "training loss": round(sum(losses) / len(losses), 4),
        "test loss": round(test_loss(model, text), 4),
    }


def variants(base: Settings) -> dict[str, list[Settings]]:
    """The settings of both questions: every size on all sentences, and the largest size on few to many."""
    sizes = [replace(base, width=width, layers=layers, heads=heads) for width, (layers, heads) in SIZES.items()]
    return {"size": sizes, "data": [replace(base, sentences=count) for count in SENTENCES]}


def line(x: Sequence[float], y: Sequence[float]) -> dict[str, float]:
    """y = a x^b: b by least squares of the logarithms, and 95 % of those of points drawn anew at each x."""
    points, at, draw = np.log(np.array(y)), np.log(np.array(x)), np.random.default_rng(0)
    groups = [np.flatnonzero(at == value) for value in np.unique(at)]
    found = []
    for _ in range(2000):
        index = np.concatenate([group[draw.integers(len(group), size=len(group))] for group in groups])
        found.append(np.polyfit(at[index], points[index], 1)[0])
    low, high = np.percentile(found, [2.5, 97.5])
    return {"exponent": float(np.polyfit(at, points, 1)[0]), "low": float(low), "high": float(high)}
