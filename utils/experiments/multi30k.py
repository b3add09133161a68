"""German to English on Multi30k (Elliott et al. 2016): every era's translator on the same pieces, batches and test set.

    python -m utils.experiments multi30k/seq2seq --preset cpu

Word pieces are learned on the training texts; the weights kept are those of the epoch with the best validation
BLEU; beam and length penalty are chosen on validation; the test set (test_2016_flickr) is translated once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from utils import metrics, pretrained
from utils.data import sources
from utils.data.batches import BucketedBatches, pad
from utils.data.tokens import PAD, WordPieces
from utils.decoding import forced, greedy
from utils.experiments.run import Run
from utils.models.seq2seq import Seq2Seq, Seq2SeqConfig
from utils.pretrained import Translator
from utils.training.losses import TranslationLoss
from utils.training.schedules import schedule, warmup_cosine
from utils.training.trainer import fit

Pairs = list[tuple[str, str]]
LENGTHS = (1, 8, 10, 12, 14, 17, 21, 45)  # German words: the edges of the length groups


@dataclass(frozen=True)
class Settings:
    """A preset; widths in units, `examples` limits the training pairs, `reverse` is Sutskever's trick."""

    epochs: int
    embedding: int = 256
    hidden: int = 416
    dropout: float = 0.4
    pieces: int = 6000
    batch: int = 64
    rate: float = 1.5e-3
    warmup: int = 400
    weight_decay: float = 0.01
    smoothing: float = 0.1
    reverse: bool = True
    examples: int | None = None


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
    settings: Settings = run.settings
    data = texts(settings)
    torch.manual_seed(run.seed)
    model = Seq2Seq(
        Seq2SeqConfig(
            source_vocabulary=len(data.pieces),
            target_vocabulary=len(data.pieces),
            embedding=settings.embedding,
            hidden=settings.hidden,
            dropout=settings.dropout,
        )
    )
    translator = Translator(model, data.pieces, settings.reverse)
    train(run, translator, data)
    report(run, translator, data, system="Encoder-decoder, one context vector", chapter="03")


def train(run: Run, translator: Translator, data: Texts) -> None:
    """Train with early stopping on validation BLEU; leaves the best epoch's weights, rounded, in the model."""
    settings: Settings = run.settings
    examples = [(translator.encode(german), data.pieces.encode(english)) for german, english in data.train]
    batches = BucketedBatches(examples, settings.batch, seed=run.seed)
    optimizer = torch.optim.AdamW(
        translator.model.parameters(), lr=settings.rate, weight_decay=settings.weight_decay, betas=(0.9, 0.98)
    )
    rates = schedule(optimizer, warmup_cosine(settings.warmup, settings.epochs * len(batches)))
    best = run.folder / "weights.safetensors"
    steps = fit(
        translator.model,
        TranslationLoss(settings.smoothing),
        batches,
        optimizer,
        run.plan(epochs=settings.epochs),
        run.memory,
        rates,
    )
    for step in steps:
        run.keep(step)
        if step.ends_epoch:
            score = metrics.bleu(_greedy(translator, data.validation), _english(data.validation)).value
            curve = run.memory.setdefault("validation", [])
            if score >= max((point["bleu"] for point in curve), default=0.0):
                pretrained.save(translator, best)
            curve.append({"epoch": step.epoch + 1, "step": step.number, "bleu": round(score, 2)})
    translator.model.load_state_dict(pretrained.load(best).model.state_dict())
    run.found["sizes"] = {
        "training pairs": len(data.train),
        "pieces": len(data.pieces),
        "parameters": pretrained.parameters(translator.model),
        "padding share": round(batches.padding(), 3),
    }


def report(run: Run, translator: Translator, data: Texts, system: str, chapter: str) -> None:
    """Score the model once on the test set and write metrics, curves, samples and the scoreboard's row."""
    validation = {
        (beam, alpha): metrics.bleu(_beam(translator, data.validation, beam, alpha), _english(data.validation)).value
        for beam, alpha in ((1, 0.0), (5, 0.6), (5, 1.0), (5, 1.4))
    }
    beam, alpha = max(validation, key=lambda key: validation[key])
    references, free = _english(data.test), _greedy(translator, data.test)
    searched = _beam(translator, data.test, beam, alpha)
    lower = metrics.bleu(searched, references, lowercase=True, bootstrap=1000)
    lengths = [len(german.split()) for german, _ in data.test]
    run.found["metrics"] = {
        "test BLEU, greedy": _points(metrics.bleu(free, references, bootstrap=1000)),
        "test BLEU, beam": _points(metrics.bleu(searched, references, bootstrap=1000)),
        "test BLEU lowercased, greedy": _points(metrics.bleu(free, references, lowercase=True, bootstrap=1000)),
        "test BLEU lowercased, beam": _points(lower),
        "beam": {"size": beam, "alpha": alpha},
        "validation BLEU": {f"beam {b}, alpha {a}": round(score, 2) for (b, a), score in validation.items()},
        "test tokens right": _tokens_right(translator, data.test),
    }
    run.found["curves"] = {
        "training": run.memory.get("training", []),
        "validation": run.memory.get("validation", []),
        "bleu by length": metrics.bleu_by_length(searched, references, lengths, LENGTHS),
    }
    run.found["samples"] = [
        {"german": german, "reference": english, "output": searched[i]} for i, (german, english) in enumerate(data.test)
    ][::50]
    row = {"board": "translation", "system": system, "chapter": chapter, "metric": "BLEU lowercased, test_2016_flickr"}
    run.found["scoreboard"] = [
        row
        | {"score": lower.value, "low": lower.low, "high": lower.high}
        | {"parameters": pretrained.parameters(translator.model), "pretraining_data": "none"}
        | {"seconds": round(run.memory["seconds"]), "device": run.device}
    ]


def _points(score: metrics.Score) -> dict[str, float]:
    return {"score": round(score.value, 2), "low": round(score.low, 2), "high": round(score.high, 2)}


def _english(pairs: Pairs) -> list[str]:
    return [english for _, english in pairs]


def _chunks(pairs: Pairs, size: int = 128) -> Iterator[Pairs]:
    return (pairs[k : k + size] for k in range(0, len(pairs), size))


def _sources(translator: Translator, pairs: Pairs) -> Any:
    device = next(translator.model.parameters()).device
    return pad([translator.encode(german) for german, _ in pairs]).to(device)


def _greedy(translator: Translator, pairs: Pairs) -> list[str]:
    translator.model.eval()
    rows = (greedy(translator.model, _sources(translator, some), 80).tolist() for some in _chunks(pairs))
    return [translator.pieces.decode(row) for some in rows for row in some]


def _beam(translator: Translator, pairs: Pairs, beam: int, alpha: float) -> list[str]:
    outputs = (translator([german for german, _ in some], beam, alpha) for some in _chunks(pairs))
    return [text for some in outputs for text in some]


def _tokens_right(translator: Translator, pairs: Pairs) -> dict[str, float]:
    """Share of the reference's pieces at their place, fed with the true words and with the model's own."""
    model: Any = translator.model.eval()
    shares: dict[str, list[float]] = {"teacher forcing": [], "free running": []}
    for some in _chunks(pairs):
        source = _sources(translator, some)
        target = pad([translator.pieces.encode(english) for _, english in some], PAD).to(source.device)
        shares["teacher forcing"] += metrics.token_accuracy(forced(model, source, target), target).tolist()
        shares["free running"] += metrics.token_accuracy(greedy(model, source, 80), target).tolist()
    return {name: round(sum(values) / len(values), 4) for name, values in shares.items()}


EXPERIMENTS = {"seq2seq": seq2seq}
PRESETS = {
    "seq2seq": {
        "smoke": Settings(epochs=2, embedding=16, hidden=16, pieces=200, batch=16, warmup=2, examples=60),
        "cpu": Settings(epochs=14),
        "gpu": Settings(epochs=30),
    }
}
