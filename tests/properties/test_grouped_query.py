"""Grouped-query attention: with a group for each head it is multi-head attention; fewer groups keep less."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from utils.models.attention import MultiHeadAttention, causal_mask
from utils.models.grouped_query import GroupedQueryAttention, SmallConfig, SmallDecoder, cache_bytes, kept_bytes
from utils.models.places import Places, RotaryPlaces

X = torch.randn(2, 6, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def attention(groups: int) -> GroupedQueryAttention:
    torch.manual_seed(1)
    return GroupedQueryAttention(16, 4, groups).double()


@torch.no_grad()
def test_with_as_many_groups_as_heads_it_is_multi_head_attention() -> None:
    ours, known = attention(4), MultiHeadAttention(16, 4).double()
    for name in ("query", "key", "value", "output"):
        known.get_submodule(name).weight.copy_(ours.get_submodule(name).weight)
        known.get_submodule(name).bias.zero_()
    expected = known(X, known.look_at(X), causal_mask(6))
    assert torch.allclose(ours(X, Places()), expected, atol=1e-12)


@pytest.mark.parametrize("groups", [1, 2])
@torch.no_grad()
def test_shared_keys_are_the_same_as_copied_ones(groups: int) -> None:
    """Full attention whose heads hold copies of the group's weights; dies if heads take another group's."""
    ours, full = attention(groups), attention(4)
    for name in ("query", "key", "value", "output"):
        weight = ours.get_submodule(name).weight
        if name in ("key", "value"):
            weight = weight.unflatten(0, (groups, -1)).repeat_interleave(4 // groups, dim=0).flatten(0, 1)
        full.get_submodule(name).weight.copy_(weight)
    assert torch.allclose(ours(X, RotaryPlaces()), full(X, RotaryPlaces()), atol=1e-12)
    assert ours(X, Places()).std() > 0.01


@given(st.integers(0, 5), st.sampled_from([1, 2, 4]))
@torch.no_grad()
def test_no_word_sees_a_later_one(place: int, groups: int) -> None:
    model = SmallDecoder(SmallConfig(20, 16, 2, 4, groups, 24), RotaryPlaces()).double()
    tokens = torch.randint(1, 20, (1, 6))
    other = tokens.clone()
    other[0, place] = 1 + tokens[0, place] % 19
    moved = (model(tokens) - model(other)).abs().amax(dim=-1)[0] > 0
    assert moved.tolist() == [t >= place for t in range(6)]


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_the_formula_counts_what_is_really_kept(groups: int) -> None:
    config = SmallConfig(20, 16, 3, 4, groups, 24)
    model = SmallDecoder(config, RotaryPlaces())
    assert kept_bytes(model, torch.ones(1, 7, dtype=torch.long)) == cache_bytes(config, 7, size=4)
    assert cache_bytes(config, 7) * 4 == cache_bytes(SmallConfig(20, 16, 3, 4, 4, 24), 7) * groups


@pytest.mark.parametrize(("width", "heads", "groups"), [(16, 3, 3), (16, 4, 3), (16, 2, 4), (16, 0, 1), (16, 4, 0)])
def test_sizes_that_do_not_fit_are_named(width: int, heads: int, groups: int) -> None:
    with pytest.raises(ValueError, match=f"width {width} must be a multiple of heads {heads}"):
        GroupedQueryAttention(width, heads, groups)
