"""The evidence ledger: every claim of the course, read from the stored outputs of notebooks; nothing is executed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils.teaching import page
from utils.teaching.claims import MIME, SCHEMA, anchor, evidence_table

FIELDS = ("id", "statement", "holds", "verdict", "kind", "notes", "criterion", "record", "evidence")
HEADING = re.compile(r"^##+ (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """One claim with the place where it stands: the chapter's file and title, and the heading above it."""

    chapter: str
    title: str
    section: str
    claim: dict[str, Any]

    @property
    def link(self) -> str:
        """The address of the claim's card, relative to a page in a neighbouring folder."""
        return f"../chapters/{self.chapter}.html#{anchor(self.claim)}"


def ledger(notebooks: Iterable[Path | str]) -> list[Entry]:
    """All claims in ``notebooks``, in reading order.

    Raises ``ValueError`` for a claim with an unknown schema or missing fields, and for two of one name and kind.
    """
    entries: list[Entry] = []
    seen: dict[tuple[str, str], str] = {}
    for path in map(Path, notebooks):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for section, payload in _payloads(notebook):
            _validate(payload, path.name)
            key = payload["id"], payload["kind"]
            if key in seen:
                raise ValueError(f"claim {payload['id']!r} ({payload['kind']}) stands in {seen[key]} and {path.name}")
            seen[key] = path.name
            entries.append(Entry(path.stem, _title(notebook, path.stem), section, payload))
    return entries


def _payloads(notebook: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    section = ""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            section = (HEADING.findall("".join(cell["source"])) or [section])[-1]
        for output in cell.get("outputs", ()):
            if MIME in output.get("data", {}):
                data = output["data"][MIME]
                yield section, json.loads("".join(data)) if isinstance(data, str | list) else data


def _validate(payload: dict[str, Any], name: str) -> None:
    if payload.get("schema") != SCHEMA:
        raise ValueError(f"{name} has a claim of schema {payload.get('schema')!r}; this ledger reads {SCHEMA!r}")
    if missing := [field for field in FIELDS if field not in payload]:
        raise ValueError(f"{name}: claim {payload.get('id')!r} lacks {', '.join(missing)}")


def _title(notebook: dict[str, Any], default: str) -> str:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            for line in "".join(cell["source"]).splitlines():
                if line.startswith("# "):
                    return line[2:].strip()
    return default


def render_ledger(entries: Iterable[Entry]) -> str:
    """All verdicts, a section a chapter; the tables are HTML, so that links can point at the cards in the chapters."""
    chapters: dict[str, list[Entry]] = {}
    for entry in entries:
        chapters.setdefault(entry.chapter, []).append(entry)
    return "\n\n".join(f"## {own[0].title}\n\n{_chapter(own)}" for own in chapters.values())


def _chapter(entries: list[Entry]) -> str:
    rows = [
        [
            page.Markup(f'<a href="{page.escape(entry.link)}">{page.inline(entry.claim["statement"])}</a>'),
            entry.claim["notes"] or "",
            page.verdict(entry.claim["holds"], "holds", "does not hold"),
            entry.claim["kind"],
            page.Markup(_evidence(entry)),
        ]
        for entry in entries
    ]
    head = ["claim", "the notes say", "verdict", "kind", "evidence"]
    return page.card("ledger", page.table(head, rows, f"Claims of {entries[0].title}"))


def _evidence(entry: Entry) -> str:
    table = evidence_table(entry.claim["evidence"], f"Evidence of {entry.claim['id']}")
    return f"<details><summary>{len(entry.claim['evidence'])} measured</summary>{table}</details>"
