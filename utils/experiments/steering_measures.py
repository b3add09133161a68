"""What is measured of completions: what the judges say, how far from the model they are, and how much alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from utils import metrics
from utils.data.tokens import EOS, PAD
from utils.decoding import sample
from utils.experiments.steering_judges import Odds, words
from utils.models.gpt import GPT
from utils.pretrained import Writer
from utils.training.completions import before_completions, join
from utils.training.ppo import completion_kl
from utils.training.preferences import token_log_probabilities


@dataclass(frozen=True)
class Writing:
    """Prompts (B, S) and what one system wrote after each, (B, T); `kl` from the untouched model in nats."""

    prompts: Tensor
    completions: Tensor
    kl: float


def texts(writer: Writer, tokens: Tensor) -> list[str]:
    """Ids (B, N), padded behind, as texts up to their ends."""
    return [writer.decode(row) for row in tokens.tolist()]


@torch.no_grad()
def written(policy: GPT, untouched: GPT, prompts: Tensor, length: int, temperature: float) -> Writing:
    """One drawn completion of each prompt, and the mean KL from the untouched model over these completions."""
    generator = torch.Generator(prompts.device).manual_seed(0)
    completions = sample(policy.eval(), prompts, length, temperature, generator=generator)
    return Writing(prompts, completions, completion_kl(policy, untouched, prompts, completions, temperature))


def distinct(several: Sequence[Sequence[str]], n: int) -> float:
    """Different n-grams per n-gram of all texts together (Li et al. 2016, arXiv 1510.03055, section 5.2)."""
    grams = [gram for text in several for gram in zip(*(text[k:] for k in range(n)), strict=False)]
    return len(set(grams)) / len(grams) if grams else 0.0


@torch.no_grad()
def surprise(untouched: GPT, writing: Writing) -> float:
    """Perplexity of the completions, ends included, under the untouched model, at temperature 1."""
    logits = before_completions(untouched, writing.prompts, writing.completions)
    log_probabilities = token_log_probabilities(logits.float(), writing.completions)
    return metrics.perplexity(-log_probabilities[writing.completions != PAD])


def measured(
    writing: Writing, writer: Writer, first: Odds, others: Mapping[str, Odds], untouched: GPT
) -> dict[str, Any]:
    """All of it: `proxy` is the mean log-odds of the first judge, shares are in % and have intervals."""
    whole = texts(writer, join(writing.prompts, writing.completions)[0])
    rest = [words(text) for text in completions(writer, writing)]
    odds, real = first(whole), writing.completions != PAD
    found: dict[str, Any] = {"proxy": round(float(odds.mean()), 3), "praise": share(odds), "others": {}}
    for name, judge in others.items():
        found["others"][name] = share(judge(whole))
    return found | {
        "kl": round(writing.kl, 3),
        "perplexity": round(surprise(untouched, writing), 1),
        "distinct-1": round(distinct(rest, 1), 3),
        "distinct-2": round(distinct(rest, 2), 3),
        "length": round(float(real.sum(dim=1).float().mean()), 2),
        "ended": round(float((writing.completions == EOS).any(dim=1).float().mean()), 3),
        "completions": len(whole),
    }


def share(odds: Tensor) -> list[float]:
    """The share of praise in %, with its 95 % interval: [share, low, high]."""
    return list(metrics.share((odds > 0).tolist()))


def completions(writer: Writer, writing: Writing) -> list[str]:
    """What was written, without the prompts. A piece can look different behind another one, so both are decoded."""
    both = texts(writer, join(writing.prompts, writing.completions)[0])
    return [text[len(begin) :] for text, begin in zip(both, texts(writer, writing.prompts), strict=True)]


def favourites(writer: Writer, writing: Writing, untouched: Writing, count: int = 8) -> list[dict[str, Any]]:
    """The words that gained most: in how many completions of a hundred each stands now, and stood before."""
    now, before = (
        Counter(word for text in completions(writer, each) for word in set(words(text)))
        for each in (writing, untouched)
    )
    size = len(writing.completions) / 100
    more = (word for word in now if now[word] > before[word])
    gained = sorted(more, key=lambda word: (before[word] - now[word], word))[:count]
    return [{"word": w, "now": round(now[w] / size, 1), "before": round(before[w] / size, 1)} for w in gained]


def samples(writer: Writer, writing: Writing, count: int) -> list[tuple[str, str]]:
    """The first prompts with what followed."""
    begins = texts(writer, writing.prompts[:count])
    return list(zip(begins, completions(writer, writing)[:count], strict=True))
