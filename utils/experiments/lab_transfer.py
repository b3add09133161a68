"""Chapter 06 in the lab: what a pretrained language model is worth, and what its three tricks do.

    python -m utils.experiments lab_transfer/language_model
    python -m utils.experiments lab_transfer/labels
    python -m utils.experiments lab_transfer/tricks

`language_model` trains on general text and ships its weights; `labels` compares six systems over the number of
labelled reviews; `tricks` tunes with each of the eight sets of tricks, and measures what is forgotten. What is shared
is in `lab_transfer_text` and `lab_transfer_labels`; `lab_transfer_tasks` holds the sweeps over other tasks.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import product
from typing import Any

from utils import metrics, pretrained
from utils.experiments import lab_transfer_labels as labels_
from utils.experiments.lab_language_model import END
from utils.experiments.lab_transfer_labels import PLAIN, Recipe, Weights, accuracy, build, few, train
from utils.experiments.lab_transfer_text import Learned, Settings, Texts, learn, perplexity, tune
from utils.experiments.run import Run
from utils.models.awd_lstm import AWDLanguageModel, ULMFiTClassifier
from utils.models.ngram import NGram

CHAPTERS = {"language_model": "06", "labels": "06", "tricks": "06"}
TRICKS = ("discriminative", "slanted", "gradual")
CELLS = tuple(dict(zip(TRICKS, on, strict=True)) for on in product((False, True), repeat=3))


@dataclass(frozen=True)
class Sweep:
    """The trainings without labels, the numbers of labels, the seeds, and how much longer the patient control is."""

    base: Settings = field(default_factory=Settings)
    labels: tuple[int, ...] = (20, 50, 100, 200, 500, 1_000)
    patient: tuple[int, ...] = (100, 200, 500)
    times: int = 4
    seeds: tuple[int, ...] = (0, 1, 2)
    recipe: Recipe = PLAIN


@dataclass(frozen=True)
class Ablation:
    """The eight sets of tricks: each with the rate that dev chooses on other seeds, then on test over these."""

    base: Settings = field(default_factory=Settings)
    recipe: Recipe = PLAIN
    labels: int = 100
    rates: tuple[float, ...] = (5e-3, 1e-2, 3e-2)
    chosen_on: tuple[int, ...] = (100,)
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)


def encoder(model: AWDLanguageModel) -> Weights:
    """What a classifier takes over: all but the bias of the words."""
    return {name: value.clone() for name, value in model.encoder.state_dict().items()}


def score(
    learned: Learned, start: AWDLanguageModel | None, count: int, recipe: Recipe, seed: int, **more: Any
) -> float:
    """Accuracy on the test reviews, in %, after training on `count` labelled ones by a recipe."""
    return fitted(learned, start, count, recipe, seed, **more)[1]


def fitted(
    learned: Learned,
    start: AWDLanguageModel | None,
    count: int,
    recipe: Recipe,
    seed: int,
    base: Settings,
    watch: Callable[[ULMFiTClassifier, int], None] | None = None,
    split: str = "test",
) -> tuple[ULMFiTClassifier, float]:
    """A classifier from the weights of a language model, or from random ones, and its accuracy on a split.

    `watch(model, epoch)` is called after every epoch.
    """
    texts = learned.texts
    model = build(texts, base, None if start is None else encoder(start), seed)
    for step in train(model, texts, few(texts.labelled, count), recipe, seed):
        if watch and step.ends_epoch:
            watch(model, step.epoch + 1)
    return model, accuracy(model, texts, getattr(texts, split))


def still_knows(model: ULMFiTClassifier, general: AWDLanguageModel, texts: Texts) -> float:
    """Perplexity on general text with the classifier's encoder in the language model's place."""
    speaker = copy.deepcopy(general)
    speaker.encoder.load_state_dict(model.encoder.state_dict())
    return perplexity(speaker, texts, texts.general_test)


def language_model(run: Run) -> None:
    """Train on general text, ship the weights, and compare with counting; then go on with the target text."""
    plan: Settings = run.settings
    learned = learn(plan, run.seed)
    texts = learned.texts
    held = {"general text": texts.general_test, "reviews": [words for words, _ in texts.dev]}
    rows = [
        {"model": name, "text": which} | {"perplexity": round(perplexity(model, texts, part), 2)}
        for name, model in (("general", learned.general), ("general, then target", learned.target))
        for which, part in held.items()
    ]
    for order in (2, 3):
        counted = NGram(order, len(texts.words) - 2).fit([(*text, END) for text in texts.general])
        nats = [value for text in texts.general_test for value in counted.nats((*text, END))]
        found = round(metrics.perplexity(nats), 2)
        rows.append({"model": f"{order}-gram", "text": "general text", "perplexity": found})
    pretrained.save(pretrained.Writer(learned.general, texts.words, "words"), run.folder / "weights.safetensors")
    run.found["curves"] = {"perplexity": rows}
    run.found["sizes"] = asdict(plan) | {
        "parameters": pretrained.parameters(learned.general),
        "general words": sum(map(len, texts.general)),
        "target words": sum(map(len, texts.target)),
    }


def labels(run: Run) -> None:
    """Six systems over the number of labelled reviews, on every seed."""
    plan: Sweep = run.settings
    run.over(plan.seeds, lambda seed: {"labels": list(_systems(learn(plan.base, seed), plan, seed))})
    run.found["sizes"] = asdict(plan.base)


def _systems(learned: Learned, plan: Sweep, seed: int) -> Iterator[dict[str, Any]]:
    texts, base = learned.texts, plan.base
    table = labels_.vectors(texts, base.embedding)
    patient = plan.recipe.longer(plan.times)
    for count in plan.labels:
        labelled = few(texts.labelled, count)
        found = {
            "naive Bayes": labels_.naive_bayes(labelled, texts.test),
            "frozen word vectors": labels_.frozen(table, texts, labelled, texts.test),
            "from scratch": score(learned, None, count, plan.recipe, seed, base=base),
            "pretrained": score(learned, learned.general, count, plan.recipe, seed, base=base),
            "pretrained, tuned on target text": score(learned, learned.target, count, plan.recipe, seed, base=base),
        }
        if count in plan.patient:
            name = f"from scratch, {plan.times} times the steps"
            found[name] = score(learned, None, count, patient, seed, base=base)
        for system, accuracy_ in found.items():
            yield {"system": system, "labels": count, "test": accuracy_}


def tricks(run: Run) -> None:
    """The eight sets of tricks: rates chosen on dev of other seeds, then accuracy and what is forgotten."""
    plan: Ablation = run.settings
    choices, rows, along, target = (run.memory.setdefault(name, []) for name in ("choices", "rows", "along", "target"))
    for seed in plan.chosen_on:
        if any(row["seed"] == seed for row in choices):
            continue
        learned = learn(plan.base, seed)
        for on, rate in product(CELLS, plan.rates):
            recipe = replace(plan.recipe, rate=rate, **on)
            found = fitted(learned, learned.target, plan.labels, recipe, seed, plan.base, split="dev")[1]
            choices.append(on | {"rate": rate, "seed": seed, "dev": found})
        run.remember()
    for seed in plan.seeds:
        if any(row["seed"] == seed for row in rows):
            continue
        learned = learn(plan.base, seed)
        target += [row | {"seed": seed} for row in _target(learned, plan.base, seed)]
        for on in CELLS:
            rate = chosen_rate(choices, on)
            recipe = replace(plan.recipe, rate=rate, **on)
            row, points = _forgetting(learned, plan, recipe, seed)
            rows.append(on | {"rate": rate, "seed": seed} | row)
            along += [on | {"seed": seed} | point for point in points]
        run.remember()
    run.found |= {
        "curves": {"choices": choices, "tricks": rows, "along": along, "target": target},
        "seeds": list(plan.seeds),
    }
    run.found["sizes"] = asdict(plan.base) | {"labels": plan.labels}


def _target(learned: Learned, base: Settings, seed: int) -> Iterator[dict[str, Any]]:
    """Perplexities before the training on target text, behind it, and behind one without tricks."""
    plain = copy.deepcopy(learned.general)
    for _ in tune(plain, learned.texts, base, seed, tricks=False):
        pass
    reviews = [words for words, _ in learned.texts.dev]
    models = {"before": learned.general, "with tricks": learned.target, "without tricks": plain}
    for name, model in models.items():
        found = [round(perplexity(model, learned.texts, part), 2) for part in (learned.texts.general_test, reviews)]
        yield {"training": name, "general text": found[0], "reviews": found[1]}


def chosen_rate(choices: list[dict[str, Any]], on: dict[str, bool]) -> float:
    """The rate with the best mean on dev for a set of tricks; of equal ones the lowest."""
    mine = [row for row in choices if on.items() <= row.items()]
    rates = sorted({row["rate"] for row in mine})
    return max(rates, key=lambda rate: sum(row["dev"] for row in mine if row["rate"] == rate))


def _forgetting(
    learned: Learned, plan: Ablation, recipe: Recipe, seed: int
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Accuracy on test, and the general perplexity before and after each epoch."""
    texts = learned.texts
    points = [{"epoch": 0, "perplexity": round(perplexity(learned.target, texts, texts.general_test), 2)}]

    def watch(model: ULMFiTClassifier, epoch: int) -> None:
        points.append({"epoch": epoch, "perplexity": round(still_knows(model, learned.target, texts), 2)})

    # Along the way only without and with all tricks: a perplexity takes as long as many steps.
    often = recipe.discriminative == recipe.slanted == recipe.gradual
    model, found = fitted(learned, learned.target, plan.labels, recipe, seed, plan.base, watch if often else None)
    if not often:
        watch(model, recipe.epochs)
    general = round(perplexity(learned.general, texts, texts.general_test), 2)
    return {"test": found, "general model": general, "before": points[0]["perplexity"],
            "after": points[-1]["perplexity"]}, points  # fmt: skip


EXPERIMENTS = {"language_model": language_model, "labels": labels, "tricks": tricks}
_TINY = Settings(400, 200, 8, 8, 2, steps=3, target_steps=3)
_SHORT = Recipe(epochs=2, steps=2)
PRESETS: dict[str, dict[str, Any]] = {
    "language_model": {"smoke": _TINY, "cpu": Settings()},
    "labels": {"smoke": Sweep(_TINY, (20,), (20,), 2, (0,), _SHORT), "cpu": Sweep()},
    "tricks": {"smoke": Ablation(_TINY, _SHORT, 20, (1e-2,), (100,), (0,)), "cpu": Ablation()},
}
