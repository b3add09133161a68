"""Tables for reading: long texts wrap, numbers line up, a narrow screen scrolls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from utils.teaching import page


def show_table(rows: Iterable[Mapping[str, Any]] | Any, label: str) -> None:
    """Show rows as a table with a title.

    Args:
        rows: mappings of column names to values, or a pandas DataFrame (its index becomes the first column if it has
            a name).
        label: what the table shows, in a few words.
    """
    made: Sequence[Mapping[str, Any]] = _records(rows) if hasattr(rows, "to_dict") else list(rows)
    if not made:
        raise ValueError(f"the table {label!r} has no rows")
    columns = list(dict.fromkeys(name for row in made for name in row))
    cells = ([row.get(name) for name in columns] for row in made)
    body = f'<p class="cc-title">{page.inline(label)}</p>{page.table(columns, cells, label)}'
    page.show(page.card("table", body), f"table: {label}")


def _records(frame: Any) -> list[dict[str, Any]]:
    named = any(name is not None for name in frame.index.names)
    return list((frame.reset_index() if named else frame).to_dict("records"))
