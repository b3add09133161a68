"""Systems that sort texts with few labels: ULMFiT's classifier, frozen word vectors, naive Bayes.

Each is trained on labelled examples and gives back what it answers. What is chosen (the epoch of a net, the penalty
of a logistic regression) is chosen on dev sentences, which are more than the labels of the smallest setting.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils import metrics, pretrained
from utils.data.batches import BucketedBatches, pad
from utils.data.tokens import SPECIALS, Vocabulary
from utils.experiments.labelled import class_loss, predict
from utils.experiments.ulmfit_text import Example, Task
from utils.models.awd_lstm import AWDLSTM, AWDLSTMConfig, ULMFiTClassifier
from utils.models.naive_bayes import NaiveBayes
from utils.training.finetune import GradualUnfreezing, discriminative_rates, slanted_triangular
from utils.training.optimizers import adamw, minimise
from utils.training.schedules import schedule
from utils.training.trainer import Plan, fit

PENALTIES = (1e-4, 1e-3, 1e-2)

Answer = Callable[[Sequence[Example]], list[int]]
"""The classes that a finished system gives to texts."""
System = Callable[[Task, list[Example], int], tuple[Answer, float, int]]
"""(task, labelled examples, seed) -> a finished system, its dev accuracy, and how many numbers it has learned."""


@dataclass(frozen=True)
class Net:
    """How a classifier is trained: epochs over the labels; the rate of all layers, or of the last one with the tricks.

    An epoch has at least `fewest` steps, and there are fewer epochs where all together would have more than `most`.
    """

    epochs: int = 10
    fewest: int = 20
    most: int = 1_100
    batch: int = 32
    rate: float = 2e-3
    tricks: bool = False
    trick_rate: float = 5e-3
    factor: float = 2.6
    dropout: float = 0.6
    precision: str = "bf16"


def train_net(
    net: Net,
    sizes: AWDLSTMConfig,
    encoder: AWDLSTM | None,
    words: Vocabulary,
    task: Task,
    few: list[Example],
    seed: int,
) -> tuple[nn.Module, float]:
    """A classifier over an encoder's weights, or from scratch where there is none: the net, its best dev accuracy.

    All layers learn from the first step on, at one rate, so that only the first weights differ; with ULMFiT's tricks
    they thaw from the last one down, one an epoch, and lower ones learn more slowly. The rate is a slanted triangle.
    """
    torch.manual_seed(seed)
    model = ULMFiTClassifier(replace(sizes, dropout=net.dropout), task.classes)
    if encoder is not None:
        model.encoder.load_state_dict(encoder.state_dict())
    rows = [(words.encode(text), [label]) for text, label in few]
    rows *= -(-net.fewest * net.batch // len(rows))  # few labels are read often, so that an epoch is never short
    rows += rows[: len(rows) % net.batch == 1]  # batch norm can learn nothing from a batch of one
    batches: Any = BucketedBatches(rows, net.batch, seed)
    epochs, groups = max(1, min(net.epochs, net.most // len(batches))), model.groups()
    if net.tricks:
        batches = GradualUnfreezing(batches, groups)
    rate, factor = (net.trick_rate, net.factor) if net.tricks else (net.rate, 1.0)
    optimizer = adamw(discriminative_rates(groups, rate, factor), rate)
    rates = schedule(optimizer, slanted_triangular(epochs * len(batches)))
    best, weights = -1.0, copy.deepcopy(model.state_dict())
    plan = Plan(epochs=epochs, device="cpu", precision=net.precision)
    for step in fit(model, class_loss, batches, optimizer, plan, scheduler=rates):
        if step.ends_epoch:
            score = accuracy(guesses(model, words, task.dev), task.dev)
            if score >= best:  # of equal ones the later, in which more layers have learned
                best, weights = score, copy.deepcopy(model.state_dict())
    model.load_state_dict(weights)
    return model, best


def guesses(model: nn.Module, words: Vocabulary, examples: Sequence[Example]) -> list[int]:
    """The class that a net gives to each text."""
    return [int(best) for best in predict(model, [words.encode(text) for text, _ in examples])]


def accuracy(guessed: Sequence[int], examples: Sequence[Example]) -> float:
    """Accuracy in %."""
    return metrics.share([ours == label for ours, (_, label) in zip(guessed, examples, strict=True)]).value


def regression(features: Tensor, labels: Tensor, penalty: float, steps: int = 200) -> nn.Linear:
    """Logistic regression with an L2 penalty, by full-batch LBFGS from zeros: features (N, D), labels (N,)."""
    model = nn.Linear(features.shape[1], int(labels.max()) + 1)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)

    def loss() -> Tensor:
        return F.cross_entropy(model(features), labels) + penalty * model.weight.square().sum()

    minimise(model.parameters(), loss, steps)
    return model


@torch.no_grad()
def means(vectors: Tensor, words: Vocabulary, examples: Sequence[Example]) -> Tensor:
    """The mean of a text's word vectors, each of length 1: (N, D). EOS and words without a vector are left out."""
    unit = F.normalize(vectors, dim=1)
    unit[: len(SPECIALS)] = 0
    ids = pad([words.encode(text) for text, _ in examples])
    sums = unit[ids].sum(dim=1)  # (N, D)
    known = (unit[ids].abs().sum(dim=-1) > 0).sum(dim=1, keepdim=True)
    return sums / known.clamp(min=1)


def train_means(vectors: Tensor, words: Vocabulary, task: Task, few: list[Example]) -> tuple[Any, float]:
    """Logistic regression on means of frozen word vectors, its penalty chosen on dev: the model, its dev accuracy."""
    parts = [(means(vectors, words, some), torch.tensor([label for _, label in some])) for some in (few, task.dev)]
    scale = parts[0][0].std() + 1e-6  # the same for all dimensions
    best: tuple[float, Any] = (-1.0, None)
    for penalty in PENALTIES:
        model = regression(parts[0][0] / scale, parts[0][1], penalty)
        score = round(100 * float((model(parts[1][0] / scale).argmax(dim=1) == parts[1][1]).float().mean()), 2)
        best = max(best, (score, model), key=lambda found: found[0])
    chosen = best[1]
    return lambda some: model_guesses(chosen, means(vectors, words, some) / scale), best[0]


@torch.no_grad()
def model_guesses(model: nn.Module, features: Tensor) -> list[int]:
    """The class with the highest logit of each row."""
    return [int(label) for label in model(features).argmax(dim=1)]


def fine_tuned(net: Net, sizes: AWDLSTMConfig, words: Vocabulary, encoder: AWDLSTM | None) -> System:
    """A classifier on an encoder's weights, or from scratch where there is none."""

    def system(task: Task, few: list[Example], seed: int) -> tuple[Answer, float, int]:
        model, dev = train_net(net, sizes, encoder, words, task, few, seed)
        return lambda some: guesses(model, words, some), dev, pretrained.parameters(model)

    return system


def on_vectors(vectors: Tensor, words: Vocabulary) -> System:
    """Logistic regression on means of frozen word vectors."""

    def system(task: Task, few: list[Example], seed: int) -> tuple[Answer, float, int]:
        answer, dev = train_means(vectors, words, task, few)
        return answer, dev, task.classes * (vectors.shape[1] + 1)

    return system


def by_counts() -> System:
    """Naive Bayes, with the order and smoothing that are best on dev."""

    def system(task: Task, few: list[Example], seed: int) -> tuple[Answer, float, int]:
        found = []
        for order, smoothing in product((1, 2), (0.3, 1.0)):
            model = NaiveBayes(order, smoothing).fit(*zip(*few, strict=True))
            found.append((accuracy([model.predict(text) for text, _ in task.dev], task.dev), model))
        dev, best = max(found, key=lambda each: each[0])
        return lambda some: [best.predict(text) for text, _ in some], dev, best.parameters()

    return system


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Mean, lowest and highest test accuracy over the seeds, by system and number of labels."""
    cells: dict[str, dict[str, Any]] = {}
    for row in rows:
        cells.setdefault(row["system"], {}).setdefault(f"{row['labels']} labels", []).append(row["test"])
    return {
        system: {
            labels: {"mean": round(sum(some) / len(some), 2), "low": min(some), "high": max(some)}
            for labels, some in by_labels.items()
        }
        for system, by_labels in cells.items()
    }
