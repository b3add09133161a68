"""AWD-LSTM without a reference: what its masks keep constant, how a text goes on, and how it is pooled."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from tests.parity.tools import randomise
from utils.data.tokens import PAD
from utils.decoding import greedy
from utils.models.awd_lstm import (
    AWDLSTM,
    AWDLanguageModel,
    AWDLSTMConfig,
    ULMFiTClassifier,
    concat_pool,
    locked_dropout,
    word_dropout,
)

V = 12
SMALL = AWDLSTMConfig(V, embedding=6, hidden=10, layers=3)
TOKENS = torch.tensor([[4, 5, 6, 7, 8], [4, 9, 10, 0, 0], [10, 0, 0, 0, 0]])
LEFT = torch.tensor([[4, 5, 6, 7, 8], [0, 0, 4, 9, 10], [0, 0, 0, 0, 10]])


def randomised(model: nn.Module) -> nn.Module:
    """In double precision and eval mode, with large random weights."""
    return randomise(model.double(), deviation=0.5).eval()


def test_locked_dropout_is_the_same_at_every_step_and_another_in_every_row() -> None:
    """Museum 9: a mask drawn anew at each step."""
    torch.manual_seed(0)
    dropped = locked_dropout(torch.ones(50, 7, 40), 0.4)
    assert (dropped == dropped[:, :1]).all()
    assert not torch.equal(dropped[0], dropped[1])
    assert set(dropped.unique().tolist()) == {0.0, torch.tensor(1 / 0.6).item()}
    assert dropped[:, 0].mean() == pytest.approx(1.0, abs=0.1)  # 2,000 draws: five deviations are 0.09
    assert torch.equal(locked_dropout(torch.ones(2, 3, 4), 0.4, training=False), torch.ones(2, 3, 4))


def test_a_dropped_word_is_dropped_wherever_it_stands() -> None:
    """One mask over the vocabulary; a word is whole or gone."""
    torch.manual_seed(0)
    words = torch.randint(0, 30, (8, 40))
    dropped = word_dropout(torch.ones(8, 40, 5), words, 30, 0.4)
    for word in range(30):
        assert len(dropped[words == word].unique()) <= 1, word
    assert len(dropped.unique()) == 2


@torch.no_grad()
def test_eval_drops_nothing_and_train_does() -> None:
    """Museum 9: and dropout 0 drops nothing in training either."""
    tame, wild = randomised(AWDLSTM(replace(SMALL, dropout=0.0))), randomised(AWDLSTM(SMALL))
    assert torch.equal(wild(TOKENS)[0], tame(TOKENS)[0])
    assert torch.equal(tame.train()(TOKENS)[0], tame.eval()(TOKENS)[0])
    assert not torch.equal(wild.train()(TOKENS)[0], wild.eval()(TOKENS)[0])


@pytest.mark.parametrize("split", [1, 2, 4])
@torch.no_grad()
def test_a_text_read_in_two_parts_is_the_text(split: int) -> None:
    """The state carries all that is needed to go on."""
    model = randomised(AWDLanguageModel(SMALL))
    first, state = model.unroll(TOKENS[:, :split])
    second, _ = model.unroll(TOKENS[:, split:], state)
    torch.testing.assert_close(torch.cat([first, second], dim=1), model(TOKENS), atol=1e-12, rtol=1e-12)


def test_the_gradient_ends_where_a_text_goes_on() -> None:
    """Truncated backpropagation: the state is a number, not a way back; within a window the gradient flows."""
    model = randomised(AWDLanguageModel(SMALL))
    _, state = model.unroll(TOKENS)
    assert not any(part.requires_grad for pair in state for part in pair)
    logits, _ = model.unroll(TOKENS, state)
    assert torch.autograd.grad(logits[:, -1].sum(), model.encoder.layers[0].weight_hh)[0].abs().max() > 0


@pytest.mark.parametrize("prompt", [TOKENS, LEFT], ids=["right", "left"])
@torch.no_grad()
def test_steps_behind_ragged_prompts_give_the_logits_of_the_whole(prompt: Tensor) -> None:
    """Museum 15 and 16: padding read as words, or the last word of the prompt read twice."""
    model = randomised(AWDLanguageModel(SMALL))
    state = model.start(prompt)
    more = torch.tensor([5, 6, 7])
    first, state = model.step(state.token, state)
    second, _ = model.step(more, state)
    for row, words in enumerate(prompt):
        whole = model(torch.cat([words[words != PAD], more[row : row + 1]])[None])[0]
        torch.testing.assert_close(torch.stack([first[row], second[row]]), whole[-2:], atol=1e-12, rtol=1e-12)


@torch.no_grad()
def test_generation_of_a_batch_is_that_of_each_row() -> None:
    model = randomised(AWDLanguageModel(SMALL))
    together = greedy(model, TOKENS, 10)
    assert torch.equal(together, greedy(model, LEFT, 10))
    for row, words in zip(together, TOKENS, strict=True):
        alone = greedy(model, words[words != PAD][None], 10)[0]
        assert row[: len(alone)].tolist() == alone.tolist()


@torch.no_grad()
def test_select_reorders_state_and_trace() -> None:
    model = randomised(AWDLanguageModel(SMALL))
    state = model.start(TOKENS, trace=True)
    _, state = model.step(state.token, state)
    assert state.trace is not None
    assert state.trace["hidden"].shape == (3, 6)
    order = torch.tensor([2, 0, 0])
    chosen = state.select(order)
    torch.testing.assert_close(model.step(order + 4, chosen)[0], model.step(torch.tensor([4, 0, 6]), state)[0][order])
    assert chosen.trace is not None
    assert torch.equal(chosen.trace["hidden"], state.trace["hidden"][order])


def test_pooling_is_last_then_largest_then_mean() -> None:
    """By hand, on numbers of which padding holds the largest."""
    states = torch.tensor([[[1.0], [5.0], [3.0], [99.0]], [[-2.0], [99.0], [99.0], [99.0]]])
    real = torch.tensor([[True, True, True, False], [True, False, False, False]])
    assert concat_pool(states, real).tolist() == [[3.0, 5.0, 3.0], [-2.0, -2.0, -2.0]]


@torch.no_grad()
def test_each_text_is_read_from_a_blank_state() -> None:
    """Museum 35: the hidden state of one document carried over to the next."""
    model = randomised(ULMFiTClassifier(SMALL, 3))
    assert torch.equal(model(TOKENS), model(TOKENS))
    torch.testing.assert_close(model(TOKENS[[2, 1, 0]]), model(TOKENS)[[2, 1, 0]])


@pytest.mark.parametrize("model", [AWDLanguageModel(SMALL), ULMFiTClassifier(SMALL, 3)], ids=["model", "classifier"])
def test_groups_hold_every_parameter_once(model: nn.Module) -> None:
    """Museum 35: a layer that no group knows is never trained."""
    grouped = [id(parameter) for group in model.groups() for parameter in group]
    assert len(grouped) == len(set(grouped))
    assert set(grouped) == {id(parameter) for parameter in model.parameters()}


def test_the_encoder_of_a_language_model_fits_the_classifier() -> None:
    """Transfer is one line."""
    model, classifier = AWDLanguageModel(SMALL), ULMFiTClassifier(SMALL, 3)
    classifier.encoder.load_state_dict(model.encoder.state_dict())
    assert torch.equal(classifier.encoder.embedding.weight, model.encoder.embedding.weight)


def test_the_output_matrix_is_the_embedding() -> None:
    """Nothing but a bias is added to the encoder, and the last layer is as wide as the embedding."""
    model = AWDLanguageModel(SMALL)
    own = sum(p.numel() for p in model.parameters()) - sum(p.numel() for p in model.encoder.parameters())
    assert own == V
    assert model.encoder(TOKENS)[0].shape[-1] == SMALL.embedding


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match=r"dropout 2\.0"):
        AWDLSTM(replace(SMALL, dropout=2.0))
    with pytest.raises(ValueError, match="layers 0"):
        AWDLSTM(replace(SMALL, layers=0))
    with pytest.raises(ValueError, match="a text is empty"):
        AWDLanguageModel(SMALL).start(torch.tensor([[4], [0]]))
    with pytest.raises(ValueError, match="a text is empty"):
        ULMFiTClassifier(SMALL, 3)(torch.tensor([[4, 5], [0, 0]]))
