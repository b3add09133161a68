"""The second step of ULMFiT: the general language model reads text of the kind that it will sort, without labels."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch

from utils import pretrained
from utils.data.tokens import Vocabulary
from utils.data.windows import WindowBatches
from utils.experiments import sentiment
from utils.experiments.run import Run
from utils.experiments.ulmfit_systems import Net
from utils.experiments.ulmfit_text import (
    Task,
    film_reviews,
    general,
    perplexity,
    stream,
    vocabulary,
)
from utils.models.awd_lstm import AWDLanguageModel, AWDLSTMConfig
from utils.pretrained import Writer
from utils.training.finetune import discriminative_rates, slanted_triangular
from utils.training.losses import next_token_loss
from utils.training.optimizers import adamw
from utils.training.schedules import schedule
from utils.training.trainer import Plan, fit


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
    held, learned = (stream(known_words(writer), some) for some in (drawn[:cut], drawn[cut:]))
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
    writer = pretrained.writer(plan.base) if plan.base else by_chance(plan)
    general_text = stream(known_words(writer), general("test", plan.limit))
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


def known_words(writer: Writer) -> Vocabulary:
    """The words that a language model reads; ``ValueError`` for one of pieces."""
    if not isinstance(writer.vocabulary, Vocabulary):
        raise ValueError(f"the language model reads {type(writer.vocabulary).__name__}: it must read whole words")
    return writer.vocabulary


def general_words(plan: Curve) -> tuple[list[list[str]], Vocabulary]:
    """The general text, and the vocabulary that the shipped language model has."""
    text = general("train", plan.limit)
    return text, vocabulary(text, film_reviews(plan.limit), plan.vocabulary, plan.target_count)


def by_chance(plan: Curve) -> Writer:
    """A language model that has learned nothing."""
    words = general_words(plan)[1]
    return Writer(AWDLanguageModel(AWDLSTMConfig(len(words), plan.embedding, plan.hidden)), words, "words")
