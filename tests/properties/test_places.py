"""Where a word stands: rotary scores know the distance alone, the others do not."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from utils.models.grouped_query import SmallConfig, SmallDecoder
from utils.models.places import LearnedPlaces, Places, RotaryPlaces, SinusoidPlaces, rotate

SEEDS = st.integers(0, 2**16)


def pair(seed: int, width: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    query, key = torch.randn(2, 1, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return query, key


def score(query: torch.Tensor, key: torch.Tensor, m: int, n: int) -> float:
    return float((rotate(query, torch.tensor([m])) * rotate(key, torch.tensor([n]))).sum())


@given(SEEDS, st.integers(0, 300), st.integers(0, 300), st.integers(0, 500))
def test_scores_depend_on_the_distance_alone(seed: int, m: int, n: int, shift: int) -> None:
    query, key = pair(seed)
    assert score(query, key, m, n) == pytest.approx(score(query, key, m + shift, n + shift), abs=1e-9)


def test_and_they_do_depend_on_it() -> None:
    query, key = pair(0)
    assert abs(score(query, key, 5, 0) - score(query, key, 0, 0)) > 1e-2
    assert abs(score(query, key, 5, 0) - score(query, key, 0, 5)) > 1e-2, "before is not behind"


@given(SEEDS, st.integers(0, 1000))
def test_a_turn_changes_no_length_and_place_0_turns_nothing(seed: int, m: int) -> None:
    query, _ = pair(seed)
    assert float(rotate(query, torch.tensor([m])).norm()) == pytest.approx(float(query.norm()))
    assert torch.equal(rotate(query, torch.tensor([0])), query)


def test_the_turns_are_those_of_the_paper() -> None:
    """Equation 15 with d = 4: pairs turn by m and by m / 100."""
    x, m = torch.tensor([[1.0, 0.0, 0.0, 2.0]], dtype=torch.float64), 3
    slow = m / 10_000**0.5
    expected = [math.cos(m), math.sin(m), -2 * math.sin(slow), 2 * math.cos(slow)]
    assert rotate(x, torch.tensor([m]))[0].tolist() == pytest.approx(expected)


def test_an_odd_head_is_refused() -> None:
    with pytest.raises(ValueError, match="width 3 has no whole pairs"):
        rotate(torch.ones(1, 3), torch.tensor([0]))


def test_learned_places_end() -> None:
    places = LearnedPlaces(4, 6)
    assert places.add(torch.zeros(1, 4, 6)).shape == (1, 4, 6)
    with pytest.raises(ValueError, match="5 words, but there are vectors for 4 places"):
        places.add(torch.zeros(1, 5, 6))


def decoder(places: Places) -> SmallDecoder:
    torch.manual_seed(0)
    return SmallDecoder(SmallConfig(20, 16, 1, 2, 2, 24), places).double().eval()


@pytest.mark.parametrize(("places", "order"), [(Places(), False), (RotaryPlaces(), True), (SinusoidPlaces(), True)])
@torch.no_grad()
def test_without_places_one_layer_cannot_tell_what_stood_where(places: Places, order: bool) -> None:
    """The last word sees the words before it as a bag, unless it is told where they stand."""
    tokens = torch.tensor([[3, 4, 5, 6]])
    model = decoder(places)
    swapped = (model(tokens) - model(tokens[:, [1, 0, 2, 3]]))[0, -1].abs().max()
    assert bool(swapped > 1e-6) is order


@torch.no_grad()
def test_a_rotary_layer_says_the_same_wherever_the_text_stands() -> None:
    """All of one layer's scores, at places 0.. and at 50..; with sinusoids they differ."""
    x = torch.randn(1, 2, 5, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    here, there = (rotate(x, first + torch.arange(5)) for first in (0, 50))
    assert torch.allclose(here @ here.mT, there @ there.mT, atol=1e-10)
