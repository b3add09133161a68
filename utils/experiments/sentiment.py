"""Sentiment of real sentences (SST-2): the first rows of the scoreboard, naive Bayes and an LSTM.

    python -m utils.experiments sentiment/naive_bayes
    python -m utils.experiments sentiment/lstm

Socher et al. 2013, "Recursive Deep Models for Semantic Compositionality": sentences of film reviews with two classes.
Every system of the course learns from `rows("train")` or from `few` of it, is chosen by "dev", and is scored once on
"test" by `score`. Seconds in the rows are processor seconds of one training.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from utils import metrics, pretrained
from utils.data import sources
from utils.data.tokens import Vocabulary
from utils.experiments.labelled import class_loss, learn, predict
from utils.experiments.run import Run
from utils.models.naive_bayes import NaiveBayes
from utils.models.rnn_heads import Classifier, RecurrentConfig

METRIC = "SST-2 test, accuracy in %"
LABELS = (100, 500, None)  # sizes of the training part that all systems are compared at; None is all of it
SEEN = {1: "single words", 2: "words and pairs", 3: "words, pairs and triples"}
Row = tuple[tuple[str, ...], int]


def rows(split: str) -> list[Row]:
    """(words, 1 for praise or 0 for blame) of "train" (6,920 sentences), "dev" (872) or "test" (1,821)."""
    return [(tuple(sentence.split()), label) for sentence, label in sources.load("sst2", split=split)]


def few(examples: Sequence[Row], count: int | None, seed: int = 0) -> list[Row]:
    """`count` examples drawn by a seed, half of each class; all if it is None. More include the fewer of a seed."""
    if count is None:
        return list(examples)
    if count % 2 or not 2 <= count <= len(examples):
        raise ValueError(f"count {count} must be an even number from 2 to {len(examples)}")
    drawn = random.Random(f"few labels {seed}").sample(list(examples), len(examples))
    halves = [[row for row in drawn if row[1] == label][: count // 2] for label in (0, 1)]
    if min(map(len, halves)) < count // 2:
        raise ValueError(f"count {count} must be an even number, at most twice the rows of the rarer label")
    return [row for pair in zip(*halves, strict=True) for row in pair]


def score(predicted: Sequence[int], split: str = "test") -> metrics.Share:
    """Accuracy in % on a split, with its 95 % interval."""
    return metrics.share([int(ours) == label for ours, (_, label) in zip(predicted, rows(split), strict=True)])


def board_row(system: str, chapter: str, found: metrics.Share, **others: Any) -> dict[str, Any]:
    """A row of the scoreboard; `others` are parameters, pretraining_data, seconds and device."""
    place = {"board": "sentiment", "system": system, "chapter": chapter, "metric": METRIC}
    return place | as_metric(found) | others


def as_metric(found: metrics.Share) -> dict[str, float]:
    """A share as records keep a score with its interval."""
    return {"score": found.value, "low": found.low, "high": found.high}


@dataclass(frozen=True)
class Bayes:
    """The orders and smoothings that dev chooses from, and the seeds that draw few labels."""

    orders: tuple[int, ...] = (1, 2, 3)
    smoothings: tuple[float, ...] = (0.3, 1.0)
    labels: tuple[int | None, ...] = LABELS
    seeds: tuple[int, ...] = (0, 1, 2)


def naive_bayes(run: Run) -> None:
    """Choose order and smoothing on dev, score once on test; then the same model with few labels."""
    plan: Bayes = run.settings
    train, dev, test = (rows(split) for split in ("train", "dev", "test"))
    texts = {split: [text for text, _ in part] for split, part in (("dev", dev), ("test", test))}
    choices: list[dict[str, Any]] = []
    for order in plan.orders:
        for smoothing in plan.smoothings:
            model = NaiveBayes(order, smoothing).fit(*zip(*train, strict=True))
            found = score([model.predict(text) for text in texts["dev"]], "dev")
            choices.append({"words in a row": order, "smoothing": smoothing, "dev": found.value})
    best = max(choices, key=lambda choice: choice["dev"])
    curve = []
    for count in plan.labels:
        for seed in plan.seeds if count else plan.seeds[:1]:
            began = time.process_time()
            model = NaiveBayes(best["words in a row"], best["smoothing"])
            model.fit(*zip(*few(train, count, seed), strict=True))
            seconds = round(time.process_time() - began, 2)
            found = score([model.predict(text) for text in texts["test"]])
            curve.append({"labels": count or len(train), "seed": seed, "test": found.value})
    last = {"parameters": model.parameters(), "pretraining_data": "none", "seconds": seconds, "device": "cpu"}
    run.found |= {
        "curves": {"choices": choices, "labels": curve},
        "metrics": {METRIC: as_metric(found), "chosen on dev": best},
        "scoreboard": [board_row(f"naive Bayes, {SEEN[best['words in a row']]}", "02", found, **last)],
        "samples": mistakes(model, test),
        "sizes": {"training sentences": len(train), "parameters": model.parameters()},
        "seeds": list(plan.seeds),
    }


def mistakes(model: NaiveBayes, test: Sequence[Row], count: int = 6) -> list[dict[str, Any]]:
    """The sentences of up to twelve words that the model is surest of and wrong about."""

    def odds(text: Sequence[str]) -> float:
        scores = model.scores(text)
        return scores[1] - scores[0]

    wrong = [(abs(odds(t)), t, y) for t, y in test if len(t) <= 12 and (odds(t) > 0) != bool(y)]
    return [
        {"sentence": " ".join(text), "right": ("blame", "praise")[label], "nats on the wrong side": round(by, 2)}
        for by, text, label in sorted(wrong, reverse=True)[:count]
    ]


@dataclass(frozen=True)
class Lstm:
    """The nets that dev chooses from (by their mean over the seeds), and how each is trained."""

    variants: tuple[tuple[str, dict[str, Any]], ...] = (("both ways", {"bidirectional": True, "hidden": 64}),)
    labels: tuple[int | None, ...] = LABELS
    seeds: tuple[int, ...] = (0, 1, 2)
    embedding: int = 100
    dropout: float = 0.5
    rate: float = 2e-3
    batch: int = 32
    epochs: int = 4
    fewest_steps: int = 100
    min_count: int = 2
    precision: str = "bf16"


def train_lstm(plan: Lstm, net: dict[str, Any], train: Sequence[Row], dev: Sequence[Row], seed: int) -> Any:
    """One LSTM from scratch, the epoch chosen on dev: model and vocabulary."""
    words = Vocabulary.from_texts((text for text, _ in train), plan.min_count)
    torch.manual_seed(seed)
    config = RecurrentConfig(len(words), 2, "LSTM", plan.embedding, dropout=plan.dropout, **net)
    model, held_out = Classifier(config), [words.encode(text) for text, _ in dev]
    # Rare words keep the vector they begin with: let it be small, so that it says little.
    torch.nn.init.normal_(model.embedding.weight, std=0.1)

    def accuracy(model: torch.nn.Module) -> float:
        return score([int(found) for found in predict(model, held_out)], "dev").value

    examples = [(words.encode(text), [label]) for text, label in train]
    # Few sentences are read often: an epoch is at least half of the fewest steps.
    examples *= -(-plan.fewest_steps * plan.batch // (2 * len(examples)))
    steps = max(plan.fewest_steps, plan.epochs * -(-len(examples) // plan.batch))
    learn(model, class_loss, examples, steps, plan.rate, plan.batch, seed, plan.precision, watch=accuracy)
    return model, words


def lstm(run: Run) -> None:
    """Train every variant on every seed, choose by dev, and score the chosen one on test, with few labels too."""
    plan: Lstm = run.settings
    train, dev, test = (rows(split) for split in ("train", "dev", "test"))
    found = run.memory.setdefault("found", [])
    chosen = ""
    for count in sorted(plan.labels, key=lambda size: size is not None):  # all labels first: they choose
        for name, net in plan.variants:
            for seed in plan.seeds:
                mark = {"net": name, "labels": count or len(train), "seed": seed}
                if (count and name != chosen) or any(mark.items() <= row.items() for row in found):
                    continue
                began = time.process_time()
                model, words = train_lstm(plan, net, few(train, count, seed), dev, seed)
                seconds = round(time.process_time() - began, 1)
                guess = {
                    split: [int(p) for p in predict(model, [words.encode(text) for text, _ in part])]
                    for split, part in (("dev", dev), ("test", test))
                }
                scores = {split: list(score(ours, split)) for split, ours in guess.items()}
                size = pretrained.parameters(model)
                found.append(mark | scores | {"parameters": size, "seconds": seconds})
                run.remember()
        if count is None:
            chosen = choose(found)
    finish(run, plan, found, chosen)


def choose(found: Sequence[dict[str, Any]]) -> str:
    """The variant with the highest mean on dev."""
    names = list(dict.fromkeys(row["net"] for row in found))
    return max(names, key=lambda name: sum(row["dev"][0] for row in found if row["net"] == name))


def finish(run: Run, plan: Lstm, found: list[dict[str, Any]], chosen: str) -> None:
    """Put into the record: the choice, the test scores of the chosen net, and the row of its best seed on dev."""
    whole = [row for row in found if row["net"] == chosen and row["labels"] == max(r["labels"] for r in found)]
    best = max(whole, key=lambda row: row["dev"][0])
    test = metrics.Share(*best["test"])
    cost = {"parameters": best["parameters"], "pretraining_data": "none", "seconds": best["seconds"], "device": "cpu"}
    run.found |= {
        "curves": {
            "choices": [{"net": r["net"], "seed": r["seed"], "dev": r["dev"][0]} for r in found if r["labels"] > 500],
            "labels": [
                {"labels": r["labels"], "seed": r["seed"], "test": r["test"][0]} for r in found if r["net"] == chosen
            ],
        },
        "metrics": {
            METRIC: as_metric(test),
            "chosen on dev": {"net": chosen, "seed": best["seed"]},
            "test, every seed": {f"seed {row['seed']}": row["test"][0] for row in whole},
        },
        "scoreboard": [board_row(f"LSTM, {chosen}, from scratch", "02", test, **cost)],
        "sizes": {"parameters": best["parameters"], "dropout": plan.dropout, "epochs at most": plan.epochs},
        "seeds": list(plan.seeds),
    }


EXPERIMENTS = {"naive_bayes": naive_bayes, "lstm": lstm}
_TINY = Lstm((("both ways", {"bidirectional": True, "hidden": 8}),), (100, None), (0,), 8, epochs=1, fewest_steps=3)
PRESETS: dict[str, dict[str, Any]] = {
    "naive_bayes": {"smoke": Bayes((1,), (1.0,), (100, None), (0,)), "cpu": Bayes()},
    "lstm": {"smoke": _TINY, "cpu": Lstm()},
}
