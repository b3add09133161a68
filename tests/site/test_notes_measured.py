"""Every line of the notes is measured, or it is said why not; and the ledger shows it, with links to the cells."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from built_site import ROOT

from utils.teaching.ledger import ledger

sys.path.insert(0, str(ROOT / "book/tools"))

import evidence

CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
LINES = evidence.lines()


def quoted() -> list[str]:
    """The lines of the notes as the page "From the notes" has them, quotation marks off."""
    page = (ROOT / "book/from_the_notes.md").read_text(encoding="utf-8").partition("## The five pictures")[0]
    rows = re.findall(r"^\| (?!the notes|---)(.+?) \| .+ \|$", page, re.MULTILINE)
    return [match[1] if (match := re.match(r'"(.+?)"', row)) else row for row in rows]


def test_every_line_of_the_notes_has_its_entry() -> None:
    assert [line["says"] for line in LINES] == quoted()
    assert len(LINES) >= 40


def test_a_line_names_claims_or_a_reason() -> None:
    assert [line["says"] for line in LINES if ("claims" in line) == ("nothing" in line)] == []
    assert sum("claims" in line for line in LINES) >= 25


def test_every_claim_that_is_named_is_measured() -> None:
    there = {entry.claim["id"] for entry in ledger(CHAPTERS)}
    assert [name for line in LINES for name in line.get("claims", ()) if name not in there] == []


def test_every_claim_that_quotes_the_notes_is_named() -> None:
    named = {name for line in LINES for name in line.get("claims", ())}
    silent = {entry.claim["id"] for entry in ledger(CHAPTERS) if entry.claim["notes"]} - named
    assert silent <= {"gpt-beats-n-grams"}


@pytest.mark.site
def test_the_ledger_links_each_verdict_to_its_cell(site: Path) -> None:
    page = BeautifulSoup((site / "book/ledger.html").read_text(encoding="utf-8"), "html.parser")
    rows = page.select_one("table").select("tbody tr")
    assert len(rows) == sum("claims" in line for line in LINES)
    for row in rows:
        links = row.select("td")[1].find_all("a")
        outcomes = re.findall(r"holds|does not hold", row.select("td")[1].get_text())
        assert len(outcomes) >= len(links)
        for link in links:
            file, _, anchor = link["href"].partition("#")
            cell = (site / "book" / file).resolve().read_text(encoding="utf-8")
            assert f'id="{anchor}"' in cell, link["href"]
