"""The plays in the package are the part that chapter 01's model learned from, character by character."""

import pytest

from utils.data import sources
from utils.data.shakespeare import learned
from utils.experiments.real_text import shakespeare


def test_it_is_as_long_as_the_record_says_and_has_no_strange_character():
    text = learned()
    assert len(text) == 1_003_854
    assert text.startswith("First Citizen:\n")
    assert set(text) < {chr(code) for code in range(32, 127)} | {"\n"}


def test_it_is_the_learned_part_of_the_data_set():
    try:
        (whole,) = shakespeare()[0]
    except sources.DataUnavailable:
        pytest.skip("tinyshakespeare is not here")
    assert learned() == whole
