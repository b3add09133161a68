"""Transfer where it was usual first: a net that has learned to name shapes learns a second picture task.

Chapter 02's pictures, of one shape. First task: is it a square, a circle or a triangle? Second task: a triangle or a
cross? No cross was in the first one. Points are spoiled by chance, since clean pictures are so easy that nothing need
be transferred. Pictures of the second task's test are in neither training, also not with other points spoiled.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import torch
from torch import Tensor, nn

from utils import metrics
from utils.data.lab import pictures
from utils.experiments.labelled import class_loss, learn, predict
from utils.models.captions import PictureEncoder

FIRST = ("square", "circle", "triangle")
SECOND = ("triangle", "cross")
PARTS = ("first task", "labels of the second", "its test")
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
    spoiled: float = 0.15


def drawn(count: int, seed: int, kinds: tuple[str, ...], part: int) -> dict[tuple[int, ...], int]:
    """At most `count` different pictures of one shape of these kinds, as 144 colour ids row by row, and which it is.

    A picture belongs for good to one of three parts, by a checksum: there are some hundreds of each shape, so that one
    which were left out because it had been drawn before would leave the test with crosses alone.
    """
    found: dict[tuple[int, ...], int] = {}
    for picture, words in pictures.pictures(20 * count + 100, seed, shapes=(1, 1)):
        points = tuple(point for row in picture for point in row)
        if words[2] in kinds and zlib.crc32(bytes(points)) % len(PARTS) == part and len(found) < count:
            found[points] = kinds.index(words[2])
    return found


def spoil(clean: dict[tuple[int, ...], int], count: int, share: float, seed: int) -> list[Example]:
    """`count` pictures, the clean ones in turn; each point has, with the probability `share`, a colour by chance."""
    rng = random.Random(f"spoiled {seed}")
    colours = range(len(pictures.COLOURS))
    return [
        (tuple(rng.choice(colours) if rng.random() < share else point for point in points), kind)
        for points, kind in islice(cycle(clean.items()), count)
    ]


@dataclass(frozen=True)
class Tasks:
    """Pictures of the first task, those of the second to draw labelled ones from, and its test."""

    first: list[Example]
    pool: list[Example]
    test: list[Example]


def tasks(plan: Second, seed: int) -> Tasks:
    """The pictures of a seed; none is in two of the three, whatever points are spoiled."""
    kinds, counts = (FIRST, SECOND, SECOND), (plan.first, max(plan.labels), plan.tests)
    clean = [drawn(min(count, 600), seed + k, kinds[k], k) for k, count in enumerate(counts)]
    return Tasks(*(spoil(clean[k], count, plan.spoiled, seed + k) for k, count in enumerate(counts)))


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
