"""Accuracy against the number of labels: what labels alone can do, and what a pretrained language model adds.

Every system reads the same sentences with the same vocabulary, and the test sentences once, when it is finished.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from utils import metrics, pretrained
from utils.experiments import sentiment
from utils.experiments.run import Run
from utils.experiments.ulmfit_systems import System, by_counts, fine_tuned, on_vectors, summary
from utils.experiments.ulmfit_text import (
    Task,
    question_task,
    sst2_task,
)
from utils.experiments.ulmfit_tuning import Curve, by_chance, general_words, known_words, target_text, tune
from utils.models.awd_lstm import AWDLSTMConfig
from utils.models.word_vectors import word_vectors

TUNED = "pretrained and tuned on target text"


def baselines(run: Run) -> None:
    """SST-2 and TREC's questions with nothing but labels, and with frozen word vectors of the pretraining text."""
    plan: Curve = run.settings
    text, words = general_words(plan)
    sizes = AWDLSTMConfig(len(words), plan.embedding, plan.hidden)
    rows, known = [], [words.encode(sentence)[:-1] for sentence in text]
    for task in (sst2_task(plan.limit), question_task(plan.limit)):
        extra = [words.encode(sentence)[:-1] for sentence in target_text(task, plan.limit)]
        general, both = (word_vectors(ids, len(words), plan.embedding, plan.window) for ids in (known, known + extra))
        rows += curve(run, plan, task, {
            "naive Bayes": by_counts(),
            "frozen word vectors": on_vectors(general, words),
            "frozen word vectors, target text too": on_vectors(both, words),
            "from scratch": fine_tuned(plan.net, sizes, words, None),
        })  # fmt: skip
    run.found |= {
        "curves": {"labels": rows},
        "metrics": {task: summary([row for row in rows if row["task"] == task]) for task in ("sst2", "questions")},
        "sizes": {"vocabulary": len(words), "words under the word vectors": sum(map(len, known))},
        "seeds": list(plan.seeds),
    }


def sst2(run: Run) -> None:
    """The general language model sorts film reviews, as it is and after it has read some without labels."""
    rows = _pretrained(run, sst2_task(run.settings.limit))
    _to_the_board(run, "ULMFiT: AWD-LSTM, pretrained and tuned", [row for row in rows if row["system"] == TUNED])


def one_recipe(run: Run) -> None:
    """The tuned language model without the tricks: trained as a net from scratch, only its first weights differ."""
    plan: Curve = run.settings
    task, tuned = sst2_task(plan.limit), pretrained.writer(plan.tuned) if plan.tuned else by_chance(plan)
    system = fine_tuned(plan.net, tuned.model.config, known_words(tuned), tuned.model.encoder)
    rows = curve(run, plan, task, {f"{TUNED}, without the tricks": system})
    run.found |= {"curves": {"labels": rows}, "metrics": {task.name: summary(rows)}, "seeds": list(plan.seeds)}
    _to_the_board(run, "AWD-LSTM, pretrained and tuned, without ULMFiT's tricks", rows)


def _to_the_board(run: Run, system: str, rows: Sequence[dict[str, Any]]) -> None:
    """The seed that is best on dev with all labels is the row of the scoreboard."""
    whole = [row for row in rows if row["labels"] == max(each["labels"] for each in rows)]
    best = max(whole, key=lambda row: row["dev"])
    test = metrics.Share(best["test"], best["low"], best["high"])
    run.found["scoreboard"] = [
        sentiment.board_row(
            system,
            "06",
            test,
            parameters=best["parameters"],
            pretraining_data="Brown, news, state papers; film reviews without labels",
            seconds=best["seconds"],
            device="cpu",
        )
    ]
    run.found["notes"] = [
        "seconds on the scoreboard are those of training with labels; what comes before it has records of its own",
        f"the row is the seed that is best on dev, {best['seed']}; all stand in the curve",
    ]


def one_recipe_questions(run: Run) -> None:
    """The general language model, not tuned and without the tricks, sorts questions: only its first weights differ."""
    plan: Curve = run.settings
    task, writer = question_task(plan.limit), pretrained.writer(plan.base) if plan.base else by_chance(plan)
    system = fine_tuned(plan.net, writer.model.config, known_words(writer), writer.model.encoder)
    rows = curve(run, plan, task, {"pretrained, without the tricks": system})
    run.found |= {"curves": {"labels": rows}, "metrics": {task.name: summary(rows)}, "seeds": list(plan.seeds)}


def questions(run: Run) -> None:
    """The general language model sorts questions by what is asked for."""
    _pretrained(run, question_task(run.settings.limit))


def _pretrained(run: Run, task: Task) -> list[dict[str, Any]]:
    """The curve of the language model, as it is and tuned on target text: rows, and what goes into the record."""
    plan: Curve = run.settings
    writer = pretrained.writer(plan.base) if plan.base else by_chance(plan)
    tuned = pretrained.writer(plan.tuned) if plan.tuned else tune(run, writer, target_text(task, plan.limit))
    words, sizes, net = known_words(writer), writer.model.config, replace(plan.net, tricks=True)
    rows = curve(run, plan, task, {
        "pretrained": fine_tuned(net, sizes, words, writer.model.encoder),
        TUNED: fine_tuned(net, sizes, words, tuned.model.encoder),
    })  # fmt: skip
    run.found |= {
        "curves": {"labels": rows},
        "metrics": {task.name: summary(rows)} | {name: run.memory[name] for name in ("target",) if name in run.memory},
        "sizes": {"parameters": rows[0]["parameters"], "vocabulary": len(words)},
        "seeds": list(plan.seeds),
    }
    return rows


def curve(run: Run, plan: Curve, task: Task, systems: dict[str, System]) -> list[dict[str, Any]]:
    """Train every system on every number of labels and every seed: rows with dev and test accuracy, CPU seconds.

    Rows stand in the run's memory, so that a killed run goes on where it was.
    """
    found: list[dict[str, Any]] = run.memory.setdefault("found", [])
    for count in plan.labels:
        for seed in plan.seeds:
            few = task.few(task.train, count, seed)
            for name, system in systems.items():
                mark = {"task": task.name, "system": name, "labels": len(few), "seed": seed}
                if any(mark.items() <= row.items() for row in found):
                    continue
                began = time.process_time()
                answer, dev, parameters = system(task, few, seed)
                seconds = round(time.process_time() - began, 1)
                test = metrics.share(
                    [ours == right for ours, (_, right) in zip(answer(task.test), task.test, strict=True)]
                )
                scores = {"dev": dev, "test": test.value, "low": test.low, "high": test.high}
                found.append(mark | scores | {"parameters": parameters, "seconds": seconds})
                run.remember()
    return [row for row in found if row["task"] == task.name]
