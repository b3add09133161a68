"""The two columns of the Declaration: thirty articles each, and a record that is the source's own text."""

from __future__ import annotations

import pytest

from utils import records
from utils.data import sources
from utils.experiments import declaration

here = pytest.mark.skipif(not sources.available("udhr2"), reason="udhr2 is not in the cache: set COURSE_DATA")


@here
@pytest.mark.parametrize("language", ["eng", "urd"])
def test_thirty_articles_none_of_them_empty_none_swallowing_another(language):
    found = declaration.articles(language)
    assert list(found) == list(range(1, 31))
    assert all(10 <= len(text.split()) <= 220 for text in found.values())


@here
def test_the_columns_belong_together():
    english, urdu = declaration.articles("eng"), declaration.articles("urd")
    assert english[1].startswith("All human beings are born free and equal")
    assert urdu[1].startswith("تمام انسان آزادی")
    assert english[9] == "No one shall be subjected to arbitrary arrest, detention or exile."
    assert urdu[30].endswith("۔")


@here
def test_the_record_is_the_sources_text():
    english, urdu = declaration.articles("eng"), declaration.articles("urd")
    record = records.read("declaration/english_urdu")
    for row in record.samples:
        assert (row["english"], row["urdu"]) == (english[row["article"]], urdu[row["article"]])
    words = record.curves["words"]
    assert [row["english"] for row in words] == [len(text.split()) for text in english.values()]
    assert record.sizes["Urdu words"] == sum(len(text.split()) for text in urdu.values())
    same = sum(row["english"] == row["urdu"] for row in words)
    assert record.metrics["articles with as many words in both"] == same


def test_an_unknown_language_is_named():
    with pytest.raises(ValueError, match="unknown language 'fra'"):
        declaration.articles("fra")
