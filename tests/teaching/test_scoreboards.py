"""Scoreboards out of rows and out of the shipped records."""

import pytest
from bs4 import BeautifulSoup

from utils import records
from utils.teaching import scoreboard
from utils.teaching.scoreboards import FIELDS, recorded_rows

ROW = {
    "board": "translation",
    "system": "encoder-decoder",
    "chapter": "03",
    "metric": "BLEU, test_2016",
    "score": 20.31,
    "low": 19.4,
    "high": 21.2,
    "parameters": 5_300_000,
    "pretraining_data": "none",
    "seconds": 2280,
    "device": "1 CPU core",
}
LATER = ROW | {
    "system": "Transformer",
    "chapter": "05",
    "score": 33.7,
    "seconds": 9000,
    "parameters": 900,
    "record": "a/b",
}


def lines(html):
    return [
        [cell.get_text() for cell in row.find_all(["th", "td"])]
        for row in BeautifulSoup(html, "html.parser").find_all("tr")
    ]


def test_rows_stand_in_order_with_interval_and_cost(shown):
    head, first, second = lines(shown(scoreboard, "translation", [LATER, ROW, ROW | {"board": "sentiment"}]).html)
    assert head == ["chapter", "system", "BLEU, test_2016", "parameters", "pretraining data", "training", "on"]
    assert first == ["03", "encoder-decoder", "20.3 (19.4 to 21.2)", "5.3 M", "none", "38 min", "1 CPU core"]
    assert second[1:6] == ["Transformer", "33.7 (19.4 to 21.2)", "900", "none", "2.5 h"]
    assert "record a/b" in second[6]


def test_the_plain_text_stays_when_a_row_is_added(shown):
    one, two = (shown(scoreboard, "translation", rows) for rows in ([ROW], [ROW, LATER]))
    assert one.html != two.html
    assert one.bundles[-1]["text/plain"] == two.bundles[-1]["text/plain"] == "scoreboard: translation"


def test_metrics_that_differ_are_named_in_each_row(shown):
    rows = [ROW, {k: v for k, v in LATER.items() if k not in ("low", "high")} | {"metric": "chrF"}]
    html = shown(scoreboard, "translation", rows).html
    assert [line[2] for line in lines(html)] == ["score", "20.3 (19.4 to 21.2), BLEU, test_2016", "33.7, chrF"]


@pytest.mark.parametrize("field", FIELDS[1:])
def test_a_row_that_lacks_a_field_is_named(field):
    with pytest.raises(ValueError, match=f"lacks {field}"):
        scoreboard("translation", [{k: v for k, v in ROW.items() if k != field}])


def test_an_empty_board_says_so(shown):
    assert "No row of nothing is recorded yet" in shown(scoreboard, "nothing").html


def test_the_shipped_records_have_complete_rows(shown, tmp_path, monkeypatch):
    for board in {row["board"] for row in recorded_rows()}:
        scoreboard(board)
    values = {"command": "", "preset": "cpu", "date": "2026-01-01", "commit": "", "seconds": 1.0, "machine": {}}
    record = records.Record(name="a/b", versions={}, seeds=[0], config={}, scoreboard=[ROW], **values)
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    record.write(records.shipped("a/b"))
    assert "record a/b" in lines(shown(scoreboard, "translation").html)[1][6]
