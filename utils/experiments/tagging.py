"""A tag for every word of real text: parts of speech (Brown) and entities (WNUT-17).

    python -m utils.experiments tagging/brown
    python -m utils.experiments tagging/wnut17

The sets, and the dumbest taggers: `tagged_text`. Words read fewer than twice are known to the nets by their `signature`
alone. Left out on purpose: a net over the letters of a word, and vectors from other texts.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from utils import metrics, pretrained
from utils.experiments.labelled import Tagged, commonest_tags, learn, predict, tag_loss
from utils.experiments.run import Run
from utils.experiments.tagged_text import (
    Lexicon,
    Words,
    brown,
    capital_runs,
    known_entities,
    wnut17,
)
from utils.models.rnn_heads import RecurrentConfig, Tagger


@dataclass(frozen=True)
class Task:
    """Sizes of the nets, how they are trained, and how much of a set is used (None: all of it)."""

    train: int | None = None
    dev: int | None = None
    test: int | None = None
    embedding: int = 64
    hidden: int = 96
    dropout: float = 0.3
    epochs: int = 3
    batch: int = 32
    rate: float = 3e-3
    precision: str = "bf16"
    seeds: tuple[int, ...] = (0, 1, 2)


WAYS = {"LSTM, one way": False, "LSTM, both ways": True}


def train_tagger(plan: Task, lexicon: Lexicon, parts: dict[str, list[Tagged]], both: bool, seed: int, good: Any) -> Any:
    """A tagger from scratch; the epoch with the best `good(tags, gold)` on dev is kept."""
    torch.manual_seed(seed)
    sizes = RecurrentConfig(len(lexicon.words), len(lexicon.tags) + 1, "LSTM", plan.embedding, plan.hidden)
    model = Tagger(replace(sizes, bidirectional=both, dropout=plan.dropout))
    torch.nn.init.normal_(model.embedding.weight, std=0.1)  # rare words keep theirs: it should say little
    gold = [tags for _, tags in parts["dev"]]
    examples = [lexicon.example(tagged) for tagged in parts["train"]]
    steps = plan.epochs * -(-len(examples) // plan.batch)

    def watch(model: torch.nn.Module) -> float:
        return float(good(tag(model, lexicon, parts["dev"]), gold))

    learn(model, tag_loss, examples, steps, plan.rate, plan.batch, seed, plan.precision, watch=watch)
    return model


def tag(model: torch.nn.Module, lexicon: Lexicon, part: Sequence[Tagged]) -> list[Words]:
    """The tags that a model gives to the sentences of a part."""
    return [lexicon.write(row) for row in predict(model, [lexicon.read(words) for words, _ in part])]


def accuracy(found: Sequence[Words], gold: Sequence[Words]) -> float:
    """Share of words with the right tag."""
    return sum(a == b for x, y in zip(found, gold, strict=True) for a, b in zip(x, y, strict=True)) / sum(
        map(len, gold)
    )


def parts_of(plan: Task, whole: dict[str, list[Tagged]]) -> dict[str, list[Tagged]]:
    """As many sentences of each part as the plan takes, drawn evenly."""
    chosen = {}
    for part, count in (("train", plan.train), ("dev", plan.dev), ("test", plan.test)):
        order = random.Random(f"tagging {part}").sample(range(len(whole[part])), count or len(whole[part]))
        chosen[part] = [whole[part][i] for i in sorted(order)]
    return chosen


def _run(run: Run, whole: dict[str, list[Tagged]], dumb: dict[str, Any], measure: Any, good: Any) -> None:
    """Score the dumb baselines once and each net on every seed, all on test."""
    plan: Task = run.settings
    parts = parts_of(plan, whole)
    lexicon = Lexicon(parts["train"])
    done = run.memory.setdefault("scores", [])
    if not done:
        for name, make in dumb.items():
            find = make(parts["train"])
            found = [find(words) for words, _ in parts["test"]]
            done.append({"system": name, "seed": None} | measure(found, parts, lexicon))
    for system, both in WAYS.items():
        for seed in plan.seeds:
            if any(row["system"] == system and row["seed"] == seed for row in done):
                continue
            model = train_tagger(plan, lexicon, parts, both, seed, good)
            found = tag(model, lexicon, parts["test"])
            done.append({"system": system, "seed": seed} | measure(found, parts, lexicon))
            if seed == plan.seeds[0]:
                run.memory[system] = _samples(found, parts["test"], system)
                run.memory["parameters"] = pretrained.parameters(model)
            run.remember()
    run.found |= {"curves": {"scores": done}, "samples": run.memory["LSTM, both ways"], "seeds": list(plan.seeds)}
    sizes = {f"{part} sentences": len(rows) for part, rows in parts.items()}
    run.found["sizes"] = sizes | {"parameters, both ways": run.memory["parameters"], "tags": len(lexicon.tags)}
    run.found["metrics"] = _means(done)


def _means(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """The mean over the seeds of each system's measures."""
    systems: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        systems.setdefault(row["system"], []).append(row)
    return {
        name: {key: round(sum(row[key] for row in of) / len(of), 2) for key in of[0] if key not in ("system", "seed")}
        for name, of in systems.items()
    }


def _samples(found: Sequence[Words], test: Sequence[Tagged], system: str) -> list[dict[str, str]]:
    """Short test sentences with their tags: the first right ones and the first wrong ones that are of interest."""
    rows = [
        {"system": system, "words": " ".join(words), "right": " ".join(tags), "found": " ".join(ours)}
        for ours, (words, tags) in zip(found, test, strict=True)
        if 4 <= len(words) <= 12 and len(set(tags)) > 1
    ]
    right, wrong = ([row for row in rows if (row["right"] == row["found"]) == good][:4] for good in (True, False))
    return right + wrong


def _parts_of_speech(found: Sequence[Words], parts: dict[str, list[Tagged]], lexicon: Lexicon) -> dict[str, float]:
    """Accuracy in % on all words, and on those that training never showed."""
    rows = [
        (word in lexicon.seen, ours == gold)
        for tags, (words, right) in zip(found, parts["test"], strict=True)
        for word, ours, gold in zip(words, tags, right, strict=True)
    ]
    new = [right for seen, right in rows if not seen]
    return {"all words": metrics.share([right for _, right in rows]).value, "new words": metrics.share(new).value}


def _entities(found: Sequence[Words], parts: dict[str, list[Tagged]], lexicon: Lexicon) -> dict[str, float]:
    """Precision, recall and F1 of whole entities in %, and the accuracy of the tags, which flatters."""
    gold = [tags for _, tags in parts["test"]]
    score = metrics.span_f1(found, gold)
    flattering = {"tags right": round(100 * accuracy(found, gold), 2)}
    return {"precision": score.precision, "recall": score.recall, "F1": score.f1} | flattering


def tag_brown(run: Run) -> None:
    """Parts of speech: the commonest tag of each word against the nets."""
    _run(run, brown(), {"commonest tag of each word": commonest_tags}, _parts_of_speech, accuracy)


def tag_wnut17(run: Run) -> None:
    """Entities of tweets and the like: two dumb finders against the nets."""
    dumb = {"entities known from training": known_entities, "words with a capital": capital_runs}
    _run(run, wnut17(), dumb, _entities, lambda found, gold: metrics.span_f1(found, gold).f1)


EXPERIMENTS = {"brown": tag_brown, "wnut17": tag_wnut17}
_TINY = Task(200, 60, 60, embedding=8, hidden=8, epochs=1, seeds=(0,))
PRESETS = {
    "brown": {
        "smoke": _TINY,
        "cpu": Task(train=8_000, dev=300, test=2_000, epochs=4, batch=16, hidden=64, rate=4e-3, seeds=(0,)),
    },
    "wnut17": {"smoke": _TINY, "cpu": Task(epochs=10, batch=16, hidden=64, rate=5e-3, seeds=(0, 1))},
}
