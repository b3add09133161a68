"""The notes, line by line, with the verdicts that measure them: book/evidence.toml and the ledger as a MyST table."""

from __future__ import annotations

import tomllib
from html import escape
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def lines(path: Path = ROOT / "book/evidence.toml") -> list[dict[str, Any]]:
    """Each line of the notes: what it ``says``, and its ``claims`` or why there is ``nothing`` to measure."""
    return tomllib.loads(path.read_text(encoding="utf-8"))["line"]


def table() -> str:
    """A row for each line that claims something."""
    from utils.teaching.ledger import ledger

    found: dict[str, list[Any]] = {}
    for entry in ledger(sorted((ROOT / "chapters").glob("*.ipynb"))):
        found.setdefault(entry.claim["id"], []).append(entry)
    rows = ["| the notes say | measured |", "|---|---|"]
    for line in lines():
        if "claims" in line:
            there = [verdict(found[name]) for name in line["claims"]]
            rows.append(f"| {line['says']} | {'<br>'.join(there)} |")
    return "\n".join([":::{table} What the notes claim", ":widths: 40 60", "", *rows, ":::"])


def verdict(entries: list[Any]) -> str:
    """A claim with a link to its last measurement, and what came out of each."""
    from utils.teaching import page

    outcomes = {entry.claim["kind"]: "holds" if entry.claim["holds"] else "does not hold" for entry in entries}
    said = set(outcomes.values())
    kinds = said.pop() if len(said) == 1 else ", ".join(f"{kind}: {outcome}" for kind, outcome in outcomes.items())
    statement = page.inline(entries[-1].claim["statement"]).replace("|", "\\|")
    return f'<a href="{escape(entries[-1].link)}">{statement}</a>: **{kinds}**'
