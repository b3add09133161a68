"""The formulas of PPO by closed forms, and six values by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

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

LENGTHS = (5, 2, 4, 1)
MASK = torch.arange(5) < torch.tensor(LENGTHS)[:, None]


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def filled(x: Tensor, value: float) -> Tensor:
    """The same with something else on the padding."""
    return x.masked_fill(~MASK, value)


# Advantages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("gamma", "lam"), [(1.0, 0.95), (0.9, 0.5), (0.99, 1.0), (0.9, 0.0)])
def test_gae_is_the_sum_that_it_stands_for(gamma: float, lam: float) -> None:
    """A_t = sum over l of (gamma lambda)^l delta_{t+l}, row by row without padding. Museum 32: running through it."""
    rewards, values = draw(4, 5), draw(4, 5, seed=1)
    advantages, returns = gae(filled(rewards, 7.0), filled(values, 9.0), MASK, gamma, lam)
    for row, n in enumerate(LENGTHS):
        r, v = rewards[row, :n].tolist(), [*values[row, :n].tolist(), 0.0]
        delta = [r[t] + gamma * v[t + 1] - v[t] for t in range(n)]
        expected = [sum((gamma * lam) ** k * delta[t + k] for k in range(n - t)) for t in range(n)]
        assert advantages[row, :n].tolist() == pytest.approx(expected)
        assert returns[row, :n].tolist() == pytest.approx([a + b for a, b in zip(expected, v, strict=False)])
    assert bool(advantages[~MASK].eq(0).all() & returns[~MASK].eq(0).all())


def test_lambda_1_gives_returns_minus_values_and_lambda_0_the_next_step_alone() -> None:
    rewards, values = filled(draw(4, 5), 0.0), filled(draw(4, 5, seed=1), 0.0)
    ahead = rewards.flip(1).cumsum(dim=1).flip(1)
    advantages, returns = gae(rewards, values, MASK, 1.0, 1.0)
    torch.testing.assert_close(advantages, filled(ahead - values, 0.0))
    torch.testing.assert_close(returns, filled(ahead, 0.0))
    following = nn.functional.pad(values[:, 1:], (0, 1))
    torch.testing.assert_close(gae(rewards, values, MASK, 1.0, 0.0)[0], filled(rewards + following - values, 0.0))


def test_padding_moves_no_advantage_and_no_loss() -> None:
    """Museum 31 and 32: whatever stands on padding, and however much of it there is."""
    rewards, values, old, new = (draw(4, 5, seed=k) for k in range(4))

    def numbers(wide: int, junk: float) -> list[Tensor]:
        pad = lambda x: nn.functional.pad(filled(x, junk), (0, wide), value=junk)  # noqa: E731
        mask = nn.functional.pad(MASK, (0, wide))
        advantages, returns = gae(pad(rewards), pad(values), mask)
        advantages = whiten(advantages, mask)
        return [
            advantages[:, :5],
            whiten(pad(rewards), mask, centre=False)[:, :5],
            ppo_loss(pad(new), pad(old), advantages, mask),
            value_loss(pad(new), pad(values), returns, mask),
            token_rewards(draw(4), pad(new), mask, 0.1)[:, :5],
        ]

    for expected, found in zip(numbers(0, 0.0), numbers(3, 50.0), strict=True):
        torch.testing.assert_close(found, expected)


def test_whitening_gives_mean_0_deviation_1_and_leaves_padding_0() -> None:
    """Museum 31."""
    x = 7 + 3 * draw(4, 5)
    white = whiten(x, MASK)
    assert white[MASK].mean().item() == pytest.approx(0, abs=1e-9)
    assert white[MASK].std(correction=0).item() == pytest.approx(1, abs=1e-6)
    assert bool(white[~MASK].eq(0).all())
    scaled = whiten(x, MASK, centre=False)
    assert scaled[MASK].mean().item() == pytest.approx(x[MASK].mean().item())
    assert scaled[MASK].std(correction=0).item() == pytest.approx(1, abs=1e-6)
    assert bool(scaled[~MASK].eq(0).all())
    assert bool(whiten(torch.full((4, 5), 3.0), MASK).eq(0).all())  # nothing to tell apart


# The clipped objective ------------------------------------------------------------------------------------------------

# ratio, advantage -> the objective (to be maximised) at clip 0.2, and its derivative by the new log-probability.
SIX = [
    (1.5, 2.0, 2.4, 0.0),  # better, and far above: clipped at 1.2
    (1.1, 2.0, 2.2, 2.2),  # better, within
    (0.5, 2.0, 1.0, 1.0),  # better, but made rarer: the way back is open
    (1.5, -2.0, -3.0, -3.0),  # worse, but made more frequent: the way back is open
    (0.9, -2.0, -1.8, -1.8),  # worse, within
    (0.5, -2.0, -1.6, 0.0),  # worse, and far below: clipped at 0.8
]


@pytest.mark.parametrize(("ratio", "advantage", "objective", "slope"), SIX)
def test_six_values_of_the_clipped_objective(ratio: float, advantage: float, objective: float, slope: float) -> None:
    """Museum 29: min and max swapped, the clip on the wrong side, the minus forgotten."""
    one = torch.ones(1, 1, dtype=torch.bool)
    new = torch.tensor([[math.log(ratio) - 1.0]], dtype=torch.float64, requires_grad=True)
    loss = ppo_loss(new, torch.tensor([[-1.0]], dtype=torch.float64), torch.tensor([[advantage]]), one, 0.2)
    assert loss.item() == pytest.approx(-objective)
    (gradient,) = torch.autograd.grad(loss, new)
    assert gradient.item() == pytest.approx(-slope)


def test_at_ratio_1_the_gradient_is_that_of_reinforce() -> None:
    logits = draw(4, 5, 7).requires_grad_()
    tokens = torch.randint(0, 7, (4, 5), generator=torch.Generator().manual_seed(0))
    new = logits.log_softmax(dim=-1).gather(-1, tokens[..., None])[..., 0]
    advantages = filled(draw(4, 5, seed=2), 0.0)
    (found,) = torch.autograd.grad(ppo_loss(new, new.detach(), advantages, MASK), logits, retain_graph=True)
    (expected,) = torch.autograd.grad(-(new * advantages)[MASK].sum() / MASK.sum(), logits)
    torch.testing.assert_close(found, expected)


def test_value_loss_by_hand() -> None:
    """The larger of both errors counts: (2 - 0)^2 unclipped, where the clip stays at (0.2 - 0)^2; and the other way."""
    one = torch.ones(1, 1, dtype=torch.bool)
    number = lambda x: torch.tensor([[x]])  # noqa: E731
    assert value_loss(number(2.0), number(0.0), number(0.0), one).item() == pytest.approx(2.0)
    assert value_loss(number(1.0), number(0.0), number(1.0), one).item() == pytest.approx(0.5 * 0.8**2)
    assert value_loss(number(1.0), number(0.0), number(1.0), one, clip=None).item() == 0
    assert value_loss(number(0.1), number(0.0), number(1.0), one).item() == pytest.approx(0.5 * 0.9**2)


def test_means_are_over_tokens() -> None:
    x = draw(4, 5)
    assert masked_mean(filled(x, math.nan), MASK).item() == pytest.approx(x[MASK].mean().item())


# KL -------------------------------------------------------------------------------------------------------------------


def test_kl_estimators_against_the_exact_kl() -> None:
    """Weighted by the policy's own probabilities k1 and k3 are the KL itself; k2 nears it as the models near."""
    policy, reference = draw(9).log_softmax(dim=0), draw(9, seed=1).log_softmax(dim=0)
    p, exact = policy.exp(), float((policy.exp() * (policy - reference)).sum())
    mean = lambda kind, other: float((p * kl_estimate(policy, other, kind)).sum())  # noqa: E731
    assert exact > 0.1
    assert mean("k1", reference) == pytest.approx(exact)
    assert mean("k3", reference) == pytest.approx(exact)
    assert bool((kl_estimate(policy, reference, "k3") >= 0).all())
    assert bool((kl_estimate(policy, reference, "k1") < 0).any())
    near = (policy + 0.01 * draw(9, seed=2)).log_softmax(dim=0)
    assert mean("k2", near) == pytest.approx(float((p * (policy - near)).sum()), rel=0.02)


def test_leaving_the_reference_costs_reward() -> None:
    """Museum 28: raising a log-probability above the reference lowers the reward, for every estimator."""
    reference, mask = torch.full((1, 3), -2.0), torch.ones(1, 3, dtype=torch.bool)
    for kind in ("k1", "k2", "k3"):
        at = [token_rewards(torch.zeros(1), kl_estimate(reference + up, reference, kind), mask, 0.5).sum().item()
              for up in (0.0, 0.5, 1.0)]  # fmt: skip
        assert at[0] == 0 > at[1] > at[2]
    raised = token_rewards(torch.zeros(1), kl_estimate(reference + 0.5, reference), mask, 0.5)
    assert raised.tolist() == [[-0.25, -0.25, -0.25]]


def test_the_score_stands_at_the_last_token() -> None:
    """Museum 26: read or paid at the padded end."""
    scores = torch.tensor([1.0, 2.0, 3.0, 4.0])
    paid = token_rewards(scores, torch.ones(4, 5), MASK, 0.5)
    expected = [
        [-0.5] * (n - 1) + [score - 0.5] + [0.0] * (5 - n) for n, score in zip(LENGTHS, (1, 2, 3, 4), strict=True)
    ]
    assert paid.tolist() == expected


def test_the_leash_tightens_above_the_target_and_loosens_below() -> None:
    """By at most 2 % an iteration: the error is clipped at 0.2, the gain is 0.1."""
    assert adapted_beta(0.5, 6.0, 6.0) == 0.5
    assert adapted_beta(0.5, 6.6, 6.0) == pytest.approx(0.5 * 1.01)
    assert adapted_beta(0.5, 100.0, 6.0) == pytest.approx(0.51)
    assert adapted_beta(0.5, 0.0, 6.0) == pytest.approx(0.49)


def test_entropy_and_explained_variance() -> None:
    assert entropy(torch.zeros(2, 3, 8)).flatten().tolist() == pytest.approx([math.log(8)] * 6)
    returns = draw(4, 5)
    assert explained_variance(filled(returns, 5.0), returns, MASK) == 1
    assert explained_variance(torch.full((4, 5), 0.3), filled(returns, 1e6), MASK) == pytest.approx(0)
