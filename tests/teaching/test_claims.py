"""Claims and the ledger that is made of them."""

import json

import nbformat
import numpy
import pytest
import torch
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from utils.teaching import claim
from utils.teaching.claims import MIME, plain
from utils.teaching.ledger import ledger, render_ledger

LONG = {"exact match up to 6 words": 0.97, "exact match from 28 words": 0.02}


def test_the_printed_line_is_stable(shown):
    seen = shown(claim, "fixed-context", "One vector forgets", holds=True, evidence=LONG)
    assert seen.text == "HOLDS  fixed-context: One vector forgets\n"
    seen = shown(claim, "fixed-context", "One vector forgets", holds=False, evidence={"a": 1})
    assert seen.text == "DOES NOT HOLD  fixed-context: One vector forgets\n"
    assert seen.bundles[0]["text/plain"] == "evidence of fixed-context"


def test_one_seed_that_fails_fails_the_claim(shown):
    seen = shown(claim, "a-b", "It helps", holds=[True, False, numpy.bool_(True)], evidence=LONG, kind="recorded")
    assert seen.text == "DOES NOT HOLD  a-b: It helps (on 2 of 3 seeds)\n"
    assert seen.bundles[0][MIME]["holds"] is False


def test_evidence_is_shown_and_kept_as_data(shown):
    rows = {"LSTM": {"4 words": torch.tensor(0.5), "40 words": 0.0123}, "GRU": {"4 words": numpy.float32(0.25)}}
    seen = shown(claim, "a", "It is <b>so</b>", holds=torch.tensor(True), evidence=rows, notes="memory loss")
    assert seen.bundles[0][MIME]["evidence"] == {"LSTM": {"4 words": 0.5, "40 words": 0.0123}, "GRU": {"4 words": 0.25}}
    assert json.loads(json.dumps(seen.bundles[0][MIME])) == seen.bundles[0][MIME]
    assert "<b>so</b>" not in seen.html
    for text in ("0.0123", "40 words", "memory loss", 'id="claim-a"'):
        assert text in seen.html


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "Fixed Context"}, "joined by hyphens"),
        ({"statement": "two\nlines"}, "one sentence"),
        ({"holds": 0.9}, "True, False"),
        ({"holds": []}, "True, False"),
        ({"evidence": {}}, "at least one measured value"),
        ({"kind": "guessed"}, "must be one of"),
    ],
)
def test_a_claim_that_cannot_be_one_is_refused(change, message):
    arguments = {"name": "a", "statement": "It is so", "holds": True, "evidence": {"x": 1}} | change
    with pytest.raises(ValueError, match=message):
        claim(arguments.pop("name"), arguments.pop("statement"), **arguments)


def test_what_json_lacks_becomes_text():
    assert plain({"a": float("nan"), "b": (1, None, float("inf"))}) == {"a": "nan", "b": [1, None, "inf"]}


def notebook(path, *bundles, title="# Chapter 3"):
    cells = [
        new_markdown_cell(title),
        new_markdown_cell("## A part\n\ntext\n\n### Its section"),
        new_markdown_cell("text"),
    ]
    cells += [new_code_cell("claim(...)", outputs=[new_output("display_data", data=bundle)]) for bundle in bundles]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_the_ledger_reads_the_notebooks(tmp_path, shown):
    live = shown(claim, "a", "It is so", holds=True, evidence=LONG, notes="word by word").bundles[0]
    sweep = shown(claim, "a", "It is so", holds=[False], evidence=LONG, kind="recorded", record="lab/03").bundles[0]
    notebook(tmp_path / "03_x.ipynb", live, sweep)
    entries = ledger([tmp_path / "03_x.ipynb"])
    assert [(e.claim["kind"], e.claim["holds"]) for e in entries] == [("live", True), ("recorded", False)]
    assert {entry.section for entry in entries} == {"Its section"}
    assert entries[1].link == "../chapters/03_x.html#claim-a-recorded"
    assert 'id="claim-a-recorded"' in sweep["text/html"]
    text = render_ledger(entries)
    assert text.count("word by word") == 1
    assert "## Chapter 3" in text


def test_one_name_in_two_chapters_is_refused(tmp_path, shown):
    bundle = shown(claim, "a", "It is so", holds=True, evidence=LONG).bundles[0]
    files = [notebook(tmp_path / name, bundle) for name in ("03_x.ipynb", "04_y.ipynb")]
    with pytest.raises(ValueError, match=r"stands in 03_x\.ipynb and 04_y\.ipynb"):
        ledger(files)


def test_another_schema_is_refused(tmp_path, shown):
    bundle = shown(claim, "a", "It is so", holds=True, evidence=LONG).bundles[0]
    bundle[MIME] = bundle[MIME] | {"schema": "course.claim/9"}
    with pytest.raises(ValueError, match="reads 'course"):
        ledger([notebook(tmp_path / "03_x.ipynb", bundle)])
