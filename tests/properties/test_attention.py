"""Attention by brute force, masks at their edges, and the encoder-decoder with attention word by word."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from utils.models.attention import (
    AdditiveAttention,
    AttentionSeq2Seq,
    MultiHeadAttention,
    additive_scores,
    causal_mask,
    masked_softmax,
    scaled_dot_product_attention,
)
from utils.models.seq2seq import Seq2SeqConfig

SOURCE = torch.tensor([[5, 6, 7, 8, 9, 2], [9, 0, 0, 0, 0, 0], [5, 6, 7, 2, 0, 0]])
VISIBLE = SOURCE != 0


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def random_model(**sizes) -> AttentionSeq2Seq:
    model = AttentionSeq2Seq(Seq2SeqConfig(12, 12, **({"embedding": 4, "hidden": 5} | sizes)))
    with torch.no_grad():
        for k, parameter in enumerate(model.parameters()):
            parameter.copy_(normal(*parameter.shape, seed=k) * 0.5)
    return model.eval()


def brute_force(scores: list[float], values: Tensor, visible: list[bool]) -> Tensor:
    """The weighted mean of the visible values, one number after the other."""
    powers = [math.exp(s) if v else 0.0 for s, v in zip(scores, visible, strict=True)]
    return sum(p / sum(powers) * value for p, value in zip(powers, values, strict=True))


def test_scaled_dot_products_by_brute_force() -> None:
    query, key, value = normal(3, 4, 8), normal(3, 6, 8, seed=1), normal(3, 6, 5, seed=2)
    context, _ = scaled_dot_product_attention(query, key, value, VISIBLE[:, None])
    for b in range(3):
        for t in range(4):
            scores = [sum(q * k for q, k in zip(query[b, t].tolist(), row, strict=True)) for row in key[b].tolist()]
            expected = brute_force([s / math.sqrt(8) for s in scores], value[b], VISIBLE[b].tolist())
            torch.testing.assert_close(context[b, t], expected)


def test_additive_attention_by_brute_force() -> None:
    attention = AdditiveAttention(4, 7, 5)
    query, memory = normal(3, 2, 4), normal(3, 6, 7, seed=1)
    context, _ = attention(query, attention.key(memory), memory, VISIBLE[:, None])
    for b in range(3):
        for t in range(2):
            energies = [
                torch.dot(attention.v, torch.tanh(attention.query(query[b, t]) + attention.key(h))).item()
                for h in memory[b]
            ]
            torch.testing.assert_close(context[b, t], brute_force(energies, memory[b], VISIBLE[b].tolist()))


def test_weights_sum_to_one_and_are_zero_on_padding() -> None:
    """Dies if the mask is multiplied after the softmax, or sets scores to 0 instead of the lowest number."""
    weights = masked_softmax(normal(3, 4, 6) * 20, VISIBLE[:, None])
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(3, 4))
    assert weights.masked_select(~VISIBLE[:, None].expand_as(weights)).abs().max() == 0


def test_huge_keys_on_padding_change_nothing() -> None:
    query, key, value = normal(3, 4, 8), normal(3, 6, 8, seed=1), normal(3, 6, 5, seed=2)
    huge = torch.where(VISIBLE[:, :, None], key, 1e4)
    before = scaled_dot_product_attention(query, key, value, VISIBLE[:, None])
    after = scaled_dot_product_attention(query, huge, value, VISIBLE[:, None])
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize("traced", [False, True])
def test_one_visible_key_gives_its_value(traced: bool) -> None:
    """Dies if True means "ignore"."""
    attention = MultiHeadAttention(8, 2)
    memory = attention.look_at(normal(1, 6, 8))
    mask = (torch.arange(6) == 3)[None]
    output = attention(normal(1, 4, 8, seed=1), memory, mask, {} if traced else None)
    value = attention.output(memory.value[:, :, 3].flatten(1))
    torch.testing.assert_close(output, value[:, None].expand(-1, 4, -1))


@pytest.mark.parametrize("traced", [False, True])
def test_a_query_that_may_look_at_nothing_gets_zeros(traced: bool) -> None:
    attention = MultiHeadAttention(8, 2)
    mask = torch.ones(4, 6, dtype=torch.bool)
    mask[2] = False
    query = normal(1, 4, 8).requires_grad_(True)
    output = attention(query, attention.look_at(normal(1, 6, 8, seed=1)), mask, {} if traced else None)
    torch.testing.assert_close(output[0, 2], attention.output.bias)
    output.square().sum().backward()
    assert query.grad is not None
    assert query.grad.isfinite().all()
    assert all(p.grad is None or p.grad.isfinite().all() for p in attention.parameters())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_masks_are_finite_in_half_precision(dtype: torch.dtype) -> None:
    """Dies if masked scores are -1e9: it overflows in float16, and a row without keys becomes NaN."""
    mask = torch.tensor([[True, False, True], [False, False, False]])
    query, key, value = (normal(2, 3, 8, seed=k).to(dtype) for k in range(3))
    for mixed in (
        scaled_dot_product_attention(query[:, :2], key, value, mask)[0],
        masked_softmax(key[:, :2, :3], mask),
    ):
        assert mixed.dtype == dtype
        assert mixed.isfinite().all()
        assert mixed[:, 1].abs().max() == 0


def test_scores_have_variance_one_whatever_the_width() -> None:
    """Dies without the square root, or with another width under it."""
    for width in (16, 256):
        weights = scaled_dot_product_attention(normal(200, width), normal(200, width, seed=1), normal(200, 1))[1]
        assert weights.log().var(dim=-1).mean().item() == pytest.approx(1.0, abs=0.1)


def test_each_head_is_scaled_by_its_own_width() -> None:
    attention = MultiHeadAttention(64, 16)
    with torch.no_grad():
        for layer in (attention.query, attention.key):
            layer.weight.copy_(torch.eye(64))
            layer.bias.zero_()
    trace: dict = {}
    attention(normal(1, 200, 64), attention.look_at(normal(1, 200, 64, seed=1)), None, trace)
    assert trace["weights"][0].log().var(dim=-1).mean().item() == pytest.approx(1.0, abs=0.1)


def test_permuting_the_source_permutes_the_weights() -> None:
    order = torch.tensor([3, 1, 5, 0, 2, 4])
    query, key, value = normal(2, 4, 8), normal(2, 6, 8, seed=1), normal(2, 6, 8, seed=2)
    context, weights = scaled_dot_product_attention(query, key, value)
    again, permuted = scaled_dot_product_attention(query, key[:, order], value[:, order])
    torch.testing.assert_close(permuted, weights[..., order])
    torch.testing.assert_close(again, context)
    scores = additive_scores(query, key, value[0, 0])
    assert torch.equal(additive_scores(query, key[:, order], value[0, 0]), scores[..., order])


def test_the_causal_mask_shows_each_word_itself_and_its_past() -> None:
    expected = [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert causal_mask(3).tolist() == [[bool(x) for x in row] for row in expected]
    assert causal_mask(2, past=3).tolist() == [[True] * 4 + [False], [True] * 5]
    assert causal_mask(1, past=4).all()


def test_the_traced_way_is_the_fast_way() -> None:
    attention = MultiHeadAttention(8, 4)
    query, memory = normal(3, 5, 8), attention.look_at(normal(3, 6, 8, seed=1))
    trace: dict = {}
    slow = attention(query, memory, VISIBLE[:, None, None], trace, "cross")
    torch.testing.assert_close(attention(query, memory, VISIBLE[:, None, None]), slow, atol=1e-6, rtol=1e-5)
    assert trace["cross"][0].shape == (3, 4, 5, 6)


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ValueError, match="width 8 must be a multiple of heads 3"):
        MultiHeadAttention(8, 3)


@torch.no_grad()
def test_steps_on_true_words_are_teacher_forcing() -> None:
    """Dies if the decoder reads the word that it has to write."""
    model, words = random_model(), torch.tensor([[2, 4, 5, 6], [2, 8, 3, 1], [2, 9, 9, 4]])
    state, steps = model.start(SOURCE), []
    for token in words.T:
        logits, state = model.step(token, state)
        steps.append(logits)
    torch.testing.assert_close(torch.stack(steps, dim=1), model(SOURCE, words), atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_the_trace_shows_where_each_word_looks() -> None:
    model = random_model()
    state = model.start(SOURCE, trace=True)
    for token in (torch.tensor([2, 2, 2]), torch.tensor([4, 8, 9])):
        _, state = model.step(token, state)
        weights = state.trace["weights"]
        torch.testing.assert_close(weights.sum(dim=-1), torch.ones(3))
        assert weights[~VISIBLE].abs().max() == 0
        torch.testing.assert_close(state.trace["context"], (weights[:, None] @ state.memory.states)[:, 0])
        assert torch.equal(state.trace["hidden"], state.hidden)
    assert model.step(torch.tensor([4, 4, 4]), model.start(SOURCE))[1].trace is None


@torch.no_grad()
def test_selected_rows_go_on_as_they_would_have() -> None:
    model, token, index = random_model(), torch.tensor([4, 8, 9]), torch.tensor([2, 0, 0, 1])
    _, state = model.step(token, model.start(SOURCE, trace=True))
    logits, after = model.step(token, state)
    chosen, chosen_after = model.step(token[index], state.select(index))
    torch.testing.assert_close(chosen, logits[index], atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(chosen_after.trace["weights"], after.trace["weights"][index], atol=1e-6, rtol=1e-5)


@torch.no_grad()
def test_the_source_is_projected_once() -> None:
    model, calls = random_model(), []
    model.decoder.attention.key.register_forward_hook(lambda module, inputs, output: calls.append(output.shape))
    state = model.start(SOURCE)
    for _ in range(3):
        _, state = model.step(torch.tensor([2, 4, 5]), state)
    model(SOURCE, torch.tensor([[2, 4, 5]] * 3))
    assert calls == [(3, 6, 5)] * 2


def test_dropout_is_off_in_eval() -> None:
    words = torch.tensor([[2, 4], [2, 8], [2, 9]])
    assert torch.equal(random_model(dropout=0.5)(SOURCE, words), random_model()(SOURCE, words))
    assert not torch.equal(random_model(dropout=0.5).train()(SOURCE, words), random_model()(SOURCE, words))


def test_an_empty_source_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        random_model().start(torch.tensor([[4, 5], [0, 0]]))


def test_first_loss_is_that_of_guessing() -> None:
    torch.manual_seed(0)
    for width in (16, 256):
        model = AttentionSeq2Seq(Seq2SeqConfig(300, 300, embedding=width, hidden=width))
        words = torch.randint(1, 300, (16, 8))
        loss = torch.nn.functional.cross_entropy(model(words, words[:, :-1]).flatten(0, 1), words[:, 1:].flatten())
        assert abs(loss.item() - math.log(300)) < 0.1
