"""German to English on Multi30k (Elliott et al. 2016): every era's translator on the same pieces, batches and test set.

    python -m utils.experiments multi30k/transformer --preset cpu

Word pieces are learned on the training texts; the weights kept are those of the epoch with the best validation
BLEU, or the mean of the last epochs where that is better; `translation_report` scores them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from utils import metrics, pretrained
from utils.data import sources
from utils.data.batches import BucketedBatches
from utils.data.tokens import WordPieces
from utils.experiments.run import Run
from utils.experiments.translation_report import Pairs, english, greedy_texts, report
from utils.models.attention import AttentionSeq2Seq
from utils.models.seq2seq import Seq2Seq, Seq2SeqConfig
from utils.models.transformer import Transformer, TransformerConfig
from utils.pretrained import Translator
from utils.training.averaging import average
from utils.training.losses import TranslationLoss
from utils.training.optimizers import MuonAdamW
from utils.training.schedules import schedule, warmup_cosine
from utils.training.trainer import fit


@dataclass(frozen=True)
class Settings:
    """What all say: `examples` limits the pairs, `average` is over the last epochs, `precision` as of a `Plan`."""

    epochs: int
    dropout: float = 0.4
    pieces: int = 6000
    batch: int = 64
    rate: float = 1.5e-3
    warmup: int = 400
    weight_decay: float = 0.01
    smoothing: float = 0.1
    examples: int | None = None
    average: int = 1
    precision: str | None = None


@dataclass(frozen=True)
class RecurrentSettings(Settings):
    """Widths in units; `reverse` feeds the source back to front (Sutskever et al. 2014)."""

    embedding: int = 256
    hidden: int = 416
    reverse: bool = False


@dataclass(frozen=True)
class TransformerSettings(Settings):
    """Sizes as of a `TransformerConfig`; hidden matrices are trained by Muon."""

    width: int = 256
    heads: int = 4
    layers: int = 3
    feed_forward: int = 512


@dataclass(frozen=True)
class Texts:
    """The three splits as (German, English) pairs, and the word pieces of the training split."""

    train: Pairs
    validation: Pairs
    test: Pairs
    pieces: WordPieces


def texts(settings: Settings) -> Texts:
    """Multi30k and its joint German-English word pieces."""
    train, validation, test = (
        sources.load("multi30k", split=split, languages=("de", "en"))[: settings.examples]
        for split in ("train", "val", "test_2016_flickr")
    )
    return Texts(train, validation, test, WordPieces.train((text for pair in train for text in pair), settings.pieces))


def seq2seq(run: Run) -> None:
    """The encoder-decoder with one context vector (chapter 03)."""
    _recurrent(run, Seq2Seq, "Encoder-decoder, one context vector", "03")


def attention(run: Run) -> None:
    """The encoder-decoder that looks back at every word (chapter 04)."""
    _recurrent(run, AttentionSeq2Seq, "Encoder-decoder with attention", "04", against=("multi30k/seq2seq",))


def transformer(run: Run) -> None:
    """Attention without recurrence (chapter 05)."""
    settings: TransformerSettings = run.settings
    data = texts(settings)
    torch.manual_seed(run.seed)
    sizes = TransformerConfig(
        source_vocabulary=len(data.pieces),
        target_vocabulary=len(data.pieces),
        width=settings.width,
        heads=settings.heads,
        layers=settings.layers,
        feed_forward=settings.feed_forward,
        dropout=settings.dropout,
        shared=True,
    )
    model = Transformer(sizes)
    optimizer = MuonAdamW(model, settings.rate, settings.weight_decay, betas=(0.9, 0.98))
    translator = Translator(model, data.pieces)
    train(run, translator, data, optimizer)
    report(run, translator, data, "Transformer", "05", against=("multi30k/seq2seq", "multi30k/attention"))


def _recurrent(run: Run, build: Any, system: str, chapter: str, against: tuple[str, ...] = ()) -> None:
    settings: RecurrentSettings = run.settings
    data = texts(settings)
    torch.manual_seed(run.seed)
    sizes = Seq2SeqConfig(
        source_vocabulary=len(data.pieces),
        target_vocabulary=len(data.pieces),
        embedding=settings.embedding,
        hidden=settings.hidden,
        dropout=settings.dropout,
    )
    translator = Translator(build(sizes), data.pieces, settings.reverse)
    optimizer = torch.optim.AdamW(
        translator.model.parameters(), lr=settings.rate, weight_decay=settings.weight_decay, betas=(0.9, 0.98)
    )
    train(run, translator, data, optimizer)
    report(run, translator, data, system, chapter, against)


def train(run: Run, translator: Translator, data: Texts, optimizer: Optimizer) -> None:
    """Train, judged by validation BLEU after each epoch; leaves the best weights, rounded, in the model."""
    settings: Settings = run.settings
    examples = [(translator.encode(german), data.pieces.encode(english)) for german, english in data.train]
    batches = BucketedBatches(examples, settings.batch, seed=run.seed)
    rates = schedule(optimizer, warmup_cosine(settings.warmup, settings.epochs * len(batches)))
    plan = run.plan(epochs=settings.epochs, precision=settings.precision)
    loss, best = TranslationLoss(settings.smoothing), run.folder / "weights.safetensors"
    for step in fit(translator.model, loss, batches, optimizer, plan, run.memory, rates):
        run.keep(step)
        if step.ends_epoch:
            _keep_best(run, translator, data, best, {"epoch": step.epoch + 1, "step": step.number})
            pretrained.save(translator, _weights(run, step.epoch + 1))
            _weights(run, step.epoch + 1 - max(1, settings.average)).unlink(missing_ok=True)
    states = list(_states(run, settings))
    if len(states) > 1:
        translator.model.load_state_dict(average(states))
        _keep_best(run, translator, data, best, {"mean of the last epochs": len(states)})
    translator.model.load_state_dict(pretrained.load(best).model.state_dict())
    run.found["sizes"] = {
        "training pairs": len(data.train),
        "pieces": len(data.pieces),
        "parameters": pretrained.parameters(translator.model),
        "padding share": round(batches.padding(), 3),
        "target tokens an epoch": sum(len(target) for _, target in examples),
    }


def _keep_best(run: Run, translator: Translator, data: Texts, best: Path, when: dict[str, int]) -> None:
    """Translate the validation split greedily; the weights are kept if nothing before was better."""
    score = metrics.bleu(greedy_texts(translator, data.validation), english(data.validation)).value
    curve = run.memory.setdefault("validation", [])
    if score >= max((point["bleu"] for point in curve), default=0.0):
        pretrained.save(translator, best)
    curve.append(when | {"bleu": round(score, 2)})


def _weights(run: Run, epoch: int) -> Path:
    return run.folder / f"epoch_{epoch}.safetensors"


def _states(run: Run, settings: Settings) -> Iterator[dict[str, Any]]:
    """The weights after each of the last epochs, whose files go with them."""
    for epoch in range(max(1, settings.epochs - settings.average + 1), settings.epochs + 1):
        file = _weights(run, epoch)
        model: nn.Module = pretrained.load(file).model
        yield model.state_dict()
        file.unlink()


EXPERIMENTS = {"seq2seq": seq2seq, "attention": attention, "transformer": transformer}
PRESETS: dict[str, dict[str, Settings]] = {
    "seq2seq": {
        "smoke": RecurrentSettings(
            epochs=2, embedding=16, hidden=16, pieces=200, batch=16, warmup=2, examples=60, reverse=True
        ),
        "cpu": RecurrentSettings(epochs=14, reverse=True),
        "gpu": RecurrentSettings(epochs=30, reverse=True),
    },
    "attention": {
        "smoke": RecurrentSettings(epochs=2, embedding=16, hidden=16, pieces=200, batch=16, warmup=2, examples=60),
        "cpu": RecurrentSettings(epochs=16, hidden=288, precision="bf16"),
        "gpu": RecurrentSettings(epochs=30, hidden=288),
    },
    "transformer": {
        "smoke": TransformerSettings(
            epochs=2,
            width=16,
            heads=2,
            layers=1,
            feed_forward=16,
            pieces=200,
            batch=16,
            warmup=2,
            examples=60,
            average=2,
        ),
        "cpu": TransformerSettings(epochs=16, dropout=0.3, rate=2e-3, average=5, precision="bf16"),
        "gpu": TransformerSettings(epochs=40, dropout=0.3, rate=2e-3, average=5),
    },
}
