"""GRPO: several answers to one question judge each other, so that no value model is needed.

Shao et al. 2024, "DeepSeekMath" (arXiv 2402.03300), section 4.1; DeepSeek-AI 2025, "DeepSeek-R1" (arXiv 2501.12948).
PPO's clipped objective stays; the advantage of an answer is how much better it was than the other answers to the same
question. Liu et al. 2025 (arXiv 2503.20783) show that both divisions, by the deviation here and by the length in the
loss, favour some questions and some lengths; they are kept, since they are the paper's.

G answers to each of N questions, B = N G answers in all, T length of the answers.
"""

from __future__ import annotations

import torch
from torch import Tensor

from utils.training.policy_losses import kl_estimate


def group_advantages(scores: Tensor, epsilon: float = 1e-4) -> Tensor:
    """(score - mean of its group) / deviation of its group: scores (N, G) -> (N, G) (Shao et al., section 4.1.2).

    Where all answers scored the same there is nothing to learn, and all advantages are 0.
    """
    if scores.ndim != 2 or scores.shape[1] < 2:
        raise ValueError(f"scores of shape {tuple(scores.shape)} must be (questions, answers) with at least 2 answers")
    centred = scores - scores.mean(dim=1, keepdim=True)
    return centred / (scores.std(dim=1, keepdim=True) + epsilon)


def grpo_loss(
    new: Tensor, old: Tensor, reference: Tensor, advantages: Tensor, mask: Tensor, clip: float = 0.2, beta: float = 0.04
) -> Tensor:
    """The objective of GRPO with a minus: PPO's clipped term less beta KL, a mean over answers of means over tokens.

    `new`, `old` and `reference` (B, T) are log-probabilities of the same tokens now, when they were drawn, and by the
    model that must not be left far behind; `advantages` (B,) are those of the answers, `mask` (B, T) is True on their
    tokens (Shao et al., equations 3 and 4: the KL is the estimate k3, inside the loss and not in the reward).
    """
    new, old, reference = (x.masked_fill(~mask, 0.0) for x in (new, old, reference))
    ratio, good = (new - old).exp(), advantages[:, None]
    objective = torch.minimum(ratio * good, ratio.clamp(1 - clip, 1 + clip) * good)
    objective = (objective - beta * kl_estimate(new, reference, "k3")).masked_fill(~mask, 0.0)
    return -(objective.sum(dim=1) / mask.sum(dim=1)).mean()
