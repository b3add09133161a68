"""Tuning a whole pretrained net on SST-2 with few labels and all, beside the same net with chance weights.

What BERT and GPT share: how examples are drawn, how long and how fast is trained, and how it is scored. Both kinds of
weights get the same steps, rates, batches and seeds. No epoch is chosen afterwards; what was chosen beforehand was
chosen on dev.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from utils import metrics, pretrained
from utils.data.batches import BucketedBatches
from utils.experiments.labelled import class_loss, predict
from utils.experiments.real_text import readable
from utils.experiments.run import Run
from utils.experiments.sentiment import few, rows
from utils.training.optimizers import adamw
from utils.training.schedules import schedule, warmup_linear
from utils.training.trainer import Plan, fit

SYSTEMS = ("pretrained", "chance weights")
Build = Callable[[str, int], nn.Module]
Encode = Callable[[str], list[int]]


@dataclass(frozen=True)
class Tuning:
    """`steps` batches where labels are few, `epochs` with all of them, on the seeds of `whole` instead of `seeds`.

    `control` are the numbers of labels at which chance weights are tuned too. To try the code, `tiny` replaces the net
    by one of these sizes (width, layers, heads), and `sentences` limits all parts.
    """

    rate: float
    labels: tuple[int | None, ...] = (20, 100, 500, None)
    seeds: tuple[int, ...] = (0, 1, 2)
    whole: tuple[int, ...] = (0,)
    control: tuple[int | None, ...] = (20, 100, 500, None)
    batch: int = 16
    steps: int = 60
    epochs: int = 2
    dropout: float = 0.1
    precision: str = "bf16"
    tiny: tuple[int, int, int] | None = None
    sentences: int | None = None


def sentences(split: str, limit: int | None = None) -> list[tuple[str, int]]:
    """Readable sentences of a split with their labels; the first of each class where a trial limits them."""
    every = rows(split)
    kept = every if limit is None else few(every, limit)
    return [(readable(" ".join(words)), label) for words, label in kept]


def tune(plan: Tuning, model: nn.Module, examples: Sequence[tuple[list[int], list[int]]], seed: int) -> nn.Module:
    """Train all of a classifier with AdamW, a tenth of the steps of warm-up and a linear fall."""
    repeated = list(examples) * -(-plan.steps * plan.batch // (2 * len(examples)))
    batches = BucketedBatches(repeated, plan.batch, seed)
    steps = max(plan.steps, plan.epochs * -(-len(examples) // plan.batch))
    optimizer = adamw(model.parameters(), plan.rate)
    rates = schedule(optimizer, warmup_linear(max(1, steps // 10), steps))
    shape = Plan(epochs=-(-steps // len(batches)), steps=steps, device="cpu", precision=plan.precision)
    for _ in fit(model, class_loss, batches, optimizer, shape, scheduler=rates):
        pass
    return model.eval()


def accuracy(model: nn.Module, ids: Sequence[list[int]], truth: Sequence[int], precision: str) -> metrics.Share:
    """The share of right labels in %, with its interval."""
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
        found = predict(model, ids, 64)
    return metrics.share([int(ours) == label for ours, label in zip(found, truth, strict=True)])


def sweep(run: Run, plan: Tuning, build: Build, encode: Encode, systems: Sequence[str] = SYSTEMS) -> dict[str, Any]:
    """Every number of labels with every seed and system: tuned once, scored on test.

    A killed run is taken up again. `build(system, seed)` makes a classifier, `encode` turns a sentence into ids. The
    result has "labels" (a row a training), "means" (with ranges) and "whole" (the first system with all labels and the
    first seed).
    """
    train, test = sentences("train", plan.sentences), sentences("test", plan.sentences)
    ids, truth = [encode(text) for text, _ in test], [label for _, label in test]
    found = run.memory.setdefault("found", [])
    for count in plan.labels:
        for seed in plan.seeds if count else plan.whole:
            for system in systems if count in plan.control else systems[:1]:
                mark = {"system": system, "labels": count or len(train), "seed": seed}
                if any(mark.items() <= row.items() for row in found):
                    continue
                began = time.process_time()
                drawn = few([((text,), label) for text, label in train], count, seed)
                torch.manual_seed(seed)
                model = build(system, seed)
                tune(plan, model, [(encode(text), [label]) for (text,), label in drawn], seed)
                seconds = round(time.process_time() - began, 1)
                share = accuracy(model, ids, truth, plan.precision)
                found.append(mark | {"test": share.value, "interval": list(share[1:]), "seconds": seconds,
                                     "parameters": pretrained.parameters(model)})  # fmt: skip
                run.remember()
    first = {"system": systems[0], "labels": len(train), "seed": plan.whole[0]}
    whole = next((row for row in found if first.items() <= row.items()), found[-1])
    return {"labels": found, "means": means(found), "whole": whole}


def means(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mean, lowest and highest test score of each system at each number of labels."""
    table = []
    for system, count in dict.fromkeys((row["system"], row["labels"]) for row in found):
        tests = [row["test"] for row in found if (row["system"], row["labels"]) == (system, count)]
        table.append({"system": system, "labels": count, "mean": round(sum(tests) / len(tests), 2),
                      "low": min(tests), "high": max(tests), "seeds": len(tests)})  # fmt: skip
    return table
