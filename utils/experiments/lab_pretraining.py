"""Chapter 07's sweeps: BERT and GPT as twins in the lab.

    python -m utils.experiments lab_pretraining/twins           one block, two masks, two questions: what can each do?
    python -m utils.experiments lab_pretraining/prompted        one model for three tasks, told by the prompt
    python -m utils.experiments lab_pretraining/next_sentence   BERT's second task, against a coin
    python -m utils.experiments lab_pretraining/scale           loss over size and over text

The functions stand in the modules `lab_pretraining_*`; the chapter calls them once, these sweeps for every seed.
"""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass, field
from typing import Any

import torch

from utils.experiments import lab_pretraining_pairs as pairs
from utils.experiments import lab_pretraining_prompted as prompted
from utils.experiments import lab_pretraining_scale as scaling
from utils.experiments import lab_pretraining_senses as senses
from utils.experiments import lab_pretraining_twins as twins
from utils.experiments import lab_pretraining_understanding as understanding
from utils.experiments import lab_pretraining_writing as writing
from utils.experiments.run import Run
from utils.models.one_block import OneBlock

CHAPTERS = {"twins": "07", "prompted": "07", "next_sentence": "07", "scale": "07"}
FOUR = (  # who looks where, and what is asked
    ("GPT", True, "next word"),
    ("BERT", False, "hidden words"),
    ("next word, looking both ways", False, "next word"),
    ("hidden words, looking back", True, "hidden words"),
)
RANDOM = (("random weights, looking back", True), ("random weights, looking both ways", False))
WRONG_NAME = "one model for all, asked for another task"
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Twins:
    """The pretraining, the numbers of labels, and how much is measured."""

    base: twins.Settings = field(default_factory=twins.Settings)
    labels: tuple[int, ...] = (36, 120)
    blanks: int = 1_000
    tried: int = 200
    written: int = 300
    senses: int = 100
    tests: int = 600
    steps: int = 150
    seeds: tuple[int, ...] = (0, 1, 2)


def pretrained(
    name: str, causal: bool, objective: str, text: twins.Text, settings: twins.Settings, seed: int
) -> tuple[OneBlock, dict[str, Any]]:
    """One of the four, trained: the model, and the mean loss of its last hundred steps."""
    torch.manual_seed(seed)  # the same start for all four
    model = twins.build(settings, text, causal)
    losses = [step.loss for step in twins.train(model, text, objective, settings, seed)][-100:]
    return model, {"model": name, "loss": round(sum(losses) / len(losses), 4)}


def filling(models: dict[str, OneBlock], text: twins.Text, plan: Twins, seed: int) -> Rows:
    """Who tells a hidden word, and how often the commonest word would be right."""
    tasks = twins.blanks(text.test[: plan.blanks], seed)
    commonest = text.words.words[len(twins.SPECIAL_IDS) + 1]  # behind the special ones and the mask
    rows: Rows = [{"way": "the commonest word", "right": _mean([t.words[t.place] == commonest for t in tasks])}]
    for name, way in (("GPT", "the words before it"), ("hidden words, looking back", "trained to fill, looking back")):
        found = (twins.next_word if name == "GPT" else twins.fill)(models[name], text, tasks)
        rows.append({"way": f"{name}: {way}", "right": _mean(twins.right(found, text, tasks).tolist())})
    few = tasks[: plan.tried]
    for name, part, function in (
        ("BERT: all other words", tasks, twins.fill),
        ("BERT: all other words, as few texts as below", few, twins.fill),
        ("GPT: every word tried in its place", few, twins.every_word),
    ):
        scores = function(models[name[:4].rstrip(":")], text, part)
        rows.append({"way": name, "right": _mean(twins.right(scores, text, part).tolist())})
    return [row | {"right": round(row["right"], 4)} for row in rows]


def understood(models: dict[str, OneBlock], text: twins.Text, plan: Twins, seed: int) -> Rows:
    """Both tasks with few labels, frozen and tuned, from every start."""
    rows: Rows = []
    for name in understanding.TASKS:
        for labels in plan.labels:
            task = understanding.task(name, text, labels, seed, plan.tests)
            for start, model in models.items():
                row = {"task": name, "labels": labels, "start": start, "commonest answer": round(task.commonest, 4)}
                row["frozen"] = round(understanding.frozen(model, task), 4)
                row["tuned"] = round(understanding.tuned(copy.deepcopy(model), task, seed, plan.steps), 4)
                rows.append(row)
    return rows


def all_twins(run: Run) -> None:
    """Train the four on every seed and measure what each can do."""
    plan: Twins = run.settings

    def rows_of(seed: int) -> dict[str, Rows]:
        text = twins.prepare(plan.base, seed)
        found = {name: pretrained(name, causal, asked, text, plan.base, seed) for name, causal, asked in FOUR}
        models = {name: model for name, (model, _) in found.items()}
        torch.manual_seed(seed)
        chance = {name: twins.build(plan.base, text, causal).eval() for name, causal in RANDOM}
        starts = {name: models[name] for name in ("GPT", "BERT")} | chance
        return {
            "loss": [row for _, row in found.values()],
            "filling": filling(models, text, plan, seed),
            "writing": writing.every_way(models, text, plan.written, seed),
            "understanding": understood(starts, text, plan, seed),
            "senses": senses.by_layer(starts, text, plan.senses, seed),
        }

    run.over(plan.seeds, rows_of)
    run.found["sizes"] = asdict(plan.base)


@dataclass(frozen=True)
class Seeds:
    """Settings of a sweep, and its seeds."""

    base: Any
    seeds: tuple[int, ...] = (0, 1, 2)


def one_for_all(run: Run) -> None:
    """One model for all tasks and one for each: whole answers right, and with another task's name in the prompt."""
    plan: Seeds = run.settings
    rows: Rows = run.memory.setdefault("rows", [])
    arms: list[tuple[str, tuple[str, ...], int]] = [("one model for all", prompted.TASKS, 1)]
    arms += [("its own model, as many texts of it", (task,), 1) for task in prompted.TASKS]
    arms += [("its own model, as many steps in all", (task,), len(prompted.TASKS)) for task in prompted.TASKS]
    for seed in plan.seeds:
        texts = prompted.prepare(plan.base, seed)
        for name, tasks, times in arms:
            if any((row["seed"], row["model"], row["task"]) == (seed, name, tasks[0]) for row in rows):
                continue
            torch.manual_seed(seed)
            model = prompted.build(plan.base, texts)
            for _ in prompted.train(model, texts, tasks, plan.base, seed, times):
                pass
            mark = {"seed": seed, "model": name}
            rows += [mark | {"task": task, "right": prompted.whole(model, texts, task)} for task in tasks]
            if len(tasks) > 1:
                asked = zip(tasks, (*tasks[1:], tasks[0]), strict=True)
                wrong = {task: prompted.whole(model, texts, task, other) for task, other in asked}
                rows += [{"seed": seed, "model": WRONG_NAME, "task": task, "right": r} for task, r in wrong.items()]
            run.remember()
    run.found["curves"] = {"answers": rows}
    run.found["sizes"] = asdict(plan.base)
    run.found["seeds"] = list(plan.seeds)


def next_sentence(run: Run) -> None:
    """BERT's second task on both kinds of text."""
    plan: Seeds = run.settings
    rows: Rows = run.memory.setdefault("rows", [])
    for kind in pairs.TEXTS:
        for seed in plan.seeds:
            if any((row["text"], row["seed"]) == (kind, seed) for row in rows):
                continue
            data = pairs.prepare(kind, plan.base, seed)
            torch.manual_seed(seed)
            model = pairs.build(plan.base, data)
            for _ in pairs.train(model, data, plan.base, seed):
                pass
            rows.append({"text": kind, "seed": seed} | pairs.measure(model, data))
            run.remember()
    run.found["curves"] = {"relation": rows}
    run.found["sizes"] = asdict(plan.base)
    run.found["seeds"] = list(plan.seeds)


def scale(run: Run) -> None:
    """Test loss over size and over data, and the fitted lines."""
    plan: Seeds = run.settings
    rows: Rows = run.memory.setdefault("rows", [])
    for question, every in scaling.variants(plan.base).items():
        for settings in every:
            for seed in plan.seeds:
                mark = {"question": question, "width": settings.width, "sentences": settings.sentences, "seed": seed}
                if not any(mark.items() <= row.items() for row in rows):
                    rows.append(mark | scaling.trained(settings, seed))
                    run.remember()
    axes = {"size": "parameters", "data": "sentences"}
    columns = {q: [row for row in rows if row["question"] == q] for q in axes}
    run.found["metrics"] = {
        q: scaling.line([row[axes[q]] for row in found], [row["test loss"] for row in found])
        for q, found in columns.items()
    }
    run.found["curves"] = {"loss": rows}
    run.found["sizes"] = asdict(plan.base)
    run.found["seeds"] = list(plan.seeds)


def _mean(values: list[bool]) -> float:
    return sum(values) / len(values)


EXPERIMENTS: dict[str, Any] = {
    "twins": all_twins,
    "prompted": one_for_all,
    "next_sentence": next_sentence,
    "scale": scale,
}
_TINY = twins.Settings(sentences=300, tests=40, width=8, heads=2, layers=1, steps=3, batch=16, warmup=1)
PRESETS: dict[str, dict[str, Any]] = {
    "twins": {"smoke": Twins(_TINY, (12,), 20, 3, 5, 3, 12, 3, (0,)), "cpu": Twins()},
    "prompted": {
        "smoke": Seeds(prompted.Prompted(texts=80, tests=5, width=8, heads=2, layers=1, steps=3, batch=16), (0,)),
        "cpu": Seeds(prompted.Prompted()),
    },
    "next_sentence": {
        "smoke": Seeds(pairs.Pairs(pairs=60, tests=20, width=8, heads=2, layers=1, steps=10, batch=16), (0,)),
        "cpu": Seeds(pairs.Pairs()),
    },
    "scale": {"smoke": Seeds(_TINY, (0,)), "cpu": Seeds(twins.Settings(steps=600))},
}
