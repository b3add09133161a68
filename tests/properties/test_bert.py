"""BERT without a reference: hidden words, segments, first loss, and what it refuses."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.parity.tools import randomise
from utils.models.bert import EPSILON, Bert, BertConfig, BertForPretraining
from utils.models.rnn import Trace, stacked

V = 12
SMALL = BertConfig(V, context=16, layers=2, heads=2, width=8)
TOKENS = torch.tensor([[4, 5, 6, 7, 8], [4, 9, 0, 0, 0], [10, 0, 0, 0, 0]])


def randomised(model: nn.Module) -> nn.Module:
    """In double precision and eval mode, with large random weights."""
    return randomise(model.double(), deviation=0.5).eval()


def losses(model: nn.Module, hidden: Tensor) -> tuple[Tensor, Tensor]:
    """The loss over hidden words, computed everywhere and then chosen, or computed where it is needed."""
    labels = TOKENS[hidden]
    return F.cross_entropy(model(TOKENS)[hidden], labels), F.cross_entropy(model.hidden_words(TOKENS, hidden), labels)


def test_hidden_words_are_those_of_the_whole() -> None:
    """Logits and gradients: choosing before the product with the vocabulary changes nothing but the time."""
    hidden = torch.tensor([[0, 1, 0, 0, 1], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0]], dtype=torch.bool)
    model = randomised(BertForPretraining(SMALL))
    torch.testing.assert_close(model.hidden_words(TOKENS, hidden), model(TOKENS)[hidden], atol=1e-12, rtol=1e-12)
    everywhere, chosen = (
        torch.autograd.grad(loss, list(model.parameters()), allow_unused=True) for loss in losses(model, hidden)
    )
    for one, other in zip(everywhere, chosen, strict=True):
        if one is not None or other is not None:
            torch.testing.assert_close(one, other, atol=1e-12, rtol=1e-12)


def test_first_loss_is_that_of_a_guess() -> None:
    """Museum 10, for the tied matrix of the masked language model."""
    torch.manual_seed(0)
    tokens = torch.randint(4, 200, (16, 32))
    for width in (64, 256):
        model = BertForPretraining(BertConfig(200, 64, layers=4, heads=4, width=width))
        loss = F.cross_entropy(model(tokens).flatten(0, 1), tokens.roll(1, dims=1).flatten())
        assert abs(float(loss.detach()) - math.log(200)) < 0.1


@torch.no_grad()
def test_every_token_sees_all_others_but_no_padding() -> None:
    """Museum 1 and 2: weights sum to 1 and are exactly 0 on padding; a later word changes an earlier one's state."""
    model, trace = randomised(Bert(SMALL)), Trace()
    states = model(TOKENS, trace=trace)
    weights = stacked(trace)["weights"]
    assert weights.shape == (3, 2, 2, 5, 5)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(3, 2, 2, 5, dtype=torch.float64))
    assert weights.movedim(-1, 1)[TOKENS == 0].eq(0).all()
    other = TOKENS.clone()
    other[0, 4] = 11
    assert not torch.allclose(model(other)[0, 0], states[0, 0])
    torch.testing.assert_close(states, model(TOKENS))


@torch.no_grad()
def test_segments_matter_and_are_0_by_default() -> None:
    """No segments is segment 0 everywhere."""
    model = randomised(Bert(SMALL))
    assert torch.equal(model(TOKENS), model(TOKENS, torch.zeros_like(TOKENS)))
    assert not torch.allclose(model(TOKENS), model(TOKENS, torch.ones_like(TOKENS)))


@torch.no_grad()
def test_layer_norms_leave_mean_0_and_deviation_1() -> None:
    """Post-LN: what leaves a block is normalised, with the biased deviation and an epsilon too small to see."""
    states = Bert(SMALL).double().eval()(TOKENS)
    torch.testing.assert_close(states.mean(dim=-1), torch.zeros(3, 5, dtype=torch.float64))
    spread = states.std(dim=-1, unbiased=False)
    torch.testing.assert_close(spread, torch.ones(3, 5, dtype=torch.float64), atol=1e3 * EPSILON, rtol=0)


@torch.no_grad()
def test_eval_drops_nothing_and_train_does() -> None:
    """Museum 9."""
    model = randomised(Bert(replace(SMALL, dropout=0.5)))
    assert torch.equal(model(TOKENS), randomised(Bert(SMALL))(TOKENS))
    assert not torch.equal(model.train()(TOKENS), model.eval()(TOKENS))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@torch.no_grad()
def test_half_precision_is_finite_with_padding(dtype: torch.dtype) -> None:
    """Museum 36."""
    assert randomised(BertForPretraining(SMALL)).to(dtype)(TOKENS).isfinite().all()


def test_a_text_beyond_the_context_is_refused() -> None:
    with pytest.raises(ValueError, match="17 tokens exceed the context of 16"):
        Bert(SMALL)(torch.full((1, 17), 4))
