"""One block, two masks: the mask alone decides what a word may know."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from utils.decoding import greedy
from utils.models.one_block import OneBlock
from utils.models.transformer import TransformerConfig

CONFIG = TransformerConfig(20, 20, width=16, heads=2, layers=2, feed_forward=24)


def twins() -> tuple[OneBlock, OneBlock]:
    """The same weights under both masks."""
    torch.manual_seed(0)
    both = OneBlock(CONFIG, causal=False).eval()
    before = OneBlock(CONFIG, causal=True).eval()
    before.load_state_dict(both.state_dict())
    return before, both


@given(st.integers(0, 7), st.integers(0, 2**16))
@torch.no_grad()
def test_a_changed_word_reaches_only_those_who_may_look_at_it(place: int, seed: int) -> None:
    tokens = torch.randint(4, 20, (1, 8), generator=torch.Generator().manual_seed(seed))
    other = tokens.clone()
    other[0, place] = 4 + (int(other[0, place]) - 3) % 16
    before, both = twins()
    changed = [(model(tokens) - model(other)).abs().amax(dim=-1)[0] > 1e-6 for model in (before, both)]
    assert changed[0].tolist() == [t >= place for t in range(8)]
    assert bool(changed[1].all())


@torch.no_grad()
def test_the_last_word_sees_the_same_under_both_masks_in_the_first_layer() -> None:
    tokens = torch.randint(4, 20, (3, 6), generator=torch.Generator().manual_seed(1))
    before, both = (model.by_layer(tokens) for model in twins())
    assert torch.allclose(before[1][:, -1], both[1][:, -1], atol=1e-6)
    assert not torch.allclose(before[1][:, 0], both[1][:, 0], atol=1e-3)


@pytest.mark.parametrize("causal", [True, False])
@torch.no_grad()
def test_padding_changes_nothing_and_layers_end_in_the_states(causal: bool) -> None:
    model = twins()[0 if causal else 1]
    tokens = torch.randint(4, 20, (2, 6), generator=torch.Generator().manual_seed(2))
    tokens[1, 4:] = 0
    assert torch.allclose(model(tokens)[1, :4], model(tokens[1:, :4])[0], atol=1e-5)
    assert torch.allclose(model.by_layer(tokens)[-1], model.states(tokens), atol=1e-6)
    assert len(model.by_layer(tokens)) == 3


@torch.no_grad()
def test_it_writes_what_its_own_logits_say() -> None:
    for model in twins():
        text = torch.randint(4, 20, (2, 3), generator=torch.Generator().manual_seed(3))
        written = greedy(model, text, 4)
        for t in range(written.shape[1]):
            if bool((written[:, :t] == 3).any()):
                break
            logits = model(torch.cat([text, written[:, :t]], dim=1))[:, -1]
            logits[:, 0] = -torch.inf
            assert torch.equal(written[:, t], logits.argmax(dim=-1))


def test_prompts_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="prompts of one length"):
        twins()[0].start(torch.tensor([[5, 6, 0], [5, 6, 7]]))
