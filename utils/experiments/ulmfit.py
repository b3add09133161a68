"""ULMFiT on real text: a general language model, which is tuned on film reviews and then sorts them with few labels.

    python -m utils.experiments ulmfit/general
    python -m utils.experiments ulmfit/film
    python -m utils.experiments ulmfit/sst2
    python -m utils.experiments ulmfit/questions

Howard and Ruder 2018, "Universal Language Model Fine-tuning for Text Classification" (arXiv 1801.06146), with a
fortieth of their text. Training windows are read from a blank state, as the classifier will read its sentences;
perplexities are measured with the state carried from window to window.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from utils import pretrained
from utils.data.tokens import UNK
from utils.data.windows import WindowBatches
from utils.experiments import ulmfit_text
from utils.experiments.run import Run
from utils.experiments.ulmfit_labels import baselines, one_recipe, one_recipe_questions, questions, sst2
from utils.experiments.ulmfit_systems import Net
from utils.experiments.ulmfit_tuning import Curve, film
from utils.models.awd_lstm import AWDLanguageModel, AWDLSTMConfig
from utils.models.ngram import NGram
from utils.pretrained import Writer
from utils.training.losses import next_token_loss
from utils.training.optimizers import MuonAdamW
from utils.training.schedules import schedule, warmup_cosine
from utils.training.trainer import fit

PROMPTS = ("the president of the", "the film is", "scientists have found that")


@dataclass(frozen=True)
class General:
    """A pretraining: `vocabulary` in words, `length` in words a window, `texts` limits what is read of each part."""

    steps: int
    vocabulary: int = 13_000
    target_count: int = 4
    embedding: int = 160
    hidden: int = 400
    dropout: float = 0.2
    batch: int = 32
    length: int = 64
    rate: float = 4e-3
    decay: float = 0.05
    warmup: int = 100
    every: int = 250
    orders: tuple[int, ...] = (1, 2, 3)
    texts: int | None = None
    precision: str | None = None


def general(run: Run) -> None:
    """Pretrain on Brown, news and state papers, keep the best weights by validation, score once on held-out texts."""
    settings: General = run.settings
    sentences = {part: ulmfit_text.general(part, settings.texts) for part in ("train", "validation", "test")}
    target = ulmfit_text.film_reviews(settings.texts)
    words = ulmfit_text.vocabulary(sentences["train"], target, settings.vocabulary, settings.target_count)
    tokens = {part: ulmfit_text.stream(words, some) for part, some in sentences.items()}
    torch.manual_seed(run.seed)
    sizes = AWDLSTMConfig(len(words), settings.embedding, settings.hidden, dropout=settings.dropout)
    writer = Writer(AWDLanguageModel(sizes), words, "words")
    _pretrain(run, writer, tokens)
    scored = {part: ulmfit_text.perplexity(writer.model, tokens[part]) for part in ("validation", "test")}
    rows = n_grams(settings.orders, tokens, len(words))
    best = min(rows, key=lambda row: row["validation"])
    run.found |= {
        "metrics": {
            "validation, perplexity": scored["validation"],
            "test, perplexity": scored["test"],
            f"test, perplexity of a {best['order']}-gram": best["test"],
            "film reviews, perplexity": ulmfit_text.perplexity(writer.model, ulmfit_text.stream(words, target)),
        },
        "curves": {name: run.memory.get(name, []) for name in ("training", "validation")} | {"n-grams": rows},
        "samples": run.memory["samples"],
        "sizes": {
            "parameters": pretrained.parameters(writer.model),
            "vocabulary": len(words),
            "words to learn from": len(tokens["train"]),
            "words read": settings.steps * settings.batch * settings.length,
            "test words": len(tokens["test"]),
            "unknown words in the test text, %": round(100 * float((tokens["test"] == UNK).float().mean()), 2),
        },
    }


def _pretrain(run: Run, writer: Writer, tokens: dict[str, Tensor]) -> None:
    """Train, judged by validation perplexity; leaves the best weights, rounded, in the model."""
    settings: General = run.settings
    best = run.folder / "weights.safetensors"
    batches = WindowBatches(tokens["train"], settings.length, settings.batch, run.seed)
    optimizer = MuonAdamW(writer.model, settings.rate, settings.decay)
    rates = schedule(optimizer, warmup_cosine(settings.warmup, settings.steps))
    epochs = -(-settings.steps // len(batches))
    plan = run.plan(epochs=epochs, steps=settings.steps, precision=settings.precision, every=settings.every)
    for step in fit(writer.model, next_token_loss, batches, optimizer, plan, run.memory, rates):
        run.keep(step)
        if step.number % settings.every == 0 or step.number == settings.steps:
            curve = run.memory.setdefault("validation", [])
            found = ulmfit_text.perplexity(writer.model, tokens["validation"])
            if found <= min((point["perplexity"] for point in curve), default=math.inf):
                pretrained.save(writer, best)
            curve.append({"step": step.number, "epoch": step.epoch + 1, "perplexity": found})
            _write(run, writer, step.number)
    writer.model.load_state_dict(pretrained.load(best).model.state_dict())


def _write(run: Run, writer: Writer, step: int) -> None:
    """Remember what the model writes, at a quarter, a half and all of the steps."""
    steps, every = run.settings.steps, run.settings.every
    if step in (steps // 4 // every * every, steps // 2 // every * every, steps):
        texts = [writer(prompt, 25, temperature=0.8, seed=run.seed) for prompt in PROMPTS]
        run.memory.setdefault("samples", []).extend({"step": step, "text": text} for text in texts)


def n_grams(orders: tuple[int, ...], tokens: dict[str, Tensor], size: int) -> list[dict[str, Any]]:
    """Perplexity of n-grams of each order on validation and test text, with the same vocabulary."""
    texts, rows = {part: some.tolist() for part, some in tokens.items()}, []
    for order in orders:
        model = NGram(order, size).fit([texts["train"]])
        nats = {part: model.nats(texts[part]) for part in ("validation", "test")}
        rows.append({"order": order} | {part: round(math.exp(sum(n) / len(n)), 2) for part, n in nats.items()})
    return rows


EXPERIMENTS = {
    "general": general,
    "baselines": baselines,
    "film": film,
    "sst2": sst2,
    "questions": questions,
    "one_recipe": one_recipe,
    "one_recipe_questions": one_recipe_questions,
}
_TINY = Curve((20, 40), (0,), Net(2, 2, batch=4), "", "", 300, 2, 8, 12, target_epochs=1, limit=60)
PRESETS: dict[str, dict[str, Any]] = {
    "general": {
        "smoke": General(4, 300, 2, 8, 12, batch=4, length=16, warmup=2, every=2, orders=(1, 2), texts=2),
        "cpu": General(3_000, batch=16, precision="bf16"),
    },
    **{name: {"smoke": _TINY, "cpu": Curve()} for name in ("baselines", "film", "questions", "one_recipe_questions")},
    **{name: {"smoke": _TINY, "cpu": Curve(tuned="ulmfit/film")} for name in ("sst2", "one_recipe")},
}
