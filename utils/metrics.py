"""How good an output is: tokens, whole sentences, BLEU.

Every function compares what a model wrote with what was right; none of them runs a model. So the same
`token_accuracy` is teacher-forced or free-running, depending on where its predictions come from
(`decoding.forced` or `decoding.greedy`): name it in every table.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from utils.data.tokens import PAD


class Score(NamedTuple):
    """A BLEU score with its 95 % bootstrap interval, in points of 100, and sacrebleu's signature."""

    value: float
    low: float
    high: float
    signature: str


def token_accuracy(predicted: Tensor, target: Tensor) -> Tensor:
    """Share of each target's tokens (EOS counts) predicted at their place: (B, T') and (B, T) ids -> (B,)."""
    predicted, real = _same_width(predicted, target), target != PAD
    return ((predicted == target) & real).sum(dim=1) / real.sum(dim=1)


def exact_match(predicted: Tensor, target: Tensor) -> Tensor:
    """1 where the whole sentence is right up to its EOS, else 0: (B, T') and (B, T) ids -> (B,)."""
    predicted, real = _same_width(predicted, target), target != PAD
    return ((predicted == target) | ~real).all(dim=1).float()


def _same_width(predicted: Tensor, target: Tensor) -> Tensor:
    if predicted.ndim != 2 or target.ndim != 2:
        shapes = f"{tuple(predicted.shape)} and {tuple(target.shape)}"
        raise ValueError(f"predictions and targets have shapes {shapes}: give token ids (B, T)")
    if len(predicted) != len(target):
        raise ValueError(f"{len(predicted)} predictions for {len(target)} targets: they must pair up")
    if bool((target == PAD).all(dim=1).any()):
        raise ValueError("a target holds no token: each must have at least its EOS")
    return F.pad(predicted, (0, max(0, target.shape[1] - predicted.shape[1])), value=PAD)[:, : target.shape[1]]


def perplexity(nats: Sequence[float] | Tensor) -> float:
    """exp of the mean negative log-likelihood over all tokens, given one value in nats for each token."""
    nats = torch.as_tensor(nats, dtype=torch.float64)
    if nats.numel() == 0:
        raise ValueError("no tokens: perplexity is a mean over at least one")
    return float(nats.mean().exp())


def bleu(hypotheses: Sequence[str], references: Sequence[str], lowercase: bool = False, bootstrap: int = 0) -> Score:
    """Corpus BLEU by sacrebleu (Post 2018), 13a tokenisation; `lowercase=True` is its `lc`.

    `bootstrap` resamplings give the 95 % interval; without them it is the value itself.
    """
    metric = _metric(hypotheses, references, lowercase)
    result = metric.corpus_score(list(hypotheses), None, n_bootstrap=max(1, bootstrap))
    mean, spread = (result._mean, result._ci) if bootstrap > 1 else (result.score, 0.0)
    # sacrebleu resamples in single precision: the value itself may lie a rounding error outside.
    low, high = min(result.score, mean - spread), max(result.score, mean + spread)
    return Score(result.score, low, high, str(metric.get_signature()))


def bleu_by_length(
    hypotheses: Sequence[str], references: Sequence[str], lengths: Sequence[int], edges: Sequence[int]
) -> list[dict[str, float]]:
    """BLEU of the sentences whose `lengths` lie in [edge, next edge): one row with from, to, sentences, bleu."""
    if not len(lengths) == len(hypotheses) == len(references):
        counts = f"{len(lengths)} lengths, {len(hypotheses)} hypotheses and {len(references)} references"
        raise ValueError(f"{counts}: they must pair up")
    if list(edges) != sorted(set(edges)) or len(edges) < 2:
        raise ValueError(f"edges {list(edges)} must be at least two increasing numbers")
    rows = []
    for low, high in pairwise(edges):
        chosen = [i for i, length in enumerate(lengths) if low <= length < high]
        if chosen:
            score = bleu([hypotheses[i] for i in chosen], [references[i] for i in chosen])
            rows.append({"from": low, "to": high - 1, "sentences": len(chosen), "bleu": score.value})
    return rows


class Comparison(NamedTuple):
    """Two systems on the same sentences: BLEU of each, and the p-value of "they do not differ"."""

    a: float
    b: float
    p: float


def paired_bootstrap(
    a: Sequence[str], b: Sequence[str], references: Sequence[str], lowercase: bool = False, samples: int = 1000
) -> Comparison:
    """Is system b better than a, or lucky? sacrebleu scores both on the same resampled test sets (Koehn 2004)."""
    from sacrebleu.significance import PairedTest

    metric = _metric(a, references, lowercase)
    _metric(b, references, lowercase)
    systems: list[tuple[str, Sequence[str]]] = [("a", list(a)), ("b", list(b))]
    test = PairedTest(systems, {"BLEU": metric}, [list(references)], test_type="bs", n_samples=samples)
    results: Any = test()[1]["BLEU"]
    first, second = results
    # sacrebleu calls it significant when no resampling shows any difference.
    return Comparison(first.score, second.score, 1.0 if list(a) == list(b) else second.p_value)


def _metric(hypotheses: Sequence[str], references: Sequence[str], lowercase: bool = False) -> Any:
    from sacrebleu.metrics import BLEU

    if isinstance(hypotheses, str) or isinstance(references, str):
        raise ValueError("give lists of sentences, not one string")
    if len(hypotheses) != len(references) or not references:
        raise ValueError(f"{len(hypotheses)} hypotheses for {len(references)} references: they must pair up")
    return BLEU(lowercase=lowercase, references=[list(references)])
