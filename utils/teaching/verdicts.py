"""The verdicts of all chapters in one file of the package, for chapter 09, which has no notebooks beside it on Colab.

python -m utils.teaching.verdicts chapters

writes it anew from the executed notebooks, without those of the chapter that shows it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from utils.teaching import page
from utils.teaching.ledger import ledger

FILE = Path(__file__).parent / "assets" / "verdicts.json"
LAST = "09"  # the chapter that shows them


@dataclass(frozen=True)
class Verdict:
    """One claim of the course: where it stands, what it says, and what came out."""

    chapter: str
    title: str
    name: str
    statement: str
    holds: bool
    kind: str


def gather(folder: Path) -> list[Verdict]:
    """The verdicts in the executed notebooks of a folder, in reading order."""
    notebooks = [file for file in sorted(folder.glob("*.ipynb")) if not file.name.startswith(LAST)]
    return [
        Verdict(e.chapter[:2], e.title, e.claim["id"], e.claim["statement"], e.claim["holds"], e.claim["kind"])
        for e in ledger(notebooks)
    ]


def write(found: Iterable[Verdict], file: Path = FILE) -> None:
    """Write the file."""
    rows = [asdict(verdict) for verdict in found]
    file.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def all_verdicts() -> list[Verdict]:
    """The verdicts of all chapters before this one's, in reading order."""
    return [Verdict(**row) for row in json.loads(FILE.read_text(encoding="utf-8"))]


def verdict_picture(found: Sequence[Verdict]) -> None:
    """Show all verdicts as one picture: a row a chapter, a mark each, with its statement when opened."""
    if not found:
        raise ValueError("there is no verdict to draw")
    chapters = list(dict.fromkeys(verdict.chapter for verdict in found))
    rows = [[v for v in found if v.chapter == chapter] for chapter in chapters]
    body = "".join(_row(chapter, own) for chapter, own in zip(chapters, rows, strict=True))
    good = sum(verdict.holds for verdict in found)
    title = f"{len(found)} verdicts: {good} hold, {len(found) - good} do not"
    note = (
        "A row is a chapter, a mark a verdict in the order of the text: a filled square holds, a crossed one does not. "
        "A claim that was measured live and recorded has two. Open a row to read the claims."
    )
    html = f'<p class="cc-title">{title}</p><div class="vp">{body}</div><p class="cc-muted">{note}</p>'
    page.show(page.card("verdicts", html, css=_CSS), f"verdicts: {title}")


_CSS = (
    ".vp{display:grid;gap:.15rem}.vp summary{display:flex;flex-wrap:wrap;align-items:center;gap:.2rem .6rem;"
    "cursor:pointer;padding:.2rem 0}.vp .vp-name{flex:0 0 13rem;font-weight:600}"
    ".vp .vp-sum{font-variant-numeric:tabular-nums}.vp svg{vertical-align:middle;max-width:100%}"
    ".vp .vp-yes{fill:#0072b2}.vp .vp-no{fill:none;stroke:#d55e00;stroke-width:2}.vp ul{margin:.2rem 0 .6rem 1.2rem}"
)


def _row(chapter: str, found: Sequence[Verdict]) -> str:
    """One chapter: its name, its marks, and all its claims when opened."""
    good = sum(verdict.holds for verdict in found)
    name = found[0].title.partition(". ")[2].partition(":")[0] or found[0].title
    says = f"Chapter {int(chapter)}: {good} of {len(found)} verdicts hold"
    marks = "".join(_mark(place, verdict.holds) for place, verdict in enumerate(found))
    drawing = f'<svg role="img" aria-label="{says}" width="{len(found) * 16}" height="16">{marks}</svg>'
    claims = "".join(
        f"<li>{page.inline(v.statement)} ({v.kind}) {page.verdict(v.holds, 'holds', 'does not hold')}</li>"
        for v in found
    )
    return (
        f'<details><summary><span class="vp-name">{int(chapter)} {page.escape(name)}</span>{drawing}'
        f'<span class="vp-sum">{good} of {len(found)}</span></summary><ul>{claims}</ul></details>'
    )


def _mark(place: int, holds: bool) -> str:
    x = 16 * place + 2
    if holds:
        return f'<rect class="vp-yes" x="{x}" y="2" width="12" height="12" rx="2"/>'
    return f'<path class="vp-no" d="M{x + 1} 3h10v10h-10zM{x + 1} 3l10 10M{x + 11} 3l-10 10"/>'


def main(arguments: list[str]) -> int:
    """The command: FOLDER."""
    if len(arguments) != 1:
        print("usage: python -m utils.teaching.verdicts FOLDER", file=sys.stderr)
        return 2
    try:
        found = gather(Path(arguments[0]))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    write(found)
    print(f"{FILE.name}: {len(found)} verdicts")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
