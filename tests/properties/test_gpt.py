"""GPT without a reference: its cache, its padding, its first loss, and what it refuses."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from utils.data.tokens import PAD
from utils.decoding import beam_search, greedy
from utils.models.gpt import GPT, GPTConfig

V, CONTEXT = 12, 80
SMALL = GPTConfig(V, CONTEXT, layers=2, heads=2, width=8)
SEEDS = range(20)


def random_gpt(seed: int = 0, config: GPTConfig = SMALL) -> GPT:
    """A model in double precision with weights from normal(0, 0.5), on which its answers depend strongly."""
    generator = torch.Generator().manual_seed(seed)
    model = GPT(config).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * 0.5)
    return model


def prompts(seed: int, left: bool, longest: int = 6) -> Tensor:
    """Four prompts of 1 to 6 tokens, padded on one side; one has all 6."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(4, V, (4, longest), generator=generator)
    lengths = torch.randint(1, longest + 1, (4, 1), generator=generator)
    lengths[seed % 4] = longest
    column = torch.arange(longest)
    return tokens.masked_fill(column < longest - lengths if left else column >= lengths, PAD)


@dataclass(frozen=True)
class Text:
    """All tokens so far, (B, T); the last one of the prompt is fed first."""

    token: Tensor
    words: Tensor

    def select(self, index: Tensor) -> Text:
        return Text(self.token[index], self.words[index])


class WithoutCache:
    """The same model, which reads the whole text anew at every step."""

    def __init__(self, model: GPT):
        self.model = model

    def start(self, source: Tensor) -> Text:
        return Text(source[:, -1], source[:, :-1])

    def step(self, token: Tensor, state: Text) -> tuple[Tensor, Text]:
        words = torch.cat([state.words, token[:, None]], dim=1)
        return self.model(words)[:, -1], replace(state, words=words)


@pytest.mark.parametrize("width", [32, 64, 128, 256])
def test_first_loss_is_that_of_a_guess(width: int) -> None:
    """Museum 10: a tied matrix drawn from N(0, 1) begins far above ln V."""
    torch.manual_seed(0)
    tokens = torch.randint(4, 200, (16, 33))
    logits = GPT(GPTConfig(200, 64, layers=4, heads=4, width=width))(tokens[:, :-1])
    loss = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
    assert abs(float(loss.detach()) - math.log(200)) < 0.1


@pytest.mark.parametrize("length", [1, 2, 31, 32, 33, 65, CONTEXT])
@torch.no_grad()
def test_steps_on_a_text_give_the_logits_of_the_whole(length: int) -> None:
    """Museum 4 and 16: a causal mask on a single query, or the wrong previous token. The cache grows on the way."""
    model = random_gpt()
    tokens = torch.randint(4, V, (3, length), generator=torch.Generator().manual_seed(1))
    state, columns = model.start(tokens[:, :1]), []
    for token in tokens.T:
        logits, state = model.step(token, state)
        columns.append(logits)
    torch.testing.assert_close(torch.stack(columns, dim=1), model(tokens), atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize("left", [True, False])
@torch.no_grad()
def test_a_ragged_batch_writes_what_each_prompt_writes_alone(left: bool) -> None:
    """Museum 15: right padding read as text, a missing mask, positions that count padding."""
    for seed in SEEDS:
        model, batch = random_gpt(seed), prompts(seed, left)
        together = greedy(model, batch, 12)
        for row, prompt in enumerate(batch):
            alone = greedy(model, prompt[prompt != PAD][None], 12)[0]
            assert together[row, : len(alone)].tolist() == alone.tolist(), seed
            assert (together[row, len(alone) :] == PAD).all()


@torch.no_grad()
def test_beam_search_with_a_cache_is_beam_search_without() -> None:
    """Museum 19: a cache that is not reordered with its beams, or whose positions are lost."""
    for seed in SEEDS:
        model, batch = random_gpt(seed), prompts(seed, left=True)
        cached = beam_search(model, batch, beam=4, max_length=10, n_best=4)
        anew = beam_search(WithoutCache(model), batch, beam=4, max_length=10, n_best=4)
        for row, expected in zip(cached, anew, strict=True):
            assert [h.tokens for h in row] == [h.tokens for h in expected], seed
            assert [h.score for h in row] == pytest.approx([h.score for h in expected], abs=1e-5)


@pytest.mark.parametrize("length", [3, 32])
@torch.no_grad()
def test_two_continuations_of_one_state_do_not_disturb_each_other(length: int) -> None:
    """Both are written behind the same keys: the second must not overwrite the first."""
    model = random_gpt()
    tokens = torch.randint(4, V, (2, length), generator=torch.Generator().manual_seed(2))
    state = model.start(tokens)
    _, state = model.step(state.token, state)
    branches = [model.step(torch.full((2,), word), state)[1] for word in (5, 6, 7)]
    for word, branch in zip((5, 6, 7), branches, strict=True):
        logits, _ = model.step(torch.full((2,), 9), branch)
        whole = torch.cat([tokens, torch.tensor([[word, 9]] * 2)], dim=1)
        torch.testing.assert_close(logits, model(whole)[:, -1], atol=1e-10, rtol=1e-10)


@torch.no_grad()
def test_traced_weights_are_a_distribution_over_real_tokens() -> None:
    """The trace changes no logits; its weights sum to 1 and are exactly 0 on padding."""
    model, batch = random_gpt(), prompts(3, left=True)
    plain, traced = model.start(batch), model.start(batch, trace=True)
    logits, _ = model.step(plain.token, plain)
    same, state = model.step(traced.token, traced)
    torch.testing.assert_close(same, logits, atol=1e-10, rtol=1e-10)
    assert state.trace is not None
    weights = state.trace["weights"]
    assert weights.shape == (4, 2, 2, 6)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(4, 2, 2, dtype=torch.float64))
    assert state.real is not None
    assert weights.movedim(-1, 1)[~state.real].eq(0).all()
    chosen = state.select(torch.tensor([2, 0]))
    assert chosen.trace is not None
    assert torch.equal(chosen.trace["weights"], weights[[2, 0]])


@torch.no_grad()
def test_eval_drops_nothing_and_train_does() -> None:
    """Museum 9."""
    tokens = prompts(0, left=False)
    model = random_gpt(config=replace(SMALL, dropout=0.5))
    assert torch.equal(model(tokens), random_gpt()(tokens))
    assert not torch.equal(model.train()(tokens), model.eval()(tokens))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@torch.no_grad()
def test_half_precision_is_finite_with_padding(dtype: torch.dtype) -> None:
    """Museum 36: a mask of -1e9 overflows in half precision, and a row of nothing but padding gives NaN."""
    batch = prompts(1, left=True)
    model = random_gpt().to(dtype)
    assert model(batch).isfinite().all()
    state = model.start(batch, trace=True)
    assert model.step(state.token, state)[0].isfinite().all()


def test_gradients_are_finite_with_padding_on_the_left() -> None:
    """Queries on padding may look at nothing: zeros, not NaN, also backwards."""
    batch = prompts(1, left=True)
    model = random_gpt()
    model(batch)[batch != PAD].sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters() if parameter.grad is not None)


def test_what_does_not_fit_is_refused() -> None:
    """Each with what would be right."""
    model = GPT(GPTConfig(V, context=4, width=8))
    with pytest.raises(ValueError, match="5 tokens exceed the context of 4"):
        model(torch.full((1, 5), 4))
    with pytest.raises(ValueError, match="a prompt of 5 tokens exceeds the context of 4"):
        model.start(torch.full((1, 5), 4))
    with pytest.raises(ValueError, match="has filled the context of 4"):
        greedy(model, torch.full((1, 4), 4), 3)
    with pytest.raises(ValueError, match="a text is empty"):
        model.start(torch.tensor([[4, 5], [0, 0]]))
    with pytest.raises(ValueError, match="width 9 does not split into 2 heads"):
        GPT(GPTConfig(V, width=9))
    with pytest.raises(ValueError, match="width 8 does not split into 0 heads"):
        GPT(GPTConfig(V, width=8, heads=0))


def test_no_gradient_flows_through_the_cache() -> None:
    """Keys are written in place, so a step offers none: asking for one fails loudly instead of giving a part."""
    model = random_gpt()
    state = model.start(torch.full((1, 3), 4))
    assert not model.step(state.token, state)[0].requires_grad
