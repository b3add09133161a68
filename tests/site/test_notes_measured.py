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


def written() -> list[str]:
    """The lines of the author's notes, without the signs of Markdown; a picture is a line too."""
    text = (ROOT / "book/notes.txt").read_text(encoding="utf-8").replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    lines = [re.sub(r"!\[.*\]\((.+)\.png\)", r"picture *\1*", line).strip() for line in text.splitlines()]
    plain = [re.sub(r"^- |\*\*|\*(?=\()|(?<=\))\*", "", line) for line in lines]
    return [" ".join(line.split()) for line in plain if line]


def test_every_line_of_the_notes_has_its_entry_in_their_order() -> None:
    """A line may stand in an entry with its neighbours: "Disadvantage:" before each of its three."""
    said, place = [line["says"] for line in LINES], 0
    for line in written():
        if line.startswith("picture") and line not in said:
            name = line.split("*")[1]
            place = next(i for i, entry in enumerate(LINES) if entry.get("picture") == name)
            continue
        place = next((i for i in range(place, len(said)) if line in said[i]), -1)
        assert place >= 0, line
    assert len(LINES) >= 40


def test_no_entry_says_what_the_notes_do_not() -> None:
    whole = " ".join(written())
    for line in LINES:
        assert " ".join(line["says"].removeprefix("Disadvantage: ").split()) in whole, line["says"]


def test_a_line_names_claims_or_what_is_told_and_where() -> None:
    assert [line["says"] for line in LINES if ("claims" in line) == ("told" in line)] == []
    assert [line["says"] for line in LINES if "told" in line and not line.get("at")] == []
    assert sum("claims" in line for line in LINES) >= 25


def test_every_claim_that_is_named_is_measured() -> None:
    there = {entry.claim["id"] for entry in ledger(CHAPTERS)}
    assert [name for line in LINES for name in line.get("claims", ()) if name not in there] == []


def test_every_claim_that_quotes_the_notes_is_named() -> None:
    named = {name for line in LINES for name in line.get("claims", ())}
    assert {entry.claim["id"] for entry in ledger(CHAPTERS) if entry.claim["notes"]} <= named


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


@pytest.mark.site
def test_every_line_leads_to_its_sections_and_claims(site: Path) -> None:
    page = BeautifulSoup((site / "book/from_the_notes.html").read_text(encoding="utf-8"), "html.parser")
    rows = page.select("article table tbody tr")
    assert len(rows) == len(LINES)
    for line, row in zip(LINES, rows, strict=True):
        _, places, claims = row.select("td")
        links = [a["href"] for a in places.find_all("a") if a["href"].startswith("../chapters")]
        assert len(links) == len(evidence.sections(line)), line["says"]
        assert [a.get_text() for a in claims.find_all("a")] == line.get("claims", [])
        for link in [*links, *(a["href"] for a in claims.find_all("a"))]:
            file, _, anchor = link.partition("#")
            assert f'id="{anchor}"' in (site / "book" / file).resolve().read_text(encoding="utf-8"), link
