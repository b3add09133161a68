"""The notes, line by line: book/evidence.toml and the ledger as MyST tables, with links into the chapters."""

from __future__ import annotations

import tomllib
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from docutils.nodes import make_id

from utils.teaching import page
from utils.teaching.ledger import Entry, ledger

ROOT = Path(__file__).resolve().parents[2]


def lines(path: Path = ROOT / "book/evidence.toml") -> list[dict[str, Any]]:
    """Each line of the notes: what it ``says``, and its ``claims`` or, where nothing is measured, what is ``told``."""
    return tomllib.loads(path.read_text(encoding="utf-8"))["line"]


def table() -> str:
    """A row for each line that claims something."""
    found = measured()
    rows = ["| the notes say | measured |", "|---|---|"]
    for line in lines():
        if "claims" in line:
            there = [verdict(found[name]) for name in line["claims"]]
            rows.append(f"| {line['says']} | {'<br>'.join(there)} |")
    return "\n".join([":::{table} What the notes claim", ":widths: 40 60", "", *rows, ":::"])


def listing() -> str:
    """Every line of the notes, a table a part: the sections that answer it, and its claims by name."""
    parts: list[str] = []
    for line in lines():
        if "part" in line:
            head = [f":::{{table}} {line['part']}", ":widths: 42 33 25", ""]
            parts += [
                *([":::", ""] if parts else []),
                *head,
                "| the notes | answered in | measured by |",
                "|---|---|---|",
            ]
        said = line["says"] if line["says"].startswith("picture") else f'"{line["says"]}"'
        places = "<br>".join([*([line["aside"]] if "aside" in line else []), *map(section, sections(line))])
        parts.append(
            f"| {said} | {places} | {'<br>'.join(map(named, line.get('claims', ()))) or 'told: ' + line['told']} |"
        )
    return "\n".join([*parts, ":::"])


def verdict(entries: list[Entry]) -> str:
    """A claim with a link to its last measurement, and what came out; where its measurements differ, each by itself."""
    if len({entry.claim["holds"] for entry in entries}) > 1:
        return "<br>".join(outcome(entry, f"{entry.claim['kind']}: ") for entry in entries)
    return outcome(entries[-1])


def outcome(entry: Entry, kind: str = "") -> str:
    """One measurement in its own words, which may be narrower than those of another one of the same claim."""
    statement = page.inline(entry.claim["statement"]).replace("|", "\\|")
    found = "holds" if entry.claim["holds"] else "does not hold"
    return f'<a href="{escape(entry.link)}">{statement}</a>: **{kind}{found}**'


def named(name: str) -> str:
    """A claim's name, with a link to its first measurement."""
    return f'<a href="{escape(measured()[name][0].link)}"><code>{name}</code></a>'


def sections(line: dict[str, Any]) -> list[str]:
    """Where a line is answered, as "chapter heading": as it says itself, else where its claims are measured."""
    return line.get("at") or list(dict.fromkeys(home(measured()[name][0]) for name in line["claims"]))


def home(entry: Entry) -> str:
    """The section in which a claim is measured, as "chapter heading"."""
    return f"{entry.chapter[:2]} {entry.section}"


def section(place: str) -> str:
    """A link to a section, given as "chapter heading"."""
    number, _, heading = place.partition(" ")
    (file,) = (ROOT / "chapters").glob(f"{number}_*.ipynb")
    return (
        f'<a href="../chapters/{file.stem}.html#{make_id(heading)}">{int(number)} · {page.inline(heading)}</a>'.replace(
            "|", "\\|"
        )
    )


@cache
def entries() -> list[Entry]:
    """All verdicts of the course, in reading order."""
    return ledger(sorted((ROOT / "chapters").glob("*.ipynb")))


@cache
def measured() -> dict[str, list[Entry]]:
    """All verdicts by the name of their claim."""
    found: dict[str, list[Entry]] = {}
    for entry in entries():
        found.setdefault(entry.claim["id"], []).append(entry)
    return found
