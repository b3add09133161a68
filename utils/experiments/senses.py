"""Does a state tell a noun from a verb? Words of Brown that are both, by the layers of a pretrained BERT.

For each word sentences with the noun and with the verb are drawn; half of them give a centroid for each, the other half
is labelled by the nearer centroid (Peters et al. 2018 and Wiedemann et al. 2019, arXiv 1909.10430, ask the same of
senses). The word's own vector is the same in all of them and cannot tell: a guess is right half of the time. The
encoder with chance weights mixes in the neighbours too, without having learned how: that is the control.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from utils import metrics
from utils.data import sources
from utils.data.batches import pad
from utils.experiments import minilm
from utils.experiments.run import Run
from utils.models.bert import Bert

Use = tuple[list[str], int]  # a sentence, and where the word stands


@dataclass(frozen=True)
class Senses:
    """`words` that are noun and verb at least `each` times in sentences of at most `longest` words."""

    words: int = 12
    each: int = 40
    longest: int = 40
    seeds: tuple[int, ...] = (0, 1, 2)


def uses(plan: Senses) -> dict[str, dict[str, list[Use]]]:
    """Word -> NOUN and VERB -> where it stands; the words that are rarest as one of the two are the commonest here."""
    found: dict[str, dict[str, list[Use]]] = {}
    for sentence in sources.load("brown"):
        words = [word for word, _ in sentence]
        if len(words) <= plan.longest:
            for place, (word, tag) in enumerate(sentence):
                if tag in ("NOUN", "VERB") and word.isalpha() and word.islower():
                    found.setdefault(word, {"NOUN": [], "VERB": []})[tag].append((words, place))
    least = {word: min(map(len, both.values())) for word, both in found.items()}
    chosen = sorted((word for word in found if least[word] >= plan.each), key=lambda word: (-least[word], word))
    return {word: found[word] for word in chosen[: plan.words]}


@torch.no_grad()
def states(model: Bert, pieces: minilm.Pieces, some: Sequence[Use], size: int = 32) -> Tensor:
    """The state of the word in each sentence at every layer, embeddings first: (N, L + 1, D)."""
    rows = []
    for begin in range(0, len(some), size):
        read = [(pieces.words(words), place) for words, place in some[begin : begin + size]]
        at = torch.tensor([first[place] for (_, first), place in read])
        if (at < 0).any():
            raise ValueError("a word was cut off: take shorter sentences")
        layers = minilm.layers(model, pad([ids for (ids, _), _ in read]))
        rows.append(torch.stack([layer[torch.arange(len(at)), at] for layer in layers], dim=1))
    return torch.cat(rows)


def nearest(noun: Tensor, verb: Tensor) -> list[bool]:
    """Half of each (N, D) gives a centroid; is each of the others nearer to its own?"""
    half = len(noun) // 2
    centres = torch.stack([noun[:half].mean(dim=0), verb[:half].mean(dim=0)])  # (2, D)
    right = []
    for own, others in ((0, noun[half:]), (1, verb[half:])):
        apart = torch.cdist(others, centres)
        right += (apart[:, own] < apart[:, 1 - own]).tolist()
    return right


def senses(run: Run) -> None:
    """Every word, layer and seed, with pretrained and with chance weights."""
    plan: Senses = run.settings
    found, pieces, rows = uses(plan), minilm.Pieces(), []
    models = {"pretrained": minilm.pretrained_bert(), "chance weights": minilm.random_bert(seed=run.seed)}
    for seed in plan.seeds:
        rng = random.Random(seed)
        drawn = {
            word: {tag: rng.sample(every, plan.each) for tag, every in both.items()} for word, both in found.items()
        }
        for system, model in models.items():
            right: dict[int, list[bool]] = {}
            for word, both in drawn.items():
                noun, verb = (states(model, pieces, both[tag]) for tag in ("NOUN", "VERB"))
                for layer in range(noun.shape[1]):
                    answers = nearest(noun[:, layer], verb[:, layer])
                    right.setdefault(layer, []).extend(answers)
                    share = 100 * sum(answers) / len(answers)
                    rows.append(
                        {"system": system, "seed": seed, "word": word, "layer": layer, "right": round(share, 1)}
                    )
            total = [
                {"system": system, "seed": seed, "layer": layer}
                | dict(zip(("right", "low", "high"), metrics.share(answers), strict=True))
                for layer, answers in right.items()
            ]
            run.memory.setdefault("layers", []).extend(total)
    finish(run, rows, list(found))


def finish(run: Run, rows: list[dict[str, Any]], words: list[str]) -> None:
    """Means and ranges over the seeds by layer; the last layer beside the control and beside the embeddings."""
    layers = run.memory["layers"]
    seeds = sorted({row["seed"] for row in layers})
    table = []
    for system, layer in dict.fromkeys((row["system"], row["layer"]) for row in layers):
        values = [row["right"] for row in layers if (row["system"], row["layer"]) == (system, layer)]
        table.append({"system": system, "layer": layer, "mean": round(sum(values) / len(values), 1),
                      "low": min(values), "high": max(values)})  # fmt: skip
    last = max(row["layer"] for row in table)
    shown = {f"layer {k}, {system}": row for row in table for system in ("pretrained", "chance weights")
             for k in (0, last) if (row["system"], row["layer"]) == (system, k)}  # fmt: skip
    run.found |= {
        "curves": {"layers": table, "words": [row for row in rows if row["seed"] == seeds[0]]},
        "metrics": {name: {"mean": row["mean"], "low": row["low"], "high": row["high"]} for name, row in shown.items()},
        "sizes": {"words": len(words), "sentences of each word": 2 * run.settings.each},
        "samples": [{"word": word} for word in words],
        "seeds": seeds,
        "notes": [*minilm.NOTES, "layer 0 is word, place and segment before any block: of the context it knows the "
                  "place only"],
    }  # fmt: skip
