"""How a translator is scored: chosen on validation, then once on test_2016_flickr, beside the systems before it.

BLEU cased and lowercased with intervals, by length, samples, what it looked at, seconds, and the scoreboard's row.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from utils import metrics, pretrained, records
from utils.data.batches import pad
from utils.data.tokens import BOS, PAD
from utils.decoding import forced, greedy
from utils.experiments.run import Run
from utils.pretrained import Translator

Pairs = list[tuple[str, str]]
LENGTHS = (1, 8, 10, 12, 14, 17, 21, 45)  # German words: the edges of the length groups
BEAMS = ((1, 0.0), (5, 0.6), (5, 1.0), (5, 1.4))  # (beam, alpha) from which validation chooses
SHOWN = range(0, 1000, 50)  # the test sentences that a record shows


def report(run: Run, translator: Translator, data: Any, system: str, chapter: str, against: Sequence[str] = ()) -> None:
    """Score the model once on the test set and write metrics, curves, samples and the scoreboard's row.

    `data` has the splits `validation` and `test`; `against` names systems that translate the same sentences, where
    they are shipped, for a paired bootstrap.
    """
    validation = {
        (beam, alpha): metrics.bleu(
            beam_texts(translator, data.validation, beam, alpha), english(data.validation)
        ).value
        for beam, alpha in BEAMS
    }
    beam, alpha = max(validation, key=lambda key: validation[key])
    references, began = english(data.test), time.monotonic()
    free = greedy_texts(translator, data.test)
    seconds = time.monotonic() - began
    searched = beam_texts(translator, data.test, beam, alpha)
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
        "against": {name: _compare(name, data.test, searched) for name in against if name in records.names()},
        "greedy sentences a second": round(len(free) / seconds, 1),
    }
    run.found["curves"] = {
        "training": run.memory.get("training", []),
        "validation": run.memory.get("validation", []),
        "bleu by length": metrics.bleu_by_length(searched, references, lengths, LENGTHS),
        "looks": [found for i in SHOWN[::3] if i < len(data.test) and (found := looks(translator, *data.test[i]))],
    }
    run.found["samples"] = [
        {"german": data.test[i][0], "reference": data.test[i][1], "output": searched[i]}
        for i in SHOWN
        if i < len(data.test)
    ]
    row = {"board": "translation", "system": system, "chapter": chapter, "metric": "BLEU lowercased, test_2016_flickr"}
    run.found["scoreboard"] = [
        row
        | {"score": lower.value, "low": lower.low, "high": lower.high}
        | {"parameters": pretrained.parameters(translator.model), "pretraining_data": "none"}
        | {"seconds": round(run.memory["seconds"]), "device": run.device}
    ]


def looks(translator: Translator, german: str, reference: str) -> dict[str, Any]:
    """Where the model looks while it writes the reference: source and target pieces, weights (T, S).

    One row a target piece; for a `Transformer` the mean over the heads of its last layer; nothing for a model that does
    not look back.
    """
    source, target = translator.encode(german), translator.pieces.encode(reference)
    device = pretrained.device_of(translator.model)
    state, rows = translator.model.eval().start(pad([source]).to(device), trace=True), []
    for token in [BOS, *target[:-1]]:
        _, state = translator.model.step(torch.tensor([token], device=device), state)
        weights = state.trace.get("cross", state.trace.get("weights"))
        if weights is None:
            return {}
        row = weights[0] if weights.ndim == 2 else weights[0, -1].mean(dim=0)  # (S,)
        rows.append([round(weight, 3) for weight in row.tolist()])
    return {
        "source": [*translator.pieces.pieces(german), "<eos>"],
        "target": [*translator.pieces.pieces(reference), "<eos>"],
        "weights": rows,
    }


def _compare(name: str, test: Pairs, outputs: list[str]) -> dict[str, float]:
    """A shipped system on the same sentences, with the beam that its record names, against these outputs."""
    chosen: Any = records.read(name).metrics["beam"]
    other = beam_texts(pretrained.translator(name), test, chosen["size"], chosen["alpha"])
    found = metrics.paired_bootstrap(other, outputs, english(test), lowercase=True)
    return {"its BLEU lowercased": round(found.a, 2), "ours": round(found.b, 2), "p": round(found.p, 4)}


def _points(score: metrics.Score) -> dict[str, float]:
    return {"score": round(score.value, 2), "low": round(score.low, 2), "high": round(score.high, 2)}


def english(pairs: Pairs) -> list[str]:
    """The references of (German, English) pairs."""
    return [english for _, english in pairs]


def _chunks(pairs: Pairs, size: int = 128) -> Iterator[Pairs]:
    return (pairs[k : k + size] for k in range(0, len(pairs), size))


def _sources(translator: Translator, pairs: Pairs) -> Any:
    device = pretrained.device_of(translator.model)
    return pad([translator.encode(german) for german, _ in pairs]).to(device)


def greedy_texts(translator: Translator, pairs: Pairs) -> list[str]:
    """Translate the German side word by word, the likeliest each time."""
    translator.model.eval()
    rows = (greedy(translator.model, _sources(translator, some), 80).tolist() for some in _chunks(pairs))
    return [translator.pieces.decode(row) for some in rows for row in some]


def beam_texts(translator: Translator, pairs: Pairs, beam: int, alpha: float) -> list[str]:
    """Translate the German side with a beam."""
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
