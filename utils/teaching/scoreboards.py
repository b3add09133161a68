"""Scoreboards: one task, one test set, all eras; made of the rows that records carry.

A row, version 1, is a mapping with ``board`` (the task), ``system``, ``chapter``, ``metric`` (with its test set),
``score``, ``low`` and ``high`` (95 % interval, or absent), ``parameters``, ``pretraining_data``, ``seconds`` (of
training), ``device``, and optionally ``record``, the name of the record, which is filled in from where the row stood.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from utils.teaching import page

FIELDS = ("board", "system", "chapter", "metric", "score", "parameters", "pretraining_data", "seconds", "device")


def scoreboard(board: str, rows: Iterable[Mapping[str, Any]] | None = None) -> None:
    """Show the scoreboard of a task, such as ``"translation"``; ``rows`` replaces those of the shipped records."""
    found = collect(board, rows)
    if not found:
        page.show(page.card("board", f"<p>No row of {page.inline(board)} is recorded yet.</p>"), f"scoreboard: {board}")
        return
    # What is compared when a chapter runs again must not change with each row that a later chapter adds.
    page.show(scoreboard_html(board, found), f"scoreboard: {board}")


def collect(board: str, rows: Iterable[Mapping[str, Any]] | None = None) -> list[dict[str, Any]]:
    """The rows of a board in the order of chapters, then scores; ``ValueError`` for a row that lacks a field."""
    own = [dict(row) for row in (recorded_rows() if rows is None else rows) if row.get("board") == board]
    for row in own:
        if missing := [name for name in FIELDS if name not in row]:
            raise ValueError(f"the row {row.get('system')!r} of {board!r} lacks {', '.join(missing)}")
    return sorted(own, key=lambda row: (str(row["chapter"]), row["score"]))


def recorded_rows() -> Iterable[dict[str, Any]]:
    """The rows of all shipped records, each with the name of its record."""
    from utils import records

    for name in records.names():
        for row in records.read(name).scoreboard:
            yield {**row, "record": name}


def scoreboard_html(board: str, rows: list[dict[str, Any]]) -> str:
    """The table of a board; the score column carries the metric, and every row its own where they differ."""
    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    shared = len(metrics) == 1
    head = ["chapter", "system", metrics[0] if shared else "score", "parameters", "pretraining data", "training", "on"]
    cells = [
        [
            row["chapter"],
            row["system"],
            _score(row, shared),
            _millions(row["parameters"]),
            row["pretraining_data"],
            _time(row["seconds"]),
            _device(row),
        ]
        for row in rows
    ]
    title = f"Scoreboard: {board}"
    note = "In brackets the 95 % interval for test sets of this size. Every row is a recorded run."
    body = f'<p class="cc-title">{page.inline(title)}</p>{page.table(head, cells, title)}<p class="cc-muted">{note}</p>'
    return page.card("board", body, anchor=f"scoreboard-{board}")


def _score(row: Mapping[str, Any], shared: bool) -> str:
    text = f"{row['score']:.1f}"
    if row.get("low") is not None and row.get("high") is not None:
        text += f" ({row['low']:.1f} to {row['high']:.1f})"
    return text if shared else f"{text}, {row['metric']}"


def _millions(parameters: float) -> str:
    if parameters >= 1e6:
        return f"{parameters / 1e6:.1f} M"
    return f"{parameters / 1e3:.0f} k" if parameters >= 1e3 else f"{parameters:.0f}"


def _time(seconds: float) -> str:
    if seconds >= 5400:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def _device(row: Mapping[str, Any]) -> page.Markup:
    record = row.get("record")
    title = f'<br><span class="cc-muted">record <code>{page.escape(record)}</code></span>' if record else ""
    return page.Markup(page.inline(row["device"]) + title)
