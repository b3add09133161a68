"""Best of n against the exact distribution of the largest of n draws."""

from __future__ import annotations

import math

import pytest
import torch
from bandit import ARMS, Bandit, arm_score, prompts

from utils.training.best_of_n import best_of_n, best_of_n_kl

REWARDS = torch.tensor([0.0, 1.0, 3.0, -1.0, 2.0])
LOGITS = torch.tensor([0.0, 0.5, -1.0, 0.3, 0.0])


def distribution_of_best(n: int) -> torch.Tensor:
    """The probability of each arm to be the best of n draws: P(all <= r) - P(all < r)."""
    p = LOGITS.double().softmax(dim=0)
    up_to = torch.stack([p[r >= REWARDS].sum() for r in REWARDS])
    below = torch.stack([p[r > REWARDS].sum() for r in REWARDS])
    return up_to**n - below**n


@pytest.mark.parametrize("n", [1, 2, 4, 16])
def test_the_best_of_n_is_the_best_of_n(n: int) -> None:
    rows = 3000
    generator = torch.Generator().manual_seed(n)
    written, scores = best_of_n(Bandit(LOGITS), arm_score(REWARDS), prompts(rows), n, 1, generator=generator)
    assert torch.equal(scores, REWARDS[written[:, 0] - ARMS])
    expected, observed = distribution_of_best(n), (written[:, 0] - ARMS).bincount(minlength=5) / rows
    error = (expected * (1 - expected) / rows).sqrt()
    assert bool(((observed - expected).abs() <= 4 * error + 1e-9).all()), (observed, expected)


def test_each_prompt_keeps_its_own_best() -> None:
    """The score looks at the prompt: an answer that is best for one is worst for the other."""
    source = prompts(40)
    source[::2, 0] = 3
    score = lambda texts: (texts[:, 1] - ARMS).float() * torch.where(texts[:, 0] == 3, -1.0, 1.0)  # noqa: E731
    written, _ = best_of_n(Bandit(LOGITS), score, source, 64, 1, generator=torch.Generator().manual_seed(0))
    assert set((written[::2, 0] - ARMS).tolist()) == {0}
    assert set((written[1::2, 0] - ARMS).tolist()) == {4}


@pytest.mark.parametrize("n", [2, 5])
def test_the_bound_on_kl_is_met_by_many_equally_likely_arms(n: int) -> None:
    """With k equally likely answers and no ties the exact KL nears ln n - (n - 1) / n as k grows."""
    k = torch.arange(1, 20_001, dtype=torch.float64) / 20_000
    best = k**n - (k - 1 / 20_000).clamp(min=0) ** n
    exact = float((best * (best * 20_000).clamp(min=1e-300).log()).sum())
    assert exact == pytest.approx(best_of_n_kl(n), abs=1e-3)
    assert exact <= best_of_n_kl(n)
    assert best_of_n_kl(1) == 0
    assert best_of_n_kl(n) == math.log(n) - 1 + 1 / n


@pytest.mark.parametrize("call", [lambda: best_of_n(Bandit(LOGITS), len, prompts(2), 0), lambda: best_of_n_kl(0)])
def test_n_below_1_is_refused(call) -> None:
    with pytest.raises(ValueError, match="n 0"):
        call()
