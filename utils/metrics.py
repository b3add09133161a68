"""How good an output is: shares, spans, tokens, whole sentences, perplexity, BLEU, word alignments, two systems.

Every function compares what a model wrote with what was right; none of them runs a model. So the same
`token_accuracy` is teacher-forced or free-running, depending on where its predictions come from
(`decoding.forced` or `decoding.greedy`): name it in every table.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from utils.data.tokens import PAD

Link = tuple[int, int]  # (place of the source word, place of the target word), both from 0


class Score(NamedTuple):
    """A BLEU score with its 95 % bootstrap interval, in points of 100, and sacrebleu's signature."""

    value: float
    low: float
    high: float
    signature: str


class Share(NamedTuple):
    """A share in % with its 95 % interval."""

    value: float
    low: float
    high: float


def share(right: Sequence[bool]) -> Share:
    """The share of right answers in %, with Wilson's (1927) 95 % interval; ValueError without an answer."""
    if not len(right):
        raise ValueError("no answers: a share is of at least one")
    n, p, z = len(right), sum(map(bool, right)) / len(right), 1.959964
    centre, spread = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = ((centre + sign * spread) / (1 + z * z / n) for sign in (-1, 1))
    return Share(*(round(100 * part, 2) for part in (p, max(low, 0.0), min(high, 1.0))))


Span = tuple[str, int, int]


def spans(tags: Sequence[str]) -> set[Span]:
    """The entities of BIO tags as (type, first word, one behind the last): "B-PER I-PER O" -> {("PER", 0, 2)}.

    As in the CoNLL scorer, an I- that continues nothing of its type begins an entity. ValueError for another tag.
    """
    found, begin, kind = set(), 0, ""
    for i, tag in enumerate((*tags, "O")):
        mark, _, name = tag.partition("-")
        if mark not in ("B", "I", "O") or (mark == "O") != (not name):
            raise ValueError(f"tag {tag!r} must be O, or B- or I- and a type, such as 'B-PER'")
        if mark != "I" or name != kind:
            if kind:
                found.add((kind, begin, i))
            begin, kind = i, name
    return found


class SpanScore(NamedTuple):
    """Precision, recall and F1 in %, and how many entities were right, found, and to be found."""

    precision: float
    recall: float
    f1: float
    right: int
    found: int
    wanted: int


def span_f1(predicted: Sequence[Sequence[str]], gold: Sequence[Sequence[str]]) -> SpanScore:
    """Micro-averaged F1 of whole entities over sentences of BIO tags: type, begin and end must all be right.

    Tjong Kim Sang and De Meulder 2003, "Introduction to the CoNLL-2003 Shared Task".
    """
    if len(predicted) != len(gold) or any(len(p) != len(g) for p, g in zip(predicted, gold, strict=False)):
        raise ValueError(f"{len(predicted)} tagged sentences for {len(gold)}: each must have a tag for every word")
    ours, theirs = ([spans(tags) for tags in sentences] for sentences in (predicted, gold))
    right = sum(len(a & b) for a, b in zip(ours, theirs, strict=True))
    found, wanted = (sum(map(len, each)) for each in (ours, theirs))
    precision, recall = (right / count if count else 0.0 for count in (found, wanted))
    f1 = 2 * right / (found + wanted) if right else 0.0
    return SpanScore(round(100 * precision, 2), round(100 * recall, 2), round(100 * f1, 2), right, found, wanted)


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


def alignment_error_rate(links: Collection[Link], sure: Collection[Link], possible: Collection[Link]) -> float:
    """1 - (|A and S| + |A and P|) / (|A| + |S|), from 0 (right) to 1 (Och and Ney 2003).

    links: A, what a model found. A mapping from link to weight counts each link by its weight (the SAER of Tu et al.
        2016): with weights that sum to 1 for each target word, the rate to be expected if one link is drawn for each.
    sure, possible: S and P, the gold alignment; S is a part of P. A possible link may be found or not: neither costs.
    ValueError if a sure link is not possible. A sentence without any link, found or sure, has no error.
    """
    return corpus_alignment_error_rate([(links, sure, possible)])


def corpus_alignment_error_rate(
    sentences: Iterable[tuple[Collection[Link], Collection[Link], Collection[Link]]],
) -> float:
    """The alignment error rate of many sentences (links, sure, possible): all counts are summed before dividing."""
    right = total = 0.0
    for links, sure, possible in sentences:
        if absent := set(sure) - set(possible):
            raise ValueError(f"the sure link {min(absent)} is not among the possible ones: S must be a part of P")
        weights = links if isinstance(links, Mapping) else dict.fromkeys(links, 1.0)
        right += sum(weight * ((link in sure) + (link in possible)) for link, weight in weights.items())
        total += sum(weights.values()) + len(sure)
    return 1 - right / total if total else 0.0


def links_from_weights(weights: Tensor | Sequence[Sequence[float]], source: int, target: int) -> set[Link]:
    """Each target word's link to the source word with its largest weight.

    weights: (T, S), a row for each target word, as a decoder with attention leaves them. Rows from `target` on (EOS,
        padding) are left out. A word whose largest weight lies from column `source` on (EOS) looks at no word: no link.
    source, target: numbers of real words.
    """
    rows = torch.as_tensor(weights)
    if rows.ndim != 2 or not 0 < source <= rows.shape[1] or not 0 < target <= rows.shape[0]:
        shape = tuple(rows.shape)
        raise ValueError(
            f"weights {shape}, source {source}, target {target}: weights must be at least (target, source)"
        )
    return {(i, j) for j, i in enumerate(rows[:target].argmax(dim=1).tolist()) if i < source}


def diagonal_links(source: int, target: int) -> set[Link]:
    """A baseline: target word j is linked to the source word at the same share of the way."""
    _two_lengths(source, target)
    return {((2 * j + 1) * source // (2 * target), j) for j in range(target)}


def uniform_links(source: int, target: int) -> dict[Link, float]:
    """A baseline that knows nothing: each target word looks at all source words alike, 1/S of a link each."""
    _two_lengths(source, target)
    return {(i, j): 1 / source for i in range(source) for j in range(target)}


def _two_lengths(source: int, target: int) -> None:
    if source < 1 or target < 1:
        raise ValueError(f"{source} source and {target} target words: each side needs at least one")


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
