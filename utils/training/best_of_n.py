"""Best of n: write n answers, keep the one with the highest score. The baseline that any training has to beat.

Stiennon et al. 2020, "Learning to summarize from human feedback" (arXiv 2009.01325), section 4.3 and appendix G.3;
Nakano et al. 2021, "WebGPT" (arXiv 2112.09332), section 3.2. It needs no training, and n times the work at each answer.

B prompts, T length of the completions.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from utils.decoding import Generator, sample
from utils.training.completions import join


def best_of_n(
    model: Generator,
    score: Callable[[Tensor], Tensor],
    prompts: Tensor,
    n: int,
    max_length: int = 100,
    temperature: float = 1.0,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """The best of n sampled completions (B, T) of each prompt, and their scores (B,).

    `score` gives whole texts, padded behind, their scores: (B n, N) -> (B n,). Of equal scores the first one wins.
    """
    if n < 1:
        raise ValueError(f"n {n} must be at least 1")
    repeated = prompts.repeat_interleave(n, dim=0)  # (B n, S)
    written = sample(model, repeated, max_length, temperature, generator=generator)
    with torch.no_grad():
        scores = score(join(repeated, written)[0]).view(-1, n)  # (B, n)
    best = scores.argmax(dim=1)
    rows = torch.arange(len(prompts), device=prompts.device)
    return written[rows * n + best], scores[rows, best]


def best_of_n_kl(n: int) -> float:
    """How far from the model best-of-n can be at most: KL = ln n - (n - 1) / n nats a prompt (Stiennon et al., G.3).

    It is a bound (Beirami et al. 2024, arXiv 2401.01879), near where ties are rare.
    """
    if n < 1:
        raise ValueError(f"n {n} must be at least 1")
    return math.log(n) - (n - 1) / n
