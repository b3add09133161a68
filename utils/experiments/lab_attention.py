"""Attention on chapter 03's data, budget and seeds: how well it translates, where it looks, and what stands in for it.

    python -m utils.experiments lab_attention/french

Every experiment goes through `lab_translation.sweep`, so that a curve here lies beside the one of the encoder-decoder
with nothing changed but the model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from utils import metrics
from utils.data import lab
from utils.decoding import forced
from utils.experiments.lab_looking import ALIGNED, TRAINED, encode, looks, tampered, uniform
from utils.experiments.lab_translation import Data, Settings, Sweep, by_length, sweep
from utils.models.attention import AttentionDecoder, AttentionSeq2Seq, Memory
from utils.models.seq2seq import Seq2SeqConfig

CHAPTERS = {"french": "04", "urdu": "04", "fixed": "04", "fixed_urdu": "04"}
LONGER = (26, 45)  # English words: beyond the lengths of the training
BEYOND = (46, 53, 61)  # edges of further length groups, about twice the longest training sentence
SHOWN = ((6, 6), (9, 9), (14, 14))  # lengths of the sentences that a record shows


@dataclass(frozen=True)
class LookSettings(Settings):
    """The same training; `look` is "learned", or one of the fixed ways to look in `FIXED`."""

    look: str = "learned"


def last(mask: Tensor, *_: Any) -> Tensor:
    """Look at the last state alone, as the encoder-decoder does: mask (B, S) -> weights (B, S)."""
    return torch.nn.functional.one_hot(mask.sum(dim=1) - 1, mask.shape[1]).float()


def diagonal(mask: Tensor, step: Tensor, ratio: float) -> Tensor:
    """Look at the word at the same place, `ratio` target words a source word: mask (B, S), step (B,) -> (B, S)."""
    place = ((step + 0.5) / ratio).long().minimum(mask.sum(dim=1) - 1)
    return torch.nn.functional.one_hot(place, mask.shape[1]).float()


FIXED = {"uniform": uniform, "last state only": last, "diagonal": diagonal}


class FixedDecoder(AttentionDecoder):
    """The decoder with attention, except that where it looks is given: the control for "it has learned to look".

    `look(mask, step, ratio)` is one of `FIXED`. The last number of the state counts the steps.
    """

    def __init__(self, config: Seq2SeqConfig, look: Callable[[Tensor, Tensor, float], Tensor], ratio: float):
        super().__init__(config)
        self.look, self.ratio = look, ratio
        del self.attention

    def begin(self, states: Tensor, mask: Tensor) -> tuple[Tensor, Memory]:
        """States (B, S, 2H), mask (B, S) -> first state with its counter (B, H+1), and the memory."""
        hidden = torch.tanh(self.first(states[:, 0, states.shape[-1] // 2 :]))
        return torch.nn.functional.pad(hidden, (0, 1)), Memory(states, states[..., :0], mask[:, None])

    def advance(self, word: Tensor, hidden: Tensor, memory: Memory) -> tuple[Tensor, Tensor, Tensor]:
        """Embedded word (B, E), state (B, H+1) -> new state (B, H+1), context (B, 2H), weights (B, S)."""
        hidden, step = hidden[:, :-1], hidden[:, -1]
        weights = self.look(memory.mask[:, 0], step, self.ratio)
        context = (weights[:, None] @ memory.states)[:, 0]  # (B, 2H)
        hidden = self.cell(torch.cat([word, context], dim=-1), hidden)
        return torch.cat([hidden, step[:, None] + 1], dim=-1), context, weights

    def logits(self, words: Tensor, hidden: Tensor, context: Tensor) -> Tensor:
        """As of the decoder with attention; the counter is not shown to the readout."""
        return super().logits(words, hidden[..., :-1], context)


def build_attention(settings: Settings, data: Data) -> AttentionSeq2Seq:
    """The encoder-decoder with attention, as wide as chapter 03's, or one that looks where `settings.look` says."""
    config = Seq2SeqConfig(len(data.source), len(data.target), settings.embedding, settings.hidden)
    model = AttentionSeq2Seq(config)
    if (look := getattr(settings, "look", "learned")) != "learned":
        ratio = sum(len(other) for _, other in data.train) / sum(len(english) for english, _ in data.train)
        model.decoder = FixedDecoder(config, FIXED[look], ratio)
        torch.nn.init.normal_(model.decoder.embedding.weight, std=config.embedding**-0.5)
    return model


def alignment(model: Any, data: Data, language: str = "french") -> list[dict[str, float]]:
    """Alignment error rate against the gold links, for trained and for longer sentences, beside two baselines.

    Each target word is linked to the word with the largest weight. Of the target words that have a partner the row
    also counts who looked at it, and how many of these, and of the others, came out right under teacher forcing.
    """
    model.eval()
    rows = []
    for low, high in (TRAINED, LONGER):
        some = lab.sentences(ALIGNED, low, (low, high), part="test")
        source, target = encode(data, some, language)
        weights, right = looks(model, source, target), forced(model, source, target) == target
        sizes = [(len(s.english), len(s.side(language))) for s in some]
        gold = [s.alignment(language) for s in some]
        found: dict[str, list[Any]] = {
            "attention": [metrics.links_from_weights(w, *size) for w, size in zip(weights, sizes, strict=True)],
            "diagonal": [metrics.diagonal_links(*size) for size in sizes],
            "uniform": [metrics.uniform_links(*size) for size in sizes],
        }
        rates = {
            name: metrics.corpus_alignment_error_rate(
                (links, its.sure, its.possible) for links, its in zip(every, gold, strict=True)
            )
            for name, every in found.items()
        }
        row = {"from": low, "to": high, "sentences": len(some)} | {k: round(rate, 4) for k, rate in rates.items()}
        rows.append(row | _looked(found["attention"], gold, right))
    return rows


def _looked(found: list[Any], gold: list[lab.Alignment], right: Tensor) -> dict[str, float]:
    """Of the target words with a partner: who looked at it and who did not, and the share of right words of each."""
    hits: dict[bool, list[bool]] = {True: [], False: []}
    for links, its, words in zip(found, gold, right.tolist(), strict=True):
        for j in sorted({j for _, j in its.possible}):
            hits[any((i, j) in its.possible for i, k in links if k == j)].append(words[j])
    shares = {looked: round(sum(words) / max(1, len(words)), 4) for looked, words in hits.items()}
    return {
        "looked at the partner": len(hits[True]),
        "of these right": shares[True],
        "looked elsewhere": len(hits[False]),
        "of those right": shares[False],
    }


def shown(model: Any, data: Data, language: str = "french") -> list[dict[str, Any]]:
    """Where the model looks in a few test sentences: words of both sides, weights (T, S) and the gold links."""
    rows = []
    for low, high in SHOWN:
        sentence = lab.sentences(1, low, (low, high), part="test")[0]
        source, target = encode(data, [sentence], language)
        weights = looks(model, source, target)[0].tolist()
        words = {"source": [*sentence.english, "<eos>"], "target": [*sentence.side(language), "<eos>"]}
        gold = sorted(map(list, sentence.alignment(language).sure))
        rows.append(words | {"weights": [[round(w, 3) for w in row] for row in weights], "sure": gold})
    return rows


def far_beyond(model: Any, data: Data, language: str = "french") -> list[dict[str, float]]:
    """Chapter 03's length groups, and two beyond them, of sentences about twice as long as any in training."""
    long = lab.sentences(ALIGNED, 5, (BEYOND[0], BEYOND[-1] - 1), part="test")
    further = replace(data, test=[(s.english, s.side(language)) for s in long])
    return by_length(model, data) + by_length(model, further, BEYOND)


def _measures(language: str) -> dict[str, Any]:
    functions = {"by length": far_beyond, "alignment": alignment, "tampered": tampered, "looks": shown}
    return {name: partial(function, language=language) for name, function in functions.items()}


EXPERIMENTS = {
    "french": partial(sweep, build=build_attention, measures=_measures("french")),
    "urdu": partial(sweep, build=build_attention, measures=_measures("urdu")),
    "fixed": partial(sweep, build=build_attention, measures={"by length": far_beyond}),
    "fixed_urdu": partial(sweep, build=build_attention, measures={"by length": partial(far_beyond, language="urdu")}),
}
_TINY = LookSettings(pairs=500, tests=400, hidden=16, steps=3, warmup=1)
_FIXED: dict[str, dict[str, Any]] = {look: {"look": look} for look in FIXED}
PRESETS = {
    "french": {
        "smoke": Sweep(_TINY, {"attention": {}}, (0,)),
        "cpu": Sweep(LookSettings(), {"attention": {}}),
    },
    "urdu": {
        "smoke": Sweep(replace(_TINY, language="urdu"), {"attention": {}}, (0,)),
        "cpu": Sweep(LookSettings(language="urdu", steps=800), {"attention": {}}),
    },
    "fixed": {"smoke": Sweep(_TINY, _FIXED, (0,)), "cpu": Sweep(LookSettings(), _FIXED, (0, 1))},
    "fixed_urdu": {  # where word order differs: the best of the fixed ways against the learned one
        "smoke": Sweep(replace(_TINY, language="urdu"), {"diagonal": {"look": "diagonal"}}, (0,)),
        "cpu": Sweep(LookSettings(language="urdu", steps=800), {"diagonal": {"look": "diagonal"}}),
    },
}
