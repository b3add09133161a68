"""The card of a record names the run's command, machine and time, and shows its numbers, escaped."""

from dataclasses import replace

from utils.records import Record
from utils.teaching import show_record

RECORD = Record(
    name="multi30k/x",
    command="python -m utils.experiments multi30k/x --preset cpu",
    preset="cpu",
    date="2026-11-22T10:00:00+00:00",
    commit="0123456789ab",
    seconds=5400.0,
    machine={"name": "Some <fast> processor", "device": "cpu", "threads": 1},
    versions={"torch": "2.13.0"},
    seeds=[0, 1],
    config={},
    sizes={"pairs": 29000},
    metrics={"BLEU": {"score": 21.44, "low": 20.4, "high": 22.5}, "beam": {"size": 5, "alpha": 1.0}, "exact": 0.25},
    notes=["batches were `cut`"],
)


def test_provenance_and_metrics_are_shown(shown) -> None:  # type: ignore[no-untyped-def]
    html = shown(show_record, RECORD).html
    for text in (RECORD.command, "2026-11-22", RECORD.commit, "90 min", "0, 1", "torch 2.13.0", "pairs: 29,000"):
        assert text in html
    assert "21.4 (20.4 to 22.5)" in html
    assert "size 5, alpha 1" in html
    assert "0.25" in html
    assert "batches were <code>cut</code>" in html


def test_a_mapping_inside_a_mapping_is_no_python(shown) -> None:  # type: ignore[no-untyped-def]
    nested = replace(RECORD, metrics={"against": {"multi30k/y": {"ours": 40.09, "p": 0.001}}})
    assert "<td>multi30k/y: ours 40.1, p 0.001</td>" in shown(show_record, nested).html


def test_texts_of_a_record_are_escaped(shown) -> None:  # type: ignore[no-untyped-def]
    html = shown(show_record, replace(RECORD, name="<script>x")).html
    assert "<script>x" not in html
    assert "Some &lt;fast&gt; processor" in html
