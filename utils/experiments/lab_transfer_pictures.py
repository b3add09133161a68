"""Transfer where it was usual first: a net that has learned to name shapes learns a second picture task.

Chapter 02's pictures, of one shape. First task: is it a square, a circle or a triangle? Second task: a triangle or a
cross? No cross was in the first one. Pictures of the second task's test are in neither training.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from utils import metrics
from utils.data.lab import pictures
from utils.experiments.labelled import class_loss, learn, predict
from utils.models.captions import PictureEncoder

FIRST = ("square", "circle", "triangle")
SECOND = ("triangle", "cross")
Example = tuple[tuple[int, ...], int]
Weights = dict[str, Tensor]


class PictureClassifier(nn.Module):
    """What chapter 02's captioner sees a picture with, and a linear layer: (B, N*N) colour ids -> logits (B, C)."""

    def __init__(self, hidden: int, classes: int):
        super().__init__()
        self.encoder = PictureEncoder(len(pictures.COLOURS), hidden)
        self.output = nn.Linear(hidden, classes)

    def forward(self, source: Tensor) -> Tensor:
        """Logits of the classes, (B, C)."""
        logits: Tensor = self.output(self.encoder.context(source))
        return logits


@dataclass(frozen=True)
class Second:
    """The training of the first task and of the second one, its labels and tests, and the patient control."""

    hidden: int = 64
    first: int = 3_000
    first_steps: int = 600
    steps: int = 150
    rate: float = 2e-3
    tests: int = 500
    labels: tuple[int, ...] = (10, 20, 50)
    seeds: tuple[int, ...] = (0, 1, 2)
    times: int = 4


def drawn(count: int, seed: int, kinds: tuple[str, ...], without: Collection[tuple[int, ...]] = ()) -> list[Example]:
    """Different pictures of one shape of these kinds, as 144 colour ids row by row, and which kind it is."""
    found: dict[tuple[int, ...], int] = {}
    for picture, words in pictures.pictures(8 * count + 100, seed, shapes=(1, 1)):
        points = tuple(point for row in picture for point in row)
        if words[2] in kinds and points not in without and len(found) < count:
            found[points] = kinds.index(words[2])
    return list(found.items())


@dataclass(frozen=True)
class Tasks:
    """Pictures of the first task, those of the second to draw labelled ones from, and its test."""

    first: list[Example]
    pool: list[Example]
    test: list[Example]


def tasks(plan: Second, seed: int) -> Tasks:
    """The pictures of a seed."""
    first = drawn(plan.first, seed, FIRST)
    pool = drawn(max(plan.labels), seed + 1_000, SECOND)
    return Tasks(first, pool, drawn(plan.tests, seed + 2_000, SECOND, {points for points, _ in first + pool}))


def train(
    examples: Sequence[Example],
    classes: int,
    hidden: int,
    steps: int,
    rate: float,
    seed: int,
    start: Weights | None = None,
) -> PictureClassifier:
    """A classifier of pictures, from the weights `start` of what sees, or from random ones."""
    torch.manual_seed(seed)
    model = PictureClassifier(hidden, classes)
    if start is not None:
        model.encoder.load_state_dict(start)
    learn(model, class_loss, [(points, [kind]) for points, kind in examples], steps, rate, min(32, len(examples)), seed)
    return model


def learned(plan: Second, found: Tasks, seed: int) -> Weights:
    """What sees, after the first task."""
    model = train(found.first, len(FIRST), plan.hidden, plan.first_steps, 5e-3, seed)
    return {name: value.clone() for name, value in model.encoder.state_dict().items()}


def second(plan: Second, found: Tasks, count: int, seed: int, start: Weights | None, times: int = 1) -> float:
    """Accuracy on the second task's test in %, after training on `count` labels."""
    model = train(found.pool[:count], len(SECOND), plan.hidden, times * plan.steps, plan.rate, seed + 1, start)
    guesses = predict(model, [points for points, _ in found.test])
    return metrics.share([int(ours) == kind for ours, (_, kind) in zip(guesses, found.test, strict=True)]).value
