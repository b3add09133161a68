"""LoRA: begins as the model it tunes, trains few numbers, and can be merged without a trace."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from utils.models.gpt import GPT, GPTConfig
from utils.models.lora import LoRALinear, merged, trained, with_lora

TOKENS = torch.randint(1, 20, (3, 7), generator=torch.Generator().manual_seed(0))


def gpt() -> GPT:
    torch.manual_seed(0)
    return GPT(GPTConfig(20, context=8, layers=2, heads=2, width=16)).double().eval()


def filled(model: GPT, rank: int = 3) -> GPT:
    """A LoRA whose B is no longer zero, as after training."""
    tuned = with_lora(model, ["c_attn", "c_fc"], rank).double().eval()
    with torch.no_grad():
        for name, parameter in tuned.named_parameters():
            if name.endswith(".B"):
                parameter.normal_()
    return tuned


@torch.no_grad()
def test_before_any_training_the_model_is_as_it_was() -> None:
    model = gpt()
    assert torch.equal(with_lora(model, ["c_attn"], 4).double()(TOKENS), model(TOKENS))


@torch.no_grad()
def test_merged_it_says_the_same_and_has_the_old_shape() -> None:
    model = gpt()
    tuned = filled(model)
    assert (tuned(TOKENS) - model(TOKENS)).abs().max() > 1e-2
    whole = merged(tuned)
    assert (whole(TOKENS) - tuned(TOKENS)).abs().max() < 1e-12
    assert whole.state_dict().keys() == model.state_dict().keys()


def test_a_step_changes_a_and_b_and_nothing_else() -> None:
    tuned = filled(gpt())
    before = {name: value.clone() for name, value in tuned.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in tuned.parameters() if p.requires_grad], lr=1.0)
    tuned(TOKENS).square().mean().backward()
    optimizer.step()
    moved = {name for name, value in tuned.state_dict().items() if not torch.equal(value, before[name])}
    assert moved == {name for name in before if name.endswith((".A", ".B"))}


def test_the_model_itself_is_not_touched() -> None:
    model = gpt()
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    filled(model)
    assert all(torch.equal(kept[name], value) for name, value in model.state_dict().items())
    assert all(parameter.requires_grad for parameter in model.parameters())


@given(st.integers(1, 6), st.integers(6, 12), st.integers(6, 12))
def test_so_many_numbers_train(rank: int, inputs: int, outputs: int) -> None:
    linear = LoRALinear(nn.Linear(inputs, outputs), rank, alpha=8.0)
    assert trained(linear) == rank * (inputs + outputs)


@torch.no_grad()
def test_the_change_has_rank_r_and_its_scale_is_alpha_over_r() -> None:
    plain = nn.Linear(9, 7).double()
    one, two = (LoRALinear(nn.Linear(9, 7).double(), 2, alpha) for alpha in (4.0, 8.0))
    for linear in (one, two):
        linear.frozen.load_state_dict(plain.state_dict())
        linear.A.data, linear.B.data = (
            torch.ones(2, 9).double().cumsum(1) ** torch.tensor([[1], [2]]),
            torch.eye(7)[:, :2].double(),
        )
    change, double = (linear.merged().weight - plain.weight for linear in (one, two))
    assert torch.linalg.matrix_rank(change) == 2
    assert torch.allclose(change, 2.0 * one.B @ one.A)
    assert torch.allclose(double, 2 * change)


@pytest.mark.parametrize("rank", [0, 8])
def test_a_rank_that_cannot_be_is_named(rank: int) -> None:
    with pytest.raises(ValueError, match=f"rank {rank} must be from 1 to 7"):
        LoRALinear(nn.Linear(9, 7), rank, 1.0)


def test_a_name_that_no_linear_map_has_is_named() -> None:
    with pytest.raises(ValueError, match="no linear map is called 'query'"):
        with_lora(gpt(), ["query"], 2)
