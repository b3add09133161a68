"""Learning from demonstrations and from comparisons: fine-tuning, reward model, DPO.

Supervised fine-tuning and the reward model's loss: Ouyang et al. 2022, "Training language models to follow instructions
with human feedback" (arXiv 2203.02155), section 3.5; Bradley and Terry 1952. DPO: Rafailov et al. 2023, "Direct
Preference Optimization" (arXiv 2305.18290). Losses are functions of tensors; the classes below make them the loss of
`fit`. Left out on purpose: the many descendants of DPO, margins, and centring the rewards.

A text is given by its tokens (B, N), padded behind, and a mask (B, N) that is True on what has to be learned: the
completion with its EOS, not the prompt, not padding (`completions.join` makes both).

B batch, N length of the texts, T length of a completion, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.training.losses import cross_entropy, widened


def token_log_probabilities(logits: Tensor, tokens: Tensor) -> Tensor:
    """The log-probability of each token: logits (B, T, V) from which it is drawn, tokens (B, T) -> (B, T) in nats.

    Only the chosen ones are normalised: (B, T, V) is never written a second time. At least in float32.
    """
    logits = widened(logits)
    return logits.gather(-1, tokens[..., None])[..., 0] - logits.logsumexp(dim=-1)


def sequence_log_probabilities(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """The log-probability of each completion, the sum over its tokens: (B,) in nats.

    logits (B, N, V) of a language model that reads tokens (B, N): those at one token are for the next one. ValueError
    if `mask` holds a first token, which nothing predicts.
    """
    _check(tokens, mask)
    steps = token_log_probabilities(logits[:, :-1], tokens[:, 1:])  # (B, N - 1)
    return steps.masked_fill(~mask[:, 1:], 0.0).sum(dim=1)


def sft_loss(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """Mean negative log-likelihood of the completions' tokens, in nats: what of a text is masked out costs nothing."""
    _check(tokens, mask)
    return cross_entropy(widened(logits[:, :-1]), tokens[:, 1:], mask[:, 1:])


def bradley_terry_loss(chosen: Tensor, rejected: Tensor) -> Tensor:
    """-log sigmoid(r_chosen - r_rejected), the mean over pairs (Ouyang et al., equation 1): scores (B,) -> scalar."""
    return -F.logsigmoid(widened(chosen) - widened(rejected)).mean()


def dpo_rewards(policy: Tensor, reference: Tensor, beta: float) -> Tensor:
    """The rewards that make this policy the best one within reach of the reference, up to a term in the prompt alone.

    beta * log(pi / pi_ref) (Rafailov et al., equation 5), from log-probabilities of whole completions (B,).
    """
    return beta * (policy - reference)


def dpo_loss(
    policy_chosen: Tensor, policy_rejected: Tensor, reference_chosen: Tensor, reference_rejected: Tensor, beta: float
) -> Tensor:
    """Bradley and Terry's loss with the policy's own rewards (Rafailov et al., equation 7): four times (B,) -> scalar.

    Each is the log-probability of a whole completion, a sum and no mean. It is ln 2 as long as the policy is the
    reference.
    """
    chosen = dpo_rewards(policy_chosen, reference_chosen, beta)
    rejected = dpo_rewards(policy_rejected, reference_rejected, beta)
    return bradley_terry_loss(chosen, rejected)


def pair_accuracy(chosen: Tensor, rejected: Tensor) -> float:
    """The share of pairs in which the chosen answer scores higher; a tie counts as half a pair."""
    return float(((chosen > rejected).double() + (chosen == rejected).double() / 2).mean())


@dataclass(frozen=True)
class Bin:
    """Pairs of similar confidence: how sure the scores were on average, the share that was right, how many pairs."""

    confidence: float
    accuracy: float
    pairs: int


def calibration(chosen: Tensor, rejected: Tensor, bins: int = 10) -> tuple[list[Bin], float]:
    """Is a reward model right as often as it says? Pairs in bins of confidence, and the expected calibration error.

    The confidence of a pair is sigmoid(|r_chosen - r_rejected|), from 1/2 to 1; empty bins are left out. The error is
    the mean distance of accuracy and confidence, weighted by pairs (Guo et al. 2017, arXiv 1706.04599, equation 3).
    """
    if bins < 1 or chosen.numel() == 0:
        raise ValueError(f"bins {bins} and pairs {chosen.numel()} must be at least 1")
    margin = (chosen - rejected).detach().double()
    confidence, right = margin.abs().sigmoid(), (margin > 0).double() + (margin == 0).double() / 2
    place = ((2 * confidence - 1) * bins).long().clamp(max=bins - 1)
    found = []
    for number in range(bins):
        here = place == number
        if here.any():
            found.append(Bin(float(confidence[here].mean()), float(right[here].mean()), int(here.sum())))
    return found, sum(b.pairs * abs(b.accuracy - b.confidence) for b in found) / len(margin)


class SFTLoss:
    """Fine-tuning on demonstrations, for `fit`: batch (tokens, mask) -> mean over the completions' tokens, tokens."""

    def __call__(self, model: Any, batch: tuple[Tensor, ...]) -> tuple[Tensor, int]:
        """The mean loss, and how many tokens it is over."""
        tokens, mask = batch
        return sft_loss(model(tokens), tokens, mask), int(mask.sum())


class RewardLoss:
    """Fitting a reward model, for `fit`: batch (chosen texts, rejected texts) -> mean over the pairs, pairs."""

    def __call__(self, model: Any, batch: tuple[Tensor, ...]) -> tuple[Tensor, int]:
        """The mean loss, and how many pairs it is over."""
        chosen, rejected = batch
        scores = model(below_each_other(chosen, rejected))  # both in one pass
        return bradley_terry_loss(*scores.chunk(2)), len(chosen)


class DPOLoss:
    """DPO, for `fit`: batch (chosen texts, their mask, rejected texts, their mask) -> mean over the pairs, pairs.

    The reference is frozen and read without dropout. Give the policy dropout 0, or its own noise counts as a reward.
    """

    def __init__(self, reference: nn.Module, beta: float = 0.1):
        if not beta > 0:
            raise ValueError(f"beta {beta} must be above 0")
        self.reference = reference.eval().requires_grad_(False)
        self.beta = beta

    def __call__(self, model: Any, batch: tuple[Tensor, ...]) -> tuple[Tensor, int]:
        """The mean loss, and how many pairs it is over."""
        tokens, mask = below_each_other(batch[0], batch[2]), below_each_other(batch[1], batch[3])
        if not any(p.requires_grad for p in model.parameters()):
            raise ValueError("the policy is frozen, perhaps it is its own reference: give a copy (copy.deepcopy)")
        chosen, rejected = sequence_log_probabilities(model(tokens), tokens, mask).chunk(2)
        with torch.no_grad():
            logits = self.reference.to(tokens.device)(tokens)
            reference_chosen, reference_rejected = sequence_log_probabilities(logits, tokens, mask).chunk(2)
        return dpo_loss(chosen, rejected, reference_chosen, reference_rejected, self.beta), len(batch[0])


def below_each_other(above: Tensor, below: Tensor) -> Tensor:
    """Two batches (B, N) and (B, M) as one, (2B, max(N, M)), filled up behind with 0 (PAD, False)."""
    width = max(above.shape[1], below.shape[1])
    return torch.cat([F.pad(rows, (0, width - rows.shape[1])) for rows in (above, below)])


def _check(tokens: Tensor, mask: Tensor) -> None:
    if mask.dtype != torch.bool or mask.shape != tokens.shape:
        shape = tuple(tokens.shape)
        raise ValueError(f"mask has shape {tuple(mask.shape)} and type {mask.dtype}: give a bool mask {shape}")
    if bool(mask[:, 0].any()):
        raise ValueError("the mask holds the first token of a text, which nothing predicts: begin with BOS or a prompt")
