"""GRPO: advantages within a group, and a loss that is PPO's with a leash in it."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from utils.training.group_policy import group_advantages, grpo_loss
from utils.training.policy_losses import ppo_loss

MASK = torch.tensor([[True, True, True], [True, False, False]])


def drawn(seed: int) -> torch.Tensor:
    return -3 * torch.rand(2, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_by_hand() -> None:
    """One right answer of four: mean 1/4, deviation 1/2 (with n - 1), as torch and the paper's code have it."""
    found = group_advantages(torch.tensor([[1.0, 0.0, 0.0, 0.0]]), epsilon=0.0)
    assert found[0].tolist() == pytest.approx([1.5, -0.5, -0.5, -0.5])


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=4, max_size=4), st.floats(0.5, 3), st.floats(-2, 2))
def test_only_the_order_within_a_group_counts(row: list[float], factor: float, shift: float) -> None:
    scores = torch.tensor([row, [1.0, 0.0, 1.0, 0.0]], dtype=torch.float64)
    found = group_advantages(scores, epsilon=0.0 if len(set(row)) > 1 else 1e-4)
    assert found.sum(dim=1).tolist() == pytest.approx([0.0, 0.0], abs=1e-9)
    if len(set(row)) > 1:
        assert torch.allclose(group_advantages(factor * scores + shift, epsilon=0.0), found)
        assert torch.equal(found[0] > 0, scores[0] == 1)
    other = torch.stack([scores[0], torch.tensor([5.0, 4.0, 3.0, 2.0]).double()])
    assert torch.allclose(group_advantages(other)[0], group_advantages(scores)[0]), "groups do not know each other"


def test_a_group_of_equals_teaches_nothing() -> None:
    assert group_advantages(torch.ones(2, 5)).abs().max() == 0


@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_a_group_of_one_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="with at least 2 answers"):
        group_advantages(torch.zeros(shape))


def test_for_answers_of_equal_length_and_no_leash_it_is_ppo() -> None:
    new, old = drawn(0), drawn(1)
    mask, good = torch.ones(2, 3, dtype=torch.bool), torch.tensor([0.7, -1.2], dtype=torch.float64)
    ppo = ppo_loss(new, old, good[:, None].expand(2, 3), mask)
    assert float(grpo_loss(new, old, drawn(2), good, mask, beta=0.0)) == pytest.approx(float(ppo))


def test_each_answer_weighs_the_same_however_long() -> None:
    """At ratio 1 the loss is minus the mean advantage of the answers, not of the tokens."""
    old, good = drawn(0), torch.tensor([1.0, -3.0], dtype=torch.float64)
    assert float(grpo_loss(old, old, old, good, MASK)) == pytest.approx(1.0)


def test_padding_counts_nothing() -> None:
    new, old, reference = drawn(0), drawn(1), drawn(2)
    good = torch.tensor([0.5, -1.0], dtype=torch.float64)
    loss = grpo_loss(new, old, reference, good, MASK)
    for x in (new, old, reference):
        x[~MASK] = -50.0
    assert torch.equal(grpo_loss(new, old, reference, good, MASK), loss)


def test_the_leash_pulls_towards_the_reference() -> None:
    """Without advantages the gradient is that of beta k3: 0 at the reference, and back to it elsewhere."""
    reference, nothing = drawn(0), torch.zeros(2, dtype=torch.float64)
    new = (reference + 0.3).requires_grad_(True)
    loss = grpo_loss(new, new.detach(), reference, nothing, MASK, beta=0.5)
    k3 = math.exp(-0.3) - 1 + 0.3
    assert float(loss.detach()) == pytest.approx(0.5 * k3)
    loss.backward()
    assert new.grad is not None
    assert bool((new.grad[MASK] > 0).all()), "going down the loss lowers what is above the reference"
    assert bool((new.grad[~MASK] == 0).all())


def test_a_clipped_answer_has_no_gradient() -> None:
    old = drawn(0)
    new = (old + math.log(1.5)).requires_grad_(True)
    grpo_loss(new, old, old, torch.tensor([1.0, -1.0], dtype=torch.float64), MASK, beta=0.0).backward()
    assert new.grad is not None
    assert new.grad[0].abs().max() == 0, "good, and already 1.5 times as probable"
    assert new.grad[1, 0] > 0, "bad, and moved the wrong way: it is pulled back"
