"""All verdicts in one picture: the file of the package says what the executed chapters say."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from utils.teaching import verdicts
from utils.teaching.verdicts import Verdict, all_verdicts, gather, main, verdict_picture, write

CHAPTERS = Path(__file__).resolve().parents[2] / "chapters"
SOME = [
    Verdict("03", "3. Sequence to sequence: one vector", "fixed-context", "It forgets <long> sentences", True, "live"),
    Verdict("03", "3. Sequence to sequence: one vector", "reversing-helps", "Reversing helps", False, "recorded"),
    Verdict("04", "4. Attention", "attention-long", "It stays up", True, "live"),
]


def test_the_file_is_that_of_the_executed_chapters():
    assert all_verdicts() == gather(CHAPTERS), "run: python -m utils.teaching.verdicts chapters"


def test_the_chapter_that_shows_them_is_left_out():
    assert {verdict.chapter for verdict in all_verdicts()} == {
        file.name[:2] for file in CHAPTERS.glob("*.ipynb") if not file.name.startswith("09")
    }


def test_a_mark_for_each_claim_and_a_sentence_behind_it(shown):
    soup = BeautifulSoup(shown(verdict_picture, SOME).html, "html.parser")
    assert [len(row.select("svg > *")) for row in soup.select("details")] == [2, 1]
    assert [len(row.select(".vp-no")) for row in soup.select("details")] == [1, 0]
    assert "3 verdicts: 2 hold, 1 do not" in soup.get_text()
    first = soup.select_one("details")
    assert [one.get_text(" ", strip=True) for one in first.select("li")] == [
        "It forgets <long> sentences (live) holds",
        "Reversing helps (recorded) does not hold",
    ]
    assert first.select_one("svg")["aria-label"] == "Chapter 3: 1 of 2 verdicts hold"


def test_nothing_to_draw_is_an_error():
    with pytest.raises(ValueError, match="no verdict"):
        verdict_picture([])


def test_the_command_writes_and_complains(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(verdicts, "FILE", tmp_path / "verdicts.json")
    monkeypatch.setattr(verdicts, "write", lambda found: write(found, tmp_path / "verdicts.json"))
    assert main([str(CHAPTERS)]) == 0
    assert all_verdicts() == gather(CHAPTERS)
    assert main([]) == 2
    (tmp_path / "03_x.ipynb").write_text(
        '{"cells": [{"cell_type": "code", "outputs": '
        '[{"data": {"application/vnd.course.claim+json": {"schema": "?"}}}]}]}'
    )
    assert main([str(tmp_path)]) == 1
    assert "schema '?'" in capsys.readouterr().err
