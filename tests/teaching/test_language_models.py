"""The table of published language models: complete, in order, every figure with its source."""

from datetime import datetime

import pytest
from bs4 import BeautifulSoup

from utils.teaching import show_language_models
from utils.teaching.language_models import PUBLISHED, amount


def test_the_table_shows_every_model_with_its_source(shown):
    soup = BeautifulSoup(shown(show_language_models).html, "html.parser")
    rows = soup.select("tbody tr")
    assert [row.td.get_text() for row in rows] == [one.name for one in PUBLISHED]
    for row, one in zip(rows, PUBLISHED, strict=True):
        assert row.a["href"] == one.url
        assert row.a.get_text() == one.place
        assert amount(one.parameters) in row.get_text()


def test_models_stand_in_the_order_of_time():
    dates = [datetime.strptime(one.when, "%B %Y") for one in PUBLISHED]
    assert dates == sorted(dates)


def test_the_rule_of_chinchilla_comes_out_of_the_table():
    """Hoffmann et al. 2022: about 20 tokens a parameter; GPT-3 had fewer than 2."""
    ratio = {one.name: one.read / one.parameters for one in PUBLISHED if one.read and one.parameters}
    assert ratio["Chinchilla"] == pytest.approx(20)
    assert 1 < ratio["GPT-3"] < 2 < ratio["LLaMA"]


@pytest.mark.parametrize(
    ("value", "said"),
    [(117e6, "117 million"), (1.542e9, "1.542 billion"), (15.6e12, "15.6 trillion"), (None, "not given")],
)
def test_amounts_are_said_as_one_says_them(value, said):
    assert amount(value) == said
