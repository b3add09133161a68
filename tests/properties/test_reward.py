"""Reward and value models without a reference: where they read, and where they begin."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.parity.tools import randomise
from utils.models.gpt import GPT, GPTConfig
from utils.models.reward import RewardModel, ValueModel

SMALL = GPTConfig(12, context=16, width=8)
TOKENS = torch.tensor([[4, 5, 6, 7, 8], [4, 9, 10, 0, 0], [10, 0, 0, 0, 0]])
LEFT = torch.tensor([[4, 5, 6, 7, 8], [0, 0, 4, 9, 10], [0, 0, 0, 0, 10]])


def randomised(model: nn.Module) -> nn.Module:
    """In double precision and eval mode, with large random weights."""
    return randomise(model.double(), deviation=0.5).eval()


@torch.no_grad()
def test_padding_moves_no_score() -> None:
    """Museum 26: the reward read at the padded end."""
    model = randomised(RewardModel(GPT(SMALL)))
    scores = model(TOKENS)
    assert scores.shape == (3,)
    torch.testing.assert_close(model(torch.nn.functional.pad(TOKENS, (0, 4))), scores)
    torch.testing.assert_close(model(LEFT), scores)


@torch.no_grad()
def test_the_score_is_read_at_the_last_token_and_knows_all() -> None:
    """Every token of a text moves its score, the last one too."""
    model = randomised(RewardModel(GPT(SMALL)))
    for t in range(5):
        other = TOKENS.clone()
        other[0, t] = 11
        assert not torch.isclose(model(other)[0], model(TOKENS)[0]), t
        assert torch.equal(model(other)[1:], model(TOKENS)[1:])


@torch.no_grad()
def test_values_begin_at_zero_and_can_learn() -> None:
    """So the first advantages are the rewards themselves."""
    model = ValueModel(randomised(GPT(SMALL)).float())
    assert model(TOKENS).shape == TOKENS.shape
    assert model(TOKENS).eq(0).all()
    with torch.enable_grad():
        loss = (model(TOKENS) - 1).square().mean()
        (gradient,) = torch.autograd.grad(loss, model.value.weight)
    assert gradient.abs().max() > 0


def test_an_empty_text_has_no_score() -> None:
    with pytest.raises(ValueError, match="a text is empty"):
        RewardModel(GPT(SMALL))(torch.tensor([[4, 5], [0, 0]]))
