"""The steps from attention to the Transformer: each is a whole translator and has lost what it is said to lose."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from utils.decoding import beam_search, greedy
from utils.experiments.lab_costs import chain
from utils.models.attention import AttentionSeq2Seq
from utils.models.seq2seq import Seq2SeqConfig
from utils.models.transformer import Transformer, TransformerConfig
from utils.models.without_recurrence import AllAtOnce, DotSeq2Seq, OrderBlindSeq2Seq, PositionedSeq2Seq

V = 12
SMALL = Seq2SeqConfig(V, V, embedding=4, hidden=6)
ONE_HEAD = TransformerConfig(V, V, width=8, heads=1, layers=1, feed_forward=8)
STEPS = (AttentionSeq2Seq, DotSeq2Seq, OrderBlindSeq2Seq, PositionedSeq2Seq, AllAtOnce, Transformer)
SOURCE = torch.tensor([[4, 5, 6, 7, 3], [8, 9, 3, 0, 0], [5, 3, 0, 0, 0]])
WORDS = torch.tensor([[2, 4, 5, 6], [2, 7, 0, 0], [2, 8, 9, 0]])
each_step = pytest.mark.parametrize("kind", STEPS, ids=lambda kind: kind.__name__)


def model_of(kind: Any) -> Any:
    """The model in double precision with weights from normal(0, 0.5): default ones hide errors behind zero biases."""
    model = kind(ONE_HEAD if kind is Transformer else SMALL).double().eval()
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * 0.5)
    return model


def same(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, atol=1e-10, rtol=1e-10)


@each_step
@torch.no_grad()
def test_padding_changes_nothing(kind: Any) -> None:
    model = model_of(kind)
    more = model(torch.nn.functional.pad(SOURCE, (0, 3)), torch.nn.functional.pad(WORDS, (0, 2)))
    same(more[:, : WORDS.shape[1]][WORDS != 0], model(SOURCE, WORDS)[WORDS != 0])
    for row, (source, words) in enumerate(zip(SOURCE, WORDS, strict=True)):
        alone = model(source[source != 0][None], words[words != 0][None])
        same(alone[0], model(SOURCE, WORDS)[row, : alone.shape[1]])


@each_step
@torch.no_grad()
def test_no_word_sees_the_future(kind: Any) -> None:
    model, other = model_of(kind), WORDS.clone()
    other[:, 2:] = 11
    before, after = model(SOURCE, WORDS), model(SOURCE, other)
    assert torch.equal(before[:, :2], after[:, :2])
    assert not torch.equal(before[:, 2:], after[:, 2:])


@each_step
@torch.no_grad()
def test_step_by_step_is_all_in_one_call(kind: Any) -> None:
    model = model_of(kind)
    state, steps = model.start(SOURCE), []
    for token in WORDS.T:
        logits, state = model.step(token, state)
        steps.append(logits)
    same(torch.stack(steps, dim=1), model(SOURCE, WORDS))


@each_step
def test_it_serves_the_searches(kind: Any) -> None:
    model = model_of(kind)
    first = greedy(model, SOURCE, max_length=6)
    best = beam_search(model, SOURCE, beam=1, max_length=6, alpha=0.0)
    for row, found in zip(first.tolist(), best, strict=True):
        assert [token for token in row if token] == found[0].tokens
    assert len(beam_search(model, SOURCE, beam=3, max_length=6)) == len(SOURCE)


@torch.no_grad()
@pytest.mark.parametrize(
    ("kind", "blind"), [(OrderBlindSeq2Seq, True), (PositionedSeq2Seq, False), (DotSeq2Seq, False), (AllAtOnce, False)]
)
def test_only_the_second_step_is_blind_to_the_order(kind: Any, blind: bool) -> None:
    model, order = model_of(kind), torch.tensor([3, 0, 4, 2, 1])
    straight, shuffled = model(SOURCE[:1], WORDS[:1]), model(SOURCE[:1, order], WORDS[:1])
    assert torch.allclose(straight, shuffled, atol=1e-10) == blind


@pytest.mark.parametrize(
    ("kind", "grows"), [(DotSeq2Seq, True), (OrderBlindSeq2Seq, True), (AllAtOnce, False), (Transformer, False)]
)
def test_the_chain_of_steps_grows_until_the_fourth_step(kind: Any, grows: bool) -> None:
    model = model_of(kind)
    short, long = (chain(model(torch.full((1, n), 5), torch.full((1, n), 6)).sum()) for n in (5, 10))
    assert (long > short) == grows


def test_an_empty_sentence_is_refused() -> None:
    for kind in STEPS:
        with pytest.raises(ValueError, match="empty"):
            model_of(kind)(torch.tensor([[0, 0]]), torch.tensor([[2]]))
