"""The card of a record: what was run, where, when, for how long, and what came out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from utils.records import Record
from utils.teaching import page


def show_record(record: Record) -> None:
    """Show a record with its provenance; the numbers are those of a real run, not of this page."""
    rows = [[page.Markup(f"<strong>{page.escape(name)}</strong>"), value] for name, value in _provenance(record)]
    rows += [[name, value] for name, value in _flat(record.metrics)]
    title = f'<p class="cc-title">Record <code>{page.escape(record.name)}</code></p>'
    note = "".join(f"<p>{page.inline(text)}</p>" for text in record.notes)
    page.show(
        page.card("record", title + note + page.table(["", "a real run, not made on this page"], rows, record.name)),
        f"record {record.name}",
    )


def _provenance(record: Record) -> Iterator[tuple[str, str]]:
    machine = record.machine
    yield "command", f"`{record.command}`"
    yield "date, commit", f"{record.date[:10]}, `{record.commit}`"
    yield "machine", f"{machine.get('name')}, on {machine.get('device')}, threads: {machine.get('threads')}"
    yield "time", f"{record.seconds / 60:.0f} min" if record.seconds >= 90 else f"{record.seconds:.0f} s"
    yield "seeds", ", ".join(map(str, record.seeds))
    yield "versions", ", ".join(f"{name} {version}" for name, version in record.versions.items())
    yield "sizes", ", ".join(f"{name}: {page.number(value)}" for name, value in record.sizes.items())


def _flat(metrics: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Metrics as a reader wants them: a score with its interval in one cell, other mappings joined."""
    for name, value in metrics.items():
        if isinstance(value, Mapping) and {"score", "low", "high"} <= set(value):
            yield name, f"{value['score']:.1f} ({value['low']:.1f} to {value['high']:.1f})"
        elif isinstance(value, Mapping):
            yield name, _joined(value)
        else:
            yield name, page.number(value)


def _joined(value: Mapping[str, Any]) -> str:
    """A mapping in a line: ``name number, name number``; one inside stands behind a colon."""
    return ", ".join(
        f"{key}: {_joined(item)}" if isinstance(item, Mapping) else f"{key} {page.number(item)}"
        for key, item in value.items()
    )
