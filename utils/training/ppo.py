"""PPO against a score of whole texts: reinforcement learning from human feedback, as a generator over an open loop.

    for step in ppo(policy, value, score, prompts, optimizer, PPOConfig(), generator):
        print(step.score, step.kl)

Schulman et al. 2017 (arXiv 1707.06347); Ziegler et al. 2019 (arXiv 1909.08593); Ouyang et al. 2022 (arXiv 2203.02155);
Huang et al. 2024, "The N+ Implementation Details of RLHF with PPO" (arXiv 2403.17031). The formulas are in
`utils.training.policy_losses`. Left out on purpose: mixing in pretraining text, several devices, generating beyond the
reach of one batch.

Policy and reference are language models that offer the step protocol and `model(tokens (B, N)) -> logits (B, N, V)`;
the value model gives (B, N); the score takes whole texts, padded behind, and gives (B,). All are read without dropout.

B batch, S length of the prompts, T of the completions, V vocabulary.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from utils.data.tokens import EOS, PAD
from utils.decoding import sample
from utils.training.completions import before_completions, join
from utils.training.losses import widened
from utils.training.policy_losses import (
    adapted_beta,
    entropy,
    explained_variance,
    gae,
    kl_estimate,
    masked_mean,
    ppo_loss,
    token_rewards,
    value_loss,
    whiten,
)
from utils.training.ppo_config import PPOConfig
from utils.training.preferences import token_log_probabilities

Read = Callable[[nn.Module, Tensor, Tensor], Tensor]
"""Model, prompts (B, S), completions (B, T) -> what the model says before each token of a completion, (B, T, ...)."""

Score = Callable[[Tensor], Tensor]
"""Whole texts (B, N), padded behind -> scores (B,)."""


@dataclass(frozen=True)
class Rollout:
    """Completions that the policy drew, and what was said of them then: (B, T) each, but prompts (B, S), scores (B,).

    `policy` and `reference` are log-probabilities; `values` and `advantages` are those before each token.
    """

    prompts: Tensor
    completions: Tensor
    mask: Tensor
    policy: Tensor
    reference: Tensor
    values: Tensor
    scores: Tensor
    advantages: Tensor
    returns: Tensor

    def select(self, index: Tensor) -> Rollout:
        """Rows `index` (N,)."""
        return Rollout(*(getattr(self, field.name)[index] for field in fields(self)))


@dataclass(frozen=True)
class PPOStep:
    """What one iteration saw.

    Means over completions: score, KL from the reference in nats, length, share ended by EOS. Means over tokens: entropy
    in nats, variance of the returns that the values explain. Means over optimizer steps: losses, share of ratios beyond
    the clip, norm of the gradient before it was clipped. `mismatch` is the largest |ratio - 1| before the first update:
    anything but rounding says that tokens are not scored as they were drawn.
    """

    number: int
    beta: float
    score: float
    kl: float
    length: float
    ended: float
    entropy: float
    explained: float
    policy_loss: float
    value_loss: float
    clipped: float
    gradient_norm: float
    mismatch: float
    rollout: Rollout


def ppo(
    policy: nn.Module,
    value: nn.Module,
    score: Score,
    prompts: Iterable[Tensor],
    optimizer: Optimizer,
    config: PPOConfig,
    generator: torch.Generator | None = None,
    reference: nn.Module | None = None,
    read: Read = before_completions,
) -> Iterator[PPOStep]:
    """Train policy and value model in place; yield after each batch of prompts (B, S).

    The `optimizer` holds the parameters of both. The `reference` is a frozen copy of the policy as it comes, unless
    one is given. `read` runs a model over prompts and completions; an encoder-decoder needs its own.
    """
    reference = copy.deepcopy(policy) if reference is None else reference
    if reference is policy:
        raise ValueError("the reference is the policy itself: give a copy (copy.deepcopy), or None")
    run = _Run(policy, value, reference.requires_grad_(False), score, config, generator, read)
    beta = config.beta
    for number, batch in enumerate(prompts, start=1):
        for model in (policy, value, reference):
            model.eval()
        rollout = run.roll_out(batch, beta)
        seen = [run.update(rollout.select(rows), optimizer) for _ in range(config.epochs) for rows in run.rows(batch)]
        step = _report(number, beta, rollout, seen)
        yield step
        if config.target is not None:
            beta = adapted_beta(beta, step.kl, config.target)


def policy_logits(logits: Tensor, temperature: float) -> Tensor:
    """The logits (B, T, V) that `decoding.sample` draws from: at this temperature, never PAD. At least in float32."""
    logits = widened(logits) / temperature
    pad = torch.arange(logits.shape[-1], device=logits.device) == PAD
    # Finite, since 0 times infinity would make the entropy nan.
    return logits.masked_fill(pad, torch.finfo(logits.dtype).min)


@dataclass(frozen=True)
class _Run:
    """The parts of a run, and the two halves of an iteration."""

    policy: Any
    value: nn.Module
    reference: nn.Module
    score: Score
    config: PPOConfig
    generator: torch.Generator | None
    read: Read

    @torch.no_grad()
    def roll_out(self, prompts: Tensor, beta: float) -> Rollout:
        """Let the policy write, and let the score, the reference and the values say what they think of it."""
        config = self.config
        written = sample(self.policy, prompts, config.length, config.temperature, generator=self.generator)
        mask = written != PAD
        policy, reference = (
            token_log_probabilities(self._logits(model, prompts, written), written).masked_fill(~mask, 0.0)
            for model in (self.policy, self.reference)
        )
        values = self.read(self.value, prompts, written).to(policy.dtype).masked_fill(~mask, 0.0)
        scores = self.score(join(prompts, written)[0]).to(policy.dtype)
        if config.unended is not None:
            scores = scores.where((written == EOS).any(dim=1), config.unended)
        rewards = token_rewards(scores, kl_estimate(policy, reference, config.estimator), mask, beta)
        if config.whiten_rewards:
            rewards = whiten(rewards, mask, centre=False)
        advantages, returns = gae(rewards, values, mask, config.gamma, config.lam)
        if config.whiten_advantages:
            advantages = whiten(advantages, mask)
        return Rollout(prompts, written, mask, policy, reference, values, scores, advantages, returns)

    def update(self, part: Rollout, optimizer: Optimizer) -> dict[str, float]:
        """One optimizer step down the joint loss (Schulman et al. 2017, equation 9, with a minus)."""
        config, mask = self.config, part.mask
        logits = self._logits(self.policy, part.prompts, part.completions)
        new = token_log_probabilities(logits, part.completions)
        values = self.read(self.value, part.prompts, part.completions)
        openness = masked_mean(entropy(logits), mask)
        surrogate = ppo_loss(new, part.policy, part.advantages, mask, config.clip)
        error = value_loss(values, part.values, part.returns, mask, config.value_clip)
        optimizer.zero_grad(set_to_none=True)
        (surrogate + config.value_weight * error - config.entropy_weight * openness).backward()
        learned = [p for group in optimizer.param_groups for p in group["params"]]
        norm = nn.utils.clip_grad_norm_(learned, config.gradient_clip or torch.inf)
        optimizer.step()
        off = (new.detach() - part.policy).masked_fill(~mask, 0.0).exp().sub(1).abs()
        return {
            "policy_loss": float(surrogate.detach()),
            "value_loss": float(error.detach()),
            "entropy": float(openness.detach()),
            "clipped": float(masked_mean((off > config.clip).to(off.dtype), mask)),
            "gradient_norm": float(norm),
            "mismatch": float(off.max()),
        }

    def rows(self, batch: Tensor) -> Iterator[Tensor]:
        """The rows of each minibatch, in random order."""
        device = self.generator.device if self.generator else None
        order = torch.randperm(len(batch), generator=self.generator, device=device).to(batch.device)
        yield from order.split(self.config.minibatch or len(batch))

    def _logits(self, model: nn.Module, prompts: Tensor, completions: Tensor) -> Tensor:
        return policy_logits(self.read(model, prompts, completions), self.config.temperature)


def _report(number: int, beta: float, rollout: Rollout, seen: list[dict[str, float]]) -> PPOStep:
    kl = kl_estimate(rollout.policy, rollout.reference).sum(dim=1)  # both are 0 on padding
    means = {name: sum(numbers[name] for numbers in seen) / len(seen) for name in seen[0]}
    return PPOStep(
        number=number,
        beta=beta,
        score=float(rollout.scores.mean()),
        kl=float(kl.mean()),
        length=float(rollout.mask.sum(dim=1).double().mean()),
        ended=float((rollout.completions == EOS).any(dim=1).double().mean()),
        explained=explained_variance(rollout.values, rollout.returns, rollout.mask),
        rollout=rollout,
        **means | {"mismatch": seen[0]["mismatch"]},
    )


@torch.no_grad()
def completion_kl(
    policy: nn.Module, reference: nn.Module, prompts: Tensor, completions: Tensor, temperature: float
) -> float:
    """Nats by which the policy left its reference, a mean over completions (B, T) that it drew to prompts (B, S)."""
    ours, theirs = (
        token_log_probabilities(
            policy_logits(before_completions(model, prompts, completions), temperature), completions
        )
        for model in (policy, reference)
    )
    return float(kl_estimate(ours, theirs).masked_fill(completions == PAD, 0.0).sum(dim=1).mean())
