"""What does it cost to share keys and values? The same small model of the lab's English with 8, 2 and 1 groups.

Fewer groups have fewer parameters. So that this is not what is measured, each model with shared keys and values has a
second version whose feed-forward nets are so much wider that it has as many parameters as the one that shares
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from utils.data import lab
from utils.data.batches import BucketedBatches, pad
from utils.data.tokens import BOS, Vocabulary
from utils.models.grouped_query import SmallConfig, SmallDecoder
from utils.models.places import RotaryPlaces
from utils.training.losses import next_token_loss


@dataclass(frozen=True)
class HeadSettings:
    """Sizes of the model, and one training on the lab's sentences."""

    sentences: int = 8_000
    tests: int = 500
    words: tuple[int, int] = (8, 30)
    width: int = 64
    heads: int = 8
    layers: int = 2
    steps: int = 250
    batch: int = 32
    rate: float = 4e-3


@dataclass(frozen=True)
class Lines:
    """Sentences as ids (BOS, words, EOS) to learn from and to test with, and the size of their vocabulary."""

    train: list[list[int]]
    test: list[list[int]]
    size: int


def prepare(settings: HeadSettings, seed: int = 0) -> Lines:
    """The sentences of a seed."""
    learned, tested = (
        [one.english for one in lab.sentences(count, seed, settings.words, part=part)]
        for count, part in ((settings.sentences, "train"), (settings.tests, "test"))
    )
    words = Vocabulary.from_texts(learned)
    train, test = ([[BOS, *words.encode(text)] for text in part] for part in (learned, tested))
    return Lines(train, test, len(words))


def models(settings: HeadSettings, lines: Lines) -> dict[str, SmallConfig]:
    """By name: full attention, groups, groups with as many parameters, a smaller model with the cache of 2 groups."""
    D, h = settings.width, settings.heads
    full = SmallConfig(lines.size, D, settings.layers, h, h, 4 * D)
    found = {f"{h} groups": full}
    for groups in (2, 1):
        # Keys and values lose 2 D (h - g) d weights for each layer; a unit of the feed-forward net has 2 D + 1.
        freed = 2 * D * (h - groups) * (D // h) // (2 * D + 1)
        found[f"{groups} group{'s' * (groups > 1)}"] = replace(full, groups=groups)
        found[f"{groups} group{'s' * (groups > 1)}, wider inside"] = replace(
            full, groups=groups, inner=full.inner + freed
        )
    found["half the width and layers"] = SmallConfig(lines.size, D // 2, settings.layers // 2, h // 2, h // 2, 2 * D)
    return found


def _loss(model: SmallDecoder, tokens: Tensor) -> Tensor:
    return next_token_loss(model, (tokens[:, :-1], tokens[:, 1:]))[0]


def train(config: SmallConfig, settings: HeadSettings, lines: Lines, seed: int = 0) -> SmallDecoder:
    """One training; every size meets the same batches. Rate and beta1 swing as torch's OneCycleLR has them."""
    torch.manual_seed(seed)
    model = SmallDecoder(config, RotaryPlaces())
    batches = BucketedBatches([(text,) for text in lines.train], settings.batch, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.rate, total_steps=settings.steps)
    done = 0
    while done < settings.steps:
        for (tokens,) in batches.epoch(done // len(batches)):
            optimizer.zero_grad()
            _loss(model, tokens).backward()
            optimizer.step()
            schedule.step()
            done += 1
            if done == settings.steps:
                break
    return model.eval()


@torch.no_grad()
def test_loss(model: SmallDecoder, lines: Lines) -> float:
    """Nats a word on the test sentences."""
    return float(_loss(model, pad(lines.test)))
