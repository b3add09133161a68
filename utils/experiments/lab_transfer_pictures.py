"""Transfer where it was usual first: a net that learned to write captions learns a second picture task from few labels.

First task: chapter 02's pictures and captions, but only those without a cross. Second task: which of two shapes a
picture shows, a triangle or a cross, in any colour and place. No scene of the test part was seen in either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from utils import metrics
from utils.data.lab import pictures
from utils.experiments.labelled import class_loss, learn, predict
from utils.experiments.shape_tasks import Pair, Size, train_writer
from utils.models.captions import PictureEncoder

SECOND = ("triangle", "cross")
Weights = dict[str, Tensor]


class PictureClassifier(nn.Module):
    """What a captioner sees a picture with, and a new linear layer: (B, N*N) colour ids -> logits (B, C)."""

    def __init__(self, hidden: int, classes: int = len(SECOND)):
        super().__init__()
        self.encoder = PictureEncoder(len(pictures.COLOURS), hidden)
        self.output = nn.Linear(hidden, classes)

    def forward(self, source: Tensor) -> Tensor:
        """Logits of the classes, (B, C)."""
        logits: Tensor = self.output(self.encoder.context(source))
        return logits


@dataclass(frozen=True)
class Second:
    """The first task's training, and the second one's: steps, rate, labels and how many pictures test it."""

    first: Size = field(default_factory=lambda: Size(train=3_000, hidden=96, steps=600, rate=3e-3))
    steps: int = 100
    rate: float = 2e-3
    tests: int = 500
    labels: tuple[int, ...] = (10, 20, 50, 100, 200)
    seeds: tuple[int, ...] = (0, 1, 2)
    times: int = 10


def flat(picture: pictures.Picture) -> tuple[int, ...]:
    """The points of a picture, row by row."""
    return tuple(point for row in picture for point in row)


def first_task(size: Size, seed: int) -> list[Pair]:
    """Pictures of one or two shapes without a cross, and their captions."""
    drawn = pictures.pictures(3 * size.train, seed, "train", (1, 2))
    return [(flat(picture), words) for picture, words in drawn if "cross" not in words][: size.train]


def second_task(count: int, seed: int, part: str) -> list[Pair]:
    """Pictures of one or two shapes, of which just one is a triangle or a cross, and which of them it is."""
    found: list[Pair] = []
    for picture, words in pictures.pictures(6 * count + 50, seed + 500, part, (2, 2)):
        kinds = [SECOND.index(word) for word in words if word in SECOND]
        if len(kinds) == 1:
            found.append((flat(picture), kinds[0]))
    return found[:count]


def learned(size: Size, seed: int) -> Weights:
    """The weights of a picture encoder that has learned to write captions."""
    encoder: nn.Module = train_writer(first_task(size, seed), size, seed).model.encoder
    return {name: value.clone() for name, value in encoder.state_dict().items()}


def second(
    start: Weights | None, labelled: Sequence[Pair], test: Sequence[Pair], plan: Second, seed: int, times: int = 1
) -> float:
    """Train on the second task from the weights `start`, or from random ones: accuracy on test in %."""
    torch.manual_seed(seed + 1)
    model = PictureClassifier(plan.first.hidden)
    if start is not None:
        model.encoder.load_state_dict(start)
    examples = [(picture, [label]) for picture, label in labelled]
    learn(model, class_loss, examples, times * plan.steps, plan.rate, min(32, len(examples)), seed)
    found = predict(model, [picture for picture, _ in test])
    return metrics.share([int(ours) == label for ours, (_, label) in zip(found, test, strict=True)]).value
