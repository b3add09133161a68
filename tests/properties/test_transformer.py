"""The Transformer by closed forms: positions, norms, its cache, the order of words, and what a trace keeps."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from utils.models.transformer import Encoder, Transformer, TransformerConfig, sinusoids

SOURCE = torch.tensor([[5, 6, 7, 8, 9, 2], [9, 0, 0, 0, 0, 0], [5, 6, 7, 2, 0, 0]])
WORDS = torch.tensor([[2, 4, 5, 6, 7], [2, 8, 3, 1, 1], [2, 9, 9, 4, 3]])
VISIBLE = SOURCE != 0
pre_and_post = pytest.mark.parametrize("pre_norm", [False, True], ids=["post", "pre"])


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def small(pre_norm: bool, **sizes) -> TransformerConfig:
    sizes = {"source_vocabulary": 12, "target_vocabulary": 12, "width": 8, "heads": 2, "feed_forward": 12} | sizes
    return TransformerConfig(**sizes, pre_norm=pre_norm)


def random_model(pre_norm: bool, **sizes) -> Transformer:
    model = Transformer(small(pre_norm, **sizes))
    with torch.no_grad():
        for k, parameter in enumerate(model.parameters()):
            parameter.copy_(normal(*parameter.shape, seed=k) * 0.5)
    return model.eval()


def test_sinusoids_are_the_formula() -> None:
    table = sinusoids(torch.arange(3, 60, dtype=torch.float64), 6)
    for row, position in enumerate(range(3, 60)):
        for i in range(3):
            angle = position / 10000 ** (2 * i / 6)
            assert table[row, 2 * i : 2 * i + 2].tolist() == pytest.approx(
                [math.sin(angle), math.cos(angle)], abs=1e-12
            )


def test_moving_a_position_turns_its_sinusoids() -> None:
    """The product of two positions depends on their distance alone (section 3.5)."""
    table = sinusoids(torch.arange(50.0), 8)
    products = table @ table.T
    for distance in range(10):
        diagonal = products.diagonal(distance)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal))


@pre_and_post
def test_norms_stand_where_they_should(pre_norm: bool) -> None:
    """Layers that add nothing: pre-LN leaves the last norm alone, post-LN all norms one after the other."""
    config = small(pre_norm, width=16)
    encoder = Encoder(config)
    x = normal(3, 6, 16) * 3 + 1
    norms = [module for module in encoder.modules() if isinstance(module, torch.nn.LayerNorm)]
    with torch.no_grad():
        for layer in encoder.layers:
            for linear in (layer.attention.output, layer.feed_forward[2]):
                linear.weight.zero_()
                linear.bias.zero_()
        for k, norm in enumerate(norms):
            norm.weight.copy_(normal(16, seed=k))
            norm.bias.copy_(normal(16, seed=10 + k))
    inside = [
        norm for layer in encoder.layers for norm in (layer.around_attention.norm, layer.around_feed_forward.norm)
    ]
    assert len(norms) == 4 + pre_norm
    expected = x
    for norm in [encoder.norm] if pre_norm else inside:
        centred = expected - expected.mean(dim=-1, keepdim=True)
        variance = centred.square().mean(dim=-1, keepdim=True)  # biased, epsilon under the root
        expected = centred / torch.sqrt(variance + 1e-5) * norm.weight + norm.bias
    torch.testing.assert_close(encoder.read(x, VISIBLE[:, None, None]), expected, atol=1e-5, rtol=1e-5)


@pre_and_post
@pytest.mark.parametrize("traced", [False, True])
@torch.no_grad()
def test_cached_steps_are_teacher_forcing(pre_norm: bool, traced: bool) -> None:
    """Dies if one query behind a cache is masked as the first, if the position is lost, or if words are not shifted."""
    model = random_model(pre_norm)
    state, steps = model.start(SOURCE, trace=traced), []
    for token in WORDS.T:
        logits, state = model.step(token, state)
        steps.append(logits)
    torch.testing.assert_close(torch.stack(steps, dim=1), model(SOURCE, WORDS), atol=1e-5, rtol=1e-5)


@pre_and_post
@torch.no_grad()
def test_a_cache_can_be_extended_by_several_words(pre_norm: bool) -> None:
    model = random_model(pre_norm)
    logits, state = model.decoder(WORDS[:, :2], model.start(SOURCE))
    more, _ = model.decoder(WORDS[:, 2:], state)
    torch.testing.assert_close(torch.cat([logits, more], dim=1), model(SOURCE, WORDS), atol=1e-5, rtol=1e-5)


@pre_and_post
@torch.no_grad()
def test_selected_rows_go_on_as_they_would_have(pre_norm: bool) -> None:
    """Dies if the cache is not reordered with its beams."""
    model, index = random_model(pre_norm), torch.tensor([2, 0, 0, 1])
    state = model.start(SOURCE, trace=True)
    for token in WORDS[:, :3].T:
        _, state = model.step(token, state)
    chosen, chosen_after = model.step(WORDS[index, 3], state.select(index))
    torch.testing.assert_close(chosen, model(SOURCE[index], WORDS[index, :4])[:, 3], atol=1e-5, rtol=1e-5)
    logits, after = model.step(WORDS[:, 3], state)
    torch.testing.assert_close(chosen, logits[index], atol=1e-6, rtol=1e-5)
    for name, weights in after.trace.items():
        torch.testing.assert_close(chosen_after.trace[name], weights[index], atol=1e-6, rtol=1e-5)


@torch.no_grad()
def test_two_continuations_of_one_state_do_not_disturb_each_other() -> None:
    model = random_model(True)
    _, state = model.step(WORDS[:, 0], model.start(SOURCE))
    _, one = model.step(WORDS[:, 1], state)
    _, other = model.step(WORDS[:, 2], state)
    for second, after in ((1, one), (2, other)):
        logits, _ = model.step(WORDS[:, 3], after)
        whole = model(SOURCE, WORDS[:, [0, second, 3]])[:, -1]
        torch.testing.assert_close(logits, whole, atol=1e-5, rtol=1e-5)


@pre_and_post
@torch.no_grad()
def test_without_positions_order_is_nothing(pre_norm: bool) -> None:
    encoder = random_model(pre_norm).encoder
    everything = torch.ones(1, 1, 1, 6, dtype=torch.bool)
    order = torch.tensor([3, 1, 5, 0, 2, 4])
    x = encoder.embedding.words(SOURCE[:1])
    permuted = encoder.read(x[:, order], everything)
    torch.testing.assert_close(permuted, encoder.read(x, everything)[:, order], atol=1e-5, rtol=1e-5)
    with_positions = encoder(SOURCE[:1, order], everything) - encoder(SOURCE[:1], everything)[:, order]
    assert with_positions.abs().max() > 0.01


@torch.no_grad()
def test_the_trace_keeps_all_heads_of_all_layers() -> None:
    model = random_model(True)
    state = model.start(SOURCE, trace=True)
    for step, token in enumerate(WORDS.T):
        _, state = model.step(token, state)
        shapes = {name: tuple(weights.shape) for name, weights in state.trace.items()}
        assert shapes == {"encoder": (3, 2, 2, 6, 6), "self": (3, 2, 2, step + 1), "cross": (3, 2, 2, 6)}
        for weights in state.trace.values():
            torch.testing.assert_close(weights.sum(dim=-1), torch.ones(weights.shape[:-1]))
        assert state.trace["cross"][1, ..., 1:].abs().max() == 0
        assert state.trace["encoder"][1, ..., 1:].abs().max() == 0
    assert model.step(WORDS[:, 0], model.start(SOURCE))[1].trace is None


@pre_and_post
def test_dropout_is_off_in_eval(pre_norm: bool) -> None:
    plain = random_model(pre_norm)(SOURCE, WORDS)
    assert torch.equal(random_model(pre_norm, dropout=0.5)(SOURCE, WORDS), plain)
    assert not torch.equal(random_model(pre_norm, dropout=0.5).train()(SOURCE, WORDS), plain)


@pre_and_post
@torch.no_grad()
def test_first_loss_is_that_of_guessing(pre_norm: bool) -> None:
    """Dies if the tied embedding begins too large: with pre-LN the first logits would repeat the word just read."""
    torch.manual_seed(0)
    for width in (32, 256):
        model = Transformer(small(pre_norm, source_vocabulary=300, target_vocabulary=300, width=width))
        words = torch.randint(1, 300, (16, 9))
        logits = model(words, words[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), words[:, 1:].flatten())
        assert loss.item() == pytest.approx(math.log(300), abs=0.1)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@torch.no_grad()
def test_half_precision_is_finite(dtype: torch.dtype) -> None:
    model = random_model(True).to(dtype)
    logits = model(SOURCE, WORDS)
    assert logits.dtype == dtype
    assert logits.isfinite().all()
    state = model.start(SOURCE, trace=True)
    assert model.step(WORDS[:, 0], state)[0].isfinite().all()


def test_one_vocabulary_can_share_its_embedding() -> None:
    shared, apart = random_model(True, shared=True), random_model(True)
    count = lambda model: sum(p.numel() for p in model.parameters())  # noqa: E731
    assert count(apart) - count(shared) == 12 * 8
    assert shared.encoder.embedding is shared.decoder.embedding


def test_wrong_sizes_are_refused_with_what_would_be_right() -> None:
    with pytest.raises(ValueError, match="12 and 9 words cannot share"):
        Transformer(small(True, shared=True, target_vocabulary=9))
    with pytest.raises(ValueError, match="width 9 must be even"):
        Transformer(small(True, width=9, heads=3))
    with pytest.raises(ValueError, match="multiple of heads 3"):
        Transformer(small(True, heads=3))
    with pytest.raises(ValueError, match="empty"):
        random_model(True).start(torch.tensor([[4, 5], [0, 0]]))
