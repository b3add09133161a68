"""Chapter 06's classifiers: one net, started from random or learned weights, tuned with or without the three tricks.

Every training has the same number of steps, whatever the number of labels: few labels are read often. No labelled
review is held back to choose anything; rates and steps were found with seed 100 and its dev reviews.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from utils import metrics
from utils.data.batches import BucketedBatches
from utils.experiments.lab_transfer_text import Review, Settings, Texts, config
from utils.experiments.labelled import class_loss, predict
from utils.models.awd_lstm import ULMFiTClassifier
from utils.models.naive_bayes import NaiveBayes
from utils.models.word_vectors import word_vectors
from utils.training.finetune import GradualUnfreezing, discriminative_rates
from utils.training.optimizers import adamw, minimise
from utils.training.schedules import schedule, slanted_triangular
from utils.training.trainer import Plan, Step, fit

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Recipe:
    """How a classifier is tuned: the three tricks, the highest rate, and epochs of so many steps of `batch` reviews.

    With gradual unfreezing one part more learns in each epoch: the head, the upper layer, the lower one, the embedding.
    """

    discriminative: bool = True
    slanted: bool = True
    gradual: bool = True
    rate: float = 1e-2
    epochs: int = 10
    steps: int = 25
    batch: int = 32

    def longer(self, times: int) -> Recipe:
        """The same with `times` the epochs."""
        return replace(self, epochs=times * self.epochs)


PLAIN = Recipe(False, True, False, rate=5e-3)


class Repeated(BucketedBatches):
    """Epochs of a fixed number of batches: examples begin anew, in another order, when all were read."""

    def __init__(self, examples: Sequence[Any], size: int, steps: int, seed: int = 0):
        super().__init__(examples, min(size, len(examples)), seed)
        self.steps = steps

    def __len__(self) -> int:
        return self.steps

    def epoch(self, number: int, skip: int = 0) -> Iterator[tuple[Tensor, ...]]:
        """The batches of an epoch, from batch `skip` on."""
        each = super().__len__()
        for step in range(number * self.steps + skip, (number + 1) * self.steps):
            yield next(iter(super().epoch(step // each, step % each)))


def few(examples: Sequence[Review], count: int) -> list[Review]:
    """The first `count` reviews, half of each kind; more include the fewer."""
    halves = [[row for row in examples if row[1] == label][: count // 2] for label in (0, 1)]
    if count % 2 or min(map(len, halves)) < count // 2:
        raise ValueError(f"count {count} must be even, and at most twice the rarer label of {len(examples)} reviews")
    return [row for pair in zip(*halves, strict=True) for row in pair]


def labels_needed(scores: Mapping[int, float], target: float) -> float:
    """At how many labels a curve (labels, growing -> score) first reaches the target; infinity if it never does.

    Between two points along the straight line over the logarithm of the labels, as a figure with such an axis shows it.
    """
    points = list(scores.items())
    if points[0][1] >= target:
        return points[0][0]
    for (less, low), (more, high) in pairwise(points):
        if low < target <= high:
            return float(less * (more / less) ** ((target - low) / (high - low)))
    return math.inf


def build(texts: Texts, settings: Settings, start: Weights | None, seed: int) -> ULMFiTClassifier:
    """A classifier whose encoder begins with the weights `start`, or with random ones; its head is always new."""
    torch.manual_seed(seed)
    model = ULMFiTClassifier(config(settings, texts), 2)
    if start is not None:
        model.encoder.load_state_dict(start)
    return model


def train(model: Any, texts: Texts, labelled: Sequence[Review], recipe: Recipe, seed: int = 0) -> Iterator[Step]:
    """Tune a classifier on labelled reviews by a recipe."""
    examples = [(texts.read(words), [label]) for words, label in labelled]
    batches: Any = Repeated(examples, recipe.batch, recipe.steps, seed)
    groups = model.groups()
    factor = 2.6 if recipe.discriminative else 1.0
    optimizer = adamw(discriminative_rates(groups, recipe.rate, factor), recipe.rate, betas=(0.7, 0.99))
    rates = schedule(optimizer, slanted_triangular(recipe.epochs * recipe.steps)) if recipe.slanted else None
    if recipe.gradual:
        batches = GradualUnfreezing(batches, groups)
    return fit(model, class_loss, batches, optimizer, Plan(epochs=recipe.epochs, device="cpu"), scheduler=rates)


def accuracy(model: Any, texts: Texts, reviews: Sequence[Review]) -> float:
    """Share of right labels, in %."""
    found = predict(model, [texts.read(words) for words, _ in reviews])
    return metrics.share([int(ours) == label for ours, (_, label) in zip(found, reviews, strict=True)]).value


def naive_bayes(labelled: Sequence[Review], reviews: Sequence[Review]) -> float:
    """Naive Bayes over words and pairs of words: accuracy in %."""
    model = NaiveBayes(2).fit(*zip(*labelled, strict=True))
    return metrics.share([model.predict(words) == label for words, label in reviews]).value


def vectors(texts: Texts, width: int = 48) -> Tensor:
    """Word vectors (V, width) counted in all text without labels, general and target."""
    return word_vectors(
        [texts.words.encode(text)[:-1] for text in texts.general + texts.target], len(texts.words), width
    )


def frozen(
    table: Tensor, texts: Texts, labelled: Sequence[Review], reviews: Sequence[Review], decay: float = 1e-3
) -> float:
    """The mean of the words' frozen vectors, and logistic regression on it: accuracy in %."""

    def means(part: Sequence[Review]) -> Tensor:
        rows = [table[torch.tensor(texts.words.encode(words)[:-1])].mean(dim=0) for words, _ in part]
        return torch.stack(rows)

    x, y = means(labelled), torch.tensor([float(label) for _, label in labelled])
    middle, spread = x.mean(dim=0), x.std(dim=0) + 1e-6
    x, w, b = (x - middle) / spread, torch.zeros(x.shape[1], requires_grad=True), torch.zeros((), requires_grad=True)

    def loss() -> Tensor:
        return torch.nn.functional.binary_cross_entropy_with_logits(x @ w + b, y) + decay * w.square().sum()

    minimise([w, b], loss, steps=100)
    found = ((means(reviews) - middle) / spread @ w + b) > 0
    return metrics.share([bool(ours) == bool(label) for ours, (_, label) in zip(found, reviews, strict=True)]).value
