"""Training and use of classifiers and taggers: what the lab tasks and the real data of chapter 02 share."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.data.batches import BucketedBatches, pad
from utils.data.tokens import PAD
from utils.pretrained import device_of
from utils.training.schedules import schedule, warmup_linear
from utils.training.trainer import Plan, fit

Example = tuple[Sequence[Any], Sequence[int]]
Tagged = tuple[tuple[str, ...], tuple[str, ...]]  # words and their tags


def tag_counts(train: Sequence[Tagged]) -> dict[str, Counter[str]]:
    """How often each word had which tag."""
    counts: dict[str, Counter[str]] = {}
    for words, tags in train:
        for word, tag in zip(words, tags, strict=True):
            counts.setdefault(word, Counter())[tag] += 1
    return counts


def commonest_tags(train: Sequence[Tagged]) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """The dumbest tagger: each word's commonest tag; for a word never read, the commonest tag of all."""
    counts = tag_counts(train)
    best = {word: tags.most_common(1)[0][0] for word, tags in counts.items()}
    rest = sum(counts.values(), Counter[str]()).most_common(1)[0][0]
    return lambda words: tuple(best.get(word, rest) for word in words)


def class_loss(model: Any, batch: tuple[Tensor, ...]) -> tuple[Tensor, int]:
    """A classifier's loss: batch (inputs, labels (B, 1)) -> mean negative log-likelihood in nats, texts."""
    source, label = batch
    return F.cross_entropy(model(source), label[:, 0]), len(label)


def tag_loss(model: Any, batch: tuple[Tensor, ...]) -> tuple[Tensor, int]:
    """A tagger's loss: batch (inputs (B, T), labels (B, T), PAD on padding) -> mean in nats over real words, words."""
    source, labels = batch
    real = labels != PAD
    return F.cross_entropy(model(source)[real], labels[real]), int(real.sum())


def learn(
    model: nn.Module,
    loss: Callable[..., tuple[Tensor, int]],
    examples: Sequence[Example],
    steps: int,
    rate: float,
    batch: int = 64,
    seed: int = 0,
    precision: str = "no",
    watch: Callable[[nn.Module], float] | None = None,
) -> list[float]:
    """Train with AdamW, a short warm-up and a linear fall: the loss of each step.

    `watch` scores the model on held-out data after every epoch, higher is better; the best weights are kept.
    """
    batches = BucketedBatches(examples, batch, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    rates = schedule(optimizer, warmup_linear(min(30, steps - 1), steps))
    plan = Plan(epochs=-(-steps // len(batches)), steps=steps, device="cpu", precision=precision)
    losses, best, weights = [], float("-inf"), None
    for step in fit(model, loss, batches, optimizer, plan, scheduler=rates):
        losses.append(step.loss)
        if watch and (step.ends_epoch or step.number == steps):
            score = watch(model)
            if score > best:
                best, weights = score, copy.deepcopy(model.state_dict())
    if weights is not None:
        model.load_state_dict(weights)
    model.eval()
    return losses


@torch.no_grad()
def predict(model: nn.Module, inputs: Sequence[Sequence[Any]], size: int = 256) -> list[Tensor]:
    """The best label of every text (), or of every word (T,), in the order of the inputs."""
    model.eval()
    device = device_of(model)
    order = sorted(range(len(inputs)), key=lambda i: len(inputs[i]))  # of one length, little is padding
    found: dict[int, Tensor] = {}
    for begin in range(0, len(order), size):
        some = order[begin : begin + size]
        best = model(pad([inputs[i] for i in some]).to(device)).argmax(dim=-1).cpu()
        found |= {i: row[: len(inputs[i])] if row.ndim else row for i, row in zip(some, best, strict=True)}
    return [found[i] for i in range(len(inputs))]
