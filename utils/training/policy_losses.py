"""The mathematics of PPO with a reward model, each formula a function of tensors.

Schulman et al. 2017, "Proximal Policy Optimization Algorithms" (arXiv 1707.06347); Schulman et al. 2016, "High-
Dimensional Continuous Control Using Generalized Advantage Estimation" (arXiv 1506.02438); Ziegler et al. 2019,
"Fine-Tuning Language Models from Human Preferences" (arXiv 1909.08593); Schulman 2020, "Approximating KL Divergence"
(joschu.net/blog/kl-approx.html). `utils.training.ppo` puts them together.

All tensors are (B, T) unless said, one column a token of the completion; `mask` (B, T) is True on its tokens, which
stand in front of the padding. What is returned is 0 on padding.

B batch, T length of the completions, V vocabulary.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Estimator = Literal["k1", "k2", "k3"]


def masked_mean(x: Tensor, mask: Tensor) -> Tensor:
    """The mean over tokens, all counted alike: a long completion weighs more than a short one."""
    return x.masked_fill(~mask, 0.0).sum() / mask.sum()


def whiten(x: Tensor, mask: Tensor, centre: bool = True) -> Tensor:
    """Divide by the deviation over tokens, so that the size of the rewards does not matter; `centre` also subtracts
    the mean. Ziegler et al.'s code centres advantages and does not centre rewards."""
    mean = masked_mean(x, mask)
    scaled = (x - mean) * torch.rsqrt(masked_mean((x - mean).square(), mask) + 1e-8)
    return (scaled if centre else scaled + mean).masked_fill(~mask, 0.0)


def kl_estimate(policy: Tensor, reference: Tensor, kind: Estimator = "k1") -> Tensor:
    """Estimates of KL(policy || reference) at tokens that the policy drew, from both log-probabilities.

    With log r = reference - policy (Schulman 2020): k1 = -log r is unbiased, but negative at times; k2 = (log r)^2 / 2
    is biased a little, and quiet; k3 = r - 1 - log r is unbiased and never negative.
    """
    log_ratio = reference - policy
    if kind == "k1":
        return -log_ratio
    if kind == "k2":
        return log_ratio.square() / 2
    if kind == "k3":
        return log_ratio.expm1() - log_ratio
    raise ValueError(f"estimator {kind!r} must be 'k1', 'k2' or 'k3'")


def token_rewards(scores: Tensor, kl: Tensor, mask: Tensor, beta: float) -> Tensor:
    """-beta * KL at each token, plus the score of the whole text, (B,), at its last one (Ziegler et al., equation 2).

    Beyond the reference each token costs: the sum over a completion is its score minus beta times its KL.
    """
    last = torch.arange(mask.shape[1], device=mask.device) == mask.sum(dim=1, keepdim=True) - 1  # (B, T)
    return (-beta * kl + last * scores[:, None]).masked_fill(~mask, 0.0)


def gae(rewards: Tensor, values: Tensor, mask: Tensor, gamma: float = 1.0, lam: float = 0.95) -> tuple[Tensor, Tensor]:
    """Generalized advantage estimates, and the returns that a value function should have expected.

    delta_t = r_t + gamma V_{t+1} - V_t and A_t = delta_t + gamma lambda A_{t+1} (Schulman et al. 2016, equation 16;
    2017, equations 11 and 12); behind the last token of a completion, ended by EOS or cut off, nothing is expected.
    The return is A_t + V_t.
    `values` V_t belong to the text before token t.
    """
    values, rewards = values.masked_fill(~mask, 0.0), rewards.masked_fill(~mask, 0.0)
    advantages = torch.zeros_like(values)
    next_value = next_advantage = torch.zeros_like(values[:, 0])
    for t in reversed(range(values.shape[1])):
        delta = rewards[:, t] + gamma * next_value - values[:, t]
        advantages[:, t] = delta + gamma * lam * next_advantage
        next_value, next_advantage = values[:, t], advantages[:, t]
    return advantages, advantages + values


def ppo_loss(new: Tensor, old: Tensor, advantages: Tensor, mask: Tensor, clip: float = 0.2) -> Tensor:
    """The clipped surrogate objective (Schulman et al. 2017, equation 7) with a minus, since optimizers go down.

    `new` and `old` are log-probabilities of the same tokens, now and when they were drawn. The smaller one of both
    terms counts: what a step away from `old` gains ends at the clip, what it loses does not.
    """
    ratio = (new - old).masked_fill(~mask, 0.0).exp()
    unclipped = ratio * advantages
    clipped = ratio.clamp(1 - clip, 1 + clip) * advantages
    return -masked_mean(torch.minimum(unclipped, clipped), mask)


def value_loss(new: Tensor, old: Tensor, returns: Tensor, mask: Tensor, clip: float | None = 0.2) -> Tensor:
    """Half the squared error of the values; with `clip`, the larger error of them and of values kept near the `old`.

    The clip comes from OpenAI's baselines and Ziegler et al.'s code; Andrychowicz et al. 2021 (arXiv 2006.05990,
    decision C13) found that it hurts. None leaves it out.
    """
    error = (new - returns).square()
    if clip is not None:
        near = old + (new - old).clamp(-clip, clip)
        error = torch.maximum(error, (near - returns).square())
    return 0.5 * masked_mean(error, mask)


def entropy(logits: Tensor) -> Tensor:
    """How open the choice of each token is, in nats: logits (B, T, V), all finite -> (B, T)."""
    log_probabilities = logits.log_softmax(dim=-1)
    return -(log_probabilities.exp() * log_probabilities).sum(dim=-1)


def explained_variance(values: Tensor, returns: Tensor, mask: Tensor) -> float:
    """1 for values that are the returns, 0 for a constant, negative for worse than that; nan for constant returns."""
    error, returns = (returns - values)[mask], returns[mask]
    return float(1 - error.var(correction=0) / returns.var(correction=0))


def adapted_beta(beta: float, kl: float, target: float, gain: float = 0.1) -> float:
    """The weight of the KL for the next iteration: up where it lies above the target, down where below.

    beta (1 + gain e) with e = KL / target - 1, clipped to +-0.2 (Ziegler et al., section 2.2, K_beta = 0.1).
    """
    error = min(max(kl / target - 1, -0.2), 0.2)
    return beta * (1 + gain * error)
