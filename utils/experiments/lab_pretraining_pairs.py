"""BERT's second task: does the second segment follow the first, or does it come from another text?

Devlin et al. 2018, section 3.1, task 2: half of the pairs are true, and [CLS] (here BOS) has to tell. "stories" are cut
in the middle, and their people come back; "single sentences" stand beside each other by chance alone, so that there is
nothing to tell. A coin costs ln 2 nats.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from utils.data import lab
from utils.data.batches import BucketedBatches, pad
from utils.data.masking import MaskedBatches
from utils.data.tokens import BOS, PAD, Vocabulary
from utils.experiments.lab_pretraining_twins import MASK
from utils.models.bert import BertConfig, BertForPretraining
from utils.training.losses import cross_entropy
from utils.training.schedules import schedule, warmup_linear
from utils.training.trainer import Plan, Step, fit

Words = tuple[str, ...]
TEXTS = ("single sentences", "stories")


@dataclass(frozen=True)
class Pairs:
    """Pairs of segments to learn from and to test with, and one training."""

    pairs: int = 20_000
    tests: int = 1_000
    width: int = 64
    heads: int = 4
    layers: int = 3
    steps: int = 600
    batch: int = 32
    rate: float = 2e-3


@dataclass(frozen=True)
class Segments:
    """(first, second, whether the second follows) to learn from and to test with, and the words of the first."""

    train: list[tuple[Words, Words, bool]]
    test: list[tuple[Words, Words, bool]]
    words: Vocabulary


def prepare(kind: str, settings: Pairs, seed: int = 0) -> Segments:
    """Draw the pairs of a seed; true and false ones take turns."""
    if kind not in TEXTS:
        raise ValueError(f"text {kind!r} is unknown; it must be one of {', '.join(TEXTS)}")
    train = _pairs(kind, settings.pairs, seed, "train")
    test = _pairs(kind, settings.tests, seed + 6000, "test")
    known = {words for first, second, _ in train for words in (first, second)}
    test = [pair for pair in test if pair[0] not in known]
    return Segments(train, test, Vocabulary.from_texts([(MASK,), *known]))


def _pairs(kind: str, count: int, seed: int, part: str) -> list[tuple[Words, Words, bool]]:
    if kind == "stories":
        texts = [_halves(story) for story, _ in lab.headlines(2 * count, seed)]
    else:
        drawn = [one.english for one in lab.sentences(4 * count, seed, (3, 14), part=part)]
        texts = list(zip(drawn[::2], drawn[1::2], strict=True))
    true = [(first, second, True) for first, second in texts[:count:2]]
    other = [(texts[i][0], texts[(i + 2) % len(texts)][1], False) for i in range(1, count, 2)]
    found = true + other
    random.Random(seed).shuffle(found)
    return found


def _halves(story: Words) -> tuple[Words, Words]:
    """A story cut behind the full stop next to its middle."""
    stops = [i + 1 for i, word in enumerate(story) if word == "."][:-1]
    cut = min(stops, key=lambda i: abs(2 * i - len(story)))
    return story[:cut], story[cut:]


def encode(pair: tuple[Words, Words, bool], words: Vocabulary) -> tuple[list[int], list[int], list[int]]:
    """Tokens, segments (1 and 2; 0 is padding) and one label: 1 if the second follows, 2 if not."""
    first, second = [BOS, *words.encode(pair[0])], words.encode(pair[1])
    return [*first, *second], [1] * len(first) + [2] * len(second), [1 if pair[2] else 2]


@dataclass(frozen=True)
class _Masked:
    """Hidden words beside segments and labels: (inputs, hidden, tokens, segments, labels)."""

    plain: BucketedBatches
    masked: MaskedBatches

    def __len__(self) -> int:
        return len(self.plain)

    def epoch(self, number: int, skip: int = 0) -> Iterator[tuple[Tensor, ...]]:
        """Both views of the same batches."""
        both = zip(self.masked.epoch(number, skip), self.plain.epoch(number, skip), strict=True)
        for (inputs, hidden, tokens), (_, segments, labels) in both:
            yield inputs, hidden, segments, labels, tokens


def relation_loss(model: BertForPretraining, tokens: Tensor, segments: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Loss in nats a pair, and the share told right."""
    logits = model.relation_logits(model.bert(tokens, (segments - 1).clamp(min=0)))
    return F.cross_entropy(logits, labels[:, 0] - 1), (logits.argmax(dim=1) == labels[:, 0] - 1).float().mean()


def _loss(model: Any, batch: tuple[Tensor, ...]) -> tuple[Tensor, int]:
    """Both tasks at once, as in the paper: the sum of their mean losses."""
    inputs, hidden, segments, labels, tokens = batch
    states = model.bert(inputs, (segments - 1).clamp(min=0))
    words = cross_entropy(model.word_logits(states), tokens, hidden)
    return words + F.cross_entropy(model.relation_logits(states), labels[:, 0] - 1), int((tokens != PAD).sum())


def build(settings: Pairs, data: Segments) -> BertForPretraining:
    """An untrained BERT with both heads."""
    sizes = settings.layers, settings.heads, settings.width
    return BertForPretraining(BertConfig(len(data.words), 128, *sizes))


def train(model: BertForPretraining, data: Segments, settings: Pairs, seed: int = 0) -> Iterator[Step]:
    """Train on both tasks."""
    plain = BucketedBatches([encode(pair, data.words) for pair in data.train], settings.batch, seed)
    masked = MaskedBatches(plain, data.words.words.index(MASK), len(data.words), seed=seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.rate)
    rates = schedule(optimizer, warmup_linear(settings.steps // 10, settings.steps))
    plan = Plan(epochs=-(-settings.steps // len(plain)), steps=settings.steps, device="cpu")
    return fit(model, _loss, _Masked(plain, masked), optimizer, plan, scheduler=rates)


@torch.no_grad()
def measure(model: BertForPretraining, data: Segments) -> dict[str, float]:
    """On the test pairs: loss in nats beside ln 2, and the share told right."""
    model.eval()
    tokens, segments, labels = (pad(c) for c in zip(*(encode(pair, data.words) for pair in data.test), strict=True))
    loss, right = relation_loss(model, tokens, segments, labels)
    return {"loss": round(float(loss), 4), "ln 2": round(math.log(2), 4), "right": round(float(right), 4)}
