"""The glossary: terms lead to where the chapters explain them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from built_site import ROOT

sys.path.insert(0, str(ROOT / "book/tools"))

import glossary_links

TEXTS = glossary_links.sections()


@pytest.mark.parametrize(
    ("term", "chapter"),
    [
        ("softmax", "01"),
        ("LSTM", "01"),
        ("synchronous", "02"),
        ("beam search", "03"),
        ("alignment error rate (AER)", "04"),
        ("self-attention", "05"),
        ("gradual unfreezing", "06"),
        ("pretraining", "06"),
        ("byte-pair encoding", "07"),
        ("scaling law", "07"),
    ],
)
def test_a_term_is_found_where_it_is_explained(term: str, chapter: str) -> None:
    place = glossary_links.first(term, TEXTS)
    assert place is not None
    assert place.stem[:2] == chapter


def test_a_stressed_word_comes_before_one_in_passing_and_code_does_not_count() -> None:
    one, two, three = (glossary_links.Place(f"0{k}_x", "A") for k in (1, 2, 3))
    texts = [(one, glossary_links.CODE.sub(" ", "`gates` here")), (two, "the gates of it"), (three, "a *gate* opens")]
    assert glossary_links.first("gate", texts) == three
    assert glossary_links.first("gate", texts[:2]) == two
    assert glossary_links.first("gate", texts[:1]) is None
    assert glossary_links.first("ga", texts) is None


def test_a_word_with_an_earlier_other_sense_waits_for_its_chapter() -> None:
    place = glossary_links.first("masked language model", TEXTS)
    assert place is not None
    assert place.stem[:2] == "07"


@pytest.mark.site
def test_most_terms_are_linked_to_a_place_that_exists(site: Path) -> None:
    page = BeautifulSoup((site / "book/glossary.html").read_text(encoding="utf-8"), "html.parser")
    links = [link["href"] for link in page.select(".course-first a")]
    written = len(list((ROOT / "chapters").glob("*.ipynb")))
    assert len(links) >= (0.7 if written < 8 else 0.8) * len(page.select("dl.glossary dt"))
    for link in links:
        file, _, anchor = link.partition("#")
        assert f'id="{anchor}"' in (site / "book" / file).resolve().read_text(encoding="utf-8"), link
