"""Accuracy against the number of labels: what labels alone can do, and what a pretrained language model adds.

Every system reads the same sentences with the same vocabulary, and the test sentences once, when it is finished.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from utils import metrics, pretrained
from utils.data.tokens import Vocabulary
from utils.data.windows import WindowBatches
from utils.experiments import sentiment
from utils.experiments.run import Run
from utils.experiments.ulmfit_systems import Net, System, by_counts, fine_tuned, on_vectors, summary
from utils.experiments.ulmfit_text import (
    Task,
    film_reviews,
    general,
    perplexity,
    question_task,
    sst2_task,
    stream,
    vocabulary,
)
from utils.models.awd_lstm import AWDLanguageModel, AWDLSTMConfig
from utils.models.word_vectors import word_vectors
from utils.pretrained import Writer
from utils.training.finetune import discriminative_rates, slanted_triangular
from utils.training.losses import next_token_loss
from utils.training.optimizers import adamw
from utils.training.schedules import schedule
from utils.training.trainer import Plan, fit

TUNED = "pretrained and tuned on target text"


@dataclass(frozen=True)
class Curve:
    """A curve over labels: numbers of labels and seeds, the net, and what its language model is and learns.

    base, tuned: names of shipped language models, before and after target text; if empty, a chance one of these sizes,
    and one that is tuned in this run. `limit` keeps the first texts.
    """

    labels: tuple[int | None, ...] = sentiment.LABELS
    seeds: tuple[int, ...] = (0, 1, 2)
    net: Net = field(default_factory=Net)
    base: str = "ulmfit/general"
    tuned: str = ""
    vocabulary: int = 13_000
    target_count: int = 4
    embedding: int = 160
    hidden: int = 400
    window: int = 5
    target_epochs: int = 3
    target_rate: float = 4e-3
    target_dropout: float = 0.4
    limit: int | None = None


def baselines(run: Run) -> None:
    """SST-2 and TREC's questions with nothing but labels, and with frozen word vectors of the pretraining text."""
    plan: Curve = run.settings
    text, words = _words(plan)
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
    task, tuned = sst2_task(plan.limit), pretrained.writer(plan.tuned) if plan.tuned else _by_chance(plan)
    system = fine_tuned(plan.net, tuned.model.config, _vocabulary(tuned), tuned.model.encoder)
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


def questions(run: Run) -> None:
    """The general language model sorts questions by what is asked for."""
    _pretrained(run, question_task(run.settings.limit))


def _pretrained(run: Run, task: Task) -> list[dict[str, Any]]:
    """The curve of the language model, as it is and tuned on target text: rows, and what goes into the record."""
    plan: Curve = run.settings
    writer = pretrained.writer(plan.base) if plan.base else _by_chance(plan)
    tuned = pretrained.writer(plan.tuned) if plan.tuned else tune(run, writer, target_text(task, plan.limit))
    words, sizes, net = _vocabulary(writer), writer.model.config, replace(plan.net, tricks=True)
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


def target_text(task: Task, limit: int | None = None) -> list[list[str]]:
    """What a language model may read before it learns a task: texts of its kind, without labels, none of a test set."""
    return film_reviews(limit) if task.name == "sst2" else [list(words) for words, _ in task.train]


def tune(run: Run, writer: Writer, sentences: Sequence[Sequence[str]]) -> Writer:
    """The language model after some epochs of target text, a twentieth of which is held out and scored."""
    plan: Curve = run.settings
    file = run.folder / "tuned.safetensors"
    if file.exists():
        return pretrained.load(file)
    began = time.process_time()
    drawn = random.Random("target text").sample([list(words) for words in sentences], len(sentences))
    cut = max(1, len(drawn) // 20)
    held, learned = (stream(_vocabulary(writer), some) for some in (drawn[:cut], drawn[cut:]))
    torch.manual_seed(run.seed)
    model = AWDLanguageModel(replace(writer.model.config, dropout=plan.target_dropout))
    model.load_state_dict(writer.model.state_dict())
    before = perplexity(model, held, rows=1)
    batches = WindowBatches(learned, 64 if plan.base else 8, 16, run.seed)
    optimizer = adamw(discriminative_rates(model.groups(), plan.target_rate), plan.target_rate)
    rates = schedule(optimizer, slanted_triangular(plan.target_epochs * len(batches)))
    lesson = Plan(epochs=plan.target_epochs, device="cpu", precision=plan.net.precision)
    for step in fit(model, next_token_loss, batches, optimizer, lesson, scheduler=rates):
        run.keep(step)
    run.memory["target"] = {
        "words": len(learned),
        "held-out perplexity before": before,
        "held-out perplexity after": perplexity(model, held, rows=1),
        "seconds": round(time.process_time() - began, 1),
    }
    tuned = Writer(model, writer.vocabulary, "words")
    run.remember()
    pretrained.save(tuned, file)
    return tuned


def film(run: Run) -> None:
    """The general language model reads film reviews without labels, and forgets some of what it read before."""
    plan: Curve = run.settings
    writer = pretrained.writer(plan.base) if plan.base else _by_chance(plan)
    general_text = stream(_vocabulary(writer), general("test", plan.limit))
    before = perplexity(writer.model, general_text)
    tuned = tune(run, writer, film_reviews(plan.limit))
    pretrained.save(tuned, run.folder / "weights.safetensors")
    run.found |= {
        "metrics": {
            "film reviews, held out": run.memory["target"],
            "general test text": {
                "perplexity before": before,
                "perplexity after": perplexity(tuned.model, general_text),
            },
        },
        "curves": {"training": run.memory.get("training", [])},
        "samples": [
            {"text": tuned(prompt, 25, temperature=0.8, seed=run.seed)} for prompt in ("the film is", "a story")
        ],
        "sizes": {"parameters": pretrained.parameters(tuned.model), "vocabulary": len(writer.vocabulary)},
    }


def _vocabulary(writer: Writer) -> Vocabulary:
    if not isinstance(writer.vocabulary, Vocabulary):
        raise ValueError(f"the language model reads {type(writer.vocabulary).__name__}: it must read whole words")
    return writer.vocabulary


def _words(plan: Curve) -> tuple[list[list[str]], Vocabulary]:
    """The general text, and the vocabulary that the shipped language model has."""
    text = general("train", plan.limit)
    return text, vocabulary(text, film_reviews(plan.limit), plan.vocabulary, plan.target_count)


def _by_chance(plan: Curve) -> Writer:
    """A language model that has learned nothing."""
    words = _words(plan)[1]
    return Writer(AWDLanguageModel(AWDLSTMConfig(len(words), plan.embedding, plan.hidden)), words, "words")


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
