"""The four shapes of chapter 02 in the lab, over three seeds.

    python -m utils.experiments lab_shapes/captions
    python -m utils.experiments lab_shapes/tasks
    python -m utils.experiments lab_shapes/both_sides
    python -m utils.experiments lab_shapes/aligned

`captions` solves one to many, `tasks` many to one and asynchronous many to many, each beside the dumbest baseline;
`both_sides` compares taggers that read one way and both ways; `aligned` lets a tagger translate, beside an
encoder-decoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from utils import pretrained
from utils.experiments import aligned_tasks, shape_tasks
from utils.experiments.run import Run
from utils.experiments.shape_tasks import Pair, Size, Words

CHAPTERS = {"captions": "02", "tasks": "02", "both_sides": "02", "aligned": "02"}


@dataclass(frozen=True)
class Sweep:
    """The seeds, sizes that replace those of the tasks (for a trial), and which of several tasks are solved."""

    seeds: tuple[int, ...] = (0, 1, 2)
    changes: tuple[tuple[str, int], ...] = ()
    only: tuple[str, ...] = ()

    def size(self, usual: Size) -> Size:
        """The size of a task under this sweep."""
        return replace(usual, **dict(self.changes))


def _sample(task: str, given: Any, gold: Any, found: Any) -> dict[str, str]:
    return {"task": task, "input": _text(given), "right": _text(gold), "output": _text(found)}


def _text(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def tasks(run: Run) -> None:
    """One to many, many to one, asynchronous: whole outputs right, in %, of each net and of its baseline."""
    plan: Sweep = run.settings
    rows, samples = run.memory.setdefault("scores", []), run.memory.setdefault("samples", [])
    known = dict.fromkeys(shape_tasks.WRITTEN, _written) | dict.fromkeys(shape_tasks.LABELLED, _labelled)
    solvers = {name: known[name] for name in plan.only}
    for task, solve in solvers.items():
        for seed in plan.seeds:
            if any(row["task"] == task and row["seed"] == seed for row in rows):
                continue
            row, shown = solve(task, plan, seed)
            rows.append({"task": task, "seed": seed} | row)
            samples += shown if seed == plan.seeds[0] else []
            run.remember()
    run.found |= {"curves": {"scores": rows}, "samples": samples, "seeds": list(plan.seeds)}
    run.found["metrics"] = {
        task: {key: _mean([row[key] for row in rows if row["task"] == task]) for key in ("net", "baseline")}
        for task in solvers
    }


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 2)


def _written(task: str, plan: Sweep, seed: int) -> tuple[dict[str, Any], list[dict[str, str]]]:
    shape, draw, usual = shape_tasks.WRITTEN[task]
    size = plan.size(usual)
    train, test = draw(size, seed)
    found = shape_tasks.train_writer(train, size, seed).write([given for given, _ in test])
    row = {"shape": shape, "net": shape_tasks.right(found, test), "baseline": shape_tasks.commonest(train, test)}
    row["baseline is"] = "commonest output"
    shown = [("a picture" if task.startswith("picture") else given, gold) for given, gold in test[:5]]
    return row, [_sample(task, given, gold, ours) for (given, gold), ours in zip(shown, found, strict=False)]


def _labelled(task: str, plan: Sweep, seed: int) -> tuple[dict[str, Any], list[dict[str, str]]]:
    draw, usual, cell, both, see, baseline = shape_tasks.LABELLED[task]
    size = plan.size(usual)
    train, test = draw(size, seed)
    found = shape_tasks.train_classifier(train, size, seed, cell, both)([text for text, _ in test])
    row = {"shape": "many to one", "net": shape_tasks.right(found, test)}
    row |= {"baseline": shape_tasks.bag(train, test, see), "baseline is": baseline}
    wrong = [i for i, ours in enumerate(found) if ours != test[i][1]][:2]
    return row, [_sample(task, test[i][0], test[i][1], found[i]) for i in (0, 1, 2, *wrong)]


def both_sides(run: Run) -> None:
    """Labels of the lab's words: the commonest of each word, a net that reads one way, one that reads both ways."""
    plan: Sweep = run.settings
    rows, errors = run.memory.setdefault("scores", []), run.memory.setdefault("samples", [])
    for seed in plan.seeds:
        if any(row["seed"] == seed for row in rows):
            continue
        size = plan.size(aligned_tasks.TAGS)
        train, test = aligned_tasks.tagged(size, seed)
        texts = [words for words, _ in test]
        found = {"commonest label": aligned_tasks.commonest_labels(train, texts)}
        for name, both, hidden in (("one way", False, size.hidden), ("one way, wider", False, size.hidden * 3 // 2),
                                   ("both ways", True, size.hidden)):  # fmt: skip
            tagger = aligned_tasks.train_tagger(train, replace(size, hidden=hidden), seed, both)
            found[name] = tagger.tag(texts)
            run.memory.setdefault("parameters", {})[name] = pretrained.parameters(tagger.model)
        for name, tags in found.items():
            rows.append({"tagger": name, "seed": seed} | aligned_tasks.tag_scores(tags, train, test))
        if seed == plan.seeds[0]:
            errors += _mistakes(found, test)
        run.remember()
    run.found |= {"curves": {"scores": rows}, "samples": errors, "seeds": list(plan.seeds)}
    run.found["sizes"] = asdict(plan.size(aligned_tasks.TAGS)) | {"parameters": run.memory["parameters"]}


def _mistakes(found: dict[str, list[Words]], test: Sequence[Pair], count: int = 8) -> list[dict[str, str]]:
    """Words that reading one way gets wrong and reading both ways gets right, with their sentences."""
    return [
        {"sentence": " ".join(words), "word": words[t], "right": gold[t], "one way": one[t], "both ways": both[t]}
        for one, both, (words, gold) in zip(found["one way"], found["both ways"], test, strict=True)
        for t in range(len(words))
        if one[t] != gold[t] == both[t]
    ][:count]


def aligned(run: Run) -> None:
    """English to French by a tagger and by an encoder-decoder, by how the two sides lie to each other."""
    plan: Sweep = run.settings
    rows, samples = run.memory.setdefault("scores", []), run.memory.setdefault("samples", [])
    size = plan.size(aligned_tasks.TRANSLATION)
    for seed in plan.seeds:
        if any(row["seed"] == seed for row in rows):
            continue
        train, test = aligned_tasks.sentences(size, seed)
        examples, texts = aligned_tasks.pairs(train), [sentence.english for sentence in test]
        models = {
            "tagger": aligned_tasks.train_tagger(examples, size, seed),
            "encoder-decoder": shape_tasks.train_writer(examples, size, seed),
        }
        for name, model in models.items():
            found = model.write(texts)  # type: ignore[attr-defined]
            mark = {"model": name, "seed": seed, "parameters": pretrained.parameters(model.model)}  # type: ignore[attr-defined]
            rows += [mark | row for row in aligned_tasks.by_relation(found, test)]
            if seed == plan.seeds[0]:
                samples += [_sample(f"{aligned_tasks.relation(s)}, {name}", s.english, s.french, ours)
                            for s, ours in zip(test[:40], found, strict=False)]  # fmt: skip
        run.remember()
    run.found |= {"curves": {"scores": rows}, "samples": samples, "seeds": list(plan.seeds), "sizes": asdict(size)}


EXPERIMENTS = {"captions": tasks, "tasks": tasks, "both_sides": both_sides, "aligned": aligned}
_PICTURE = ("picture to caption",)
_OTHERS = tuple(name for name in (*shape_tasks.LABELLED, *shape_tasks.WRITTEN) if name not in _PICTURE)
_ONLY = {"captions": _PICTURE, "tasks": _OTHERS}
_SMALL = (("train", 200), ("test", 150), ("hidden", 8), ("steps", 3))
PRESETS = {
    name: {"smoke": Sweep((0,), _SMALL, _ONLY.get(name, ())), "cpu": Sweep(only=_ONLY.get(name, ()))}
    for name in EXPERIMENTS
}
