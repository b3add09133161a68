"""The timeline: book/timeline.toml as MyST, a map to walk through and a list that says the same without a script.

Who wrote what, and where it is found, stands in book/references.bib; the map is drawn here, book/static/timeline.js
makes it move.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

BOOK = Path(__file__).resolve().parents[1]
# The map, in pixels. Until 2013 a year is drawn narrower, since nearly everything happened after it.
WIDTH, LEFT, TURN, RIGHT = 680.0, 20.0, 222.0, 664.0
LANE, TOP, GAP, ROW = 66.0, 8.0, 20.0, 18.0
FIRST, BREAK, LAST = 1986.0, 2013.0, 2023.0
TICKS = (1986, 1990, 1995, 2000, 2005, *range(2013, 2023))


@dataclass(frozen=True)
class Stage:
    """A lane of the map and a section of the list."""

    id: str
    name: str
    years: str


@dataclass(frozen=True)
class Entry:
    """One step: `date` is "YYYY" or "YYYY-MM", `paper` a key of references.bib, `builds_on` are ids of earlier ones."""

    id: str
    stage: str
    date: str
    name: str
    says: str
    paper: str
    chapter: str
    builds_on: list[str]

    @property
    def year(self) -> str:
        return self.date[:4]

    @property
    def time(self) -> float:
        """The date as a number; a year without a month counts as its middle."""
        return int(self.year) + ((int(self.date[5:]) - 0.5) / 12 if len(self.date) > 4 else 0.5)


@dataclass(frozen=True)
class Paper:
    """What the list says of a paper."""

    authors: str
    title: str
    url: str


def read(path: Path = BOOK / "timeline.toml") -> tuple[list[Stage], list[Entry]]:
    """Stages, and entries in the order of their dates."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    entries = [Entry(**entry) for entry in content["entry"]]
    return [Stage(**stage) for stage in content["stage"]], sorted(entries, key=lambda entry: entry.time)


@cache
def papers(path: Path = BOOK / "references.bib") -> dict[str, Paper]:
    """The papers of references.bib by key; from four authors on, the first "and others"."""
    from pybtex.database import parse_file
    from pybtex.richtext import Text

    found = {}
    for key, entry in parse_file(str(path), bib_format="bibtex").entries.items():
        people = entry.persons["author"]
        names = [" ".join(str(part) for part in [*p.rich_prelast_names, *p.rich_last_names]) for p in people]
        few = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
        authors = f"{names[0]} and others" if len(names) > 3 else few
        doi = entry.fields.get("doi")
        url = entry.fields.get("url") or (f"https://doi.org/{doi}" if doi else "")
        title = str(Text.from_latex(entry.fields["title"])).replace("'", "’")
        found[key] = Paper(authors, title, url)
    return found


def places(stages: list[Stage], entries: list[Entry]) -> dict[str, tuple[float, float]]:
    """Where each entry stands, in pixels. Of two that would overlap in a lane, the second stands a row higher."""
    found: dict[str, tuple[float, float]] = {}
    for number, stage in enumerate(stages):
        ends = [-GAP, -GAP]
        for entry in (entry for entry in entries if entry.stage == stage.id):
            row = 0 if across(entry.time) - ends[0] >= GAP else 1
            ends[row] = max(across(entry.time), ends[row] + GAP)
            found[entry.id] = ends[row], TOP + LANE * number + 50 - ROW * row
    return found


def across(time: float) -> float:
    """The place of a time from left to right, in pixels."""
    if time < BREAK:
        return LEFT + (time - FIRST) / (BREAK - FIRST) * (TURN - LEFT)
    return TURN + (time - BREAK) / (LAST - BREAK) * (RIGHT - TURN)


def picture() -> str:
    """The map, as MyST."""
    return "\n".join(["```{raw} html", drawing(*read()), "```"])


def listing() -> str:
    """The list, as MyST: a section a stage."""
    stages, entries = read()
    parts: list[str] = []
    names = {entry.id: entry.name for entry in entries}
    for stage in stages:
        parts += [f"## {stage.name}, {stage.years}", ""]
        parts += [item(entry, names) for entry in entries if entry.stage == stage.id]
    return "\n".join(parts)


def item(entry: Entry, names: dict[str, str]) -> str:
    """An entry of the list."""
    paper = papers()[entry.paper]
    lines = [
        f"- [{entry.year}]{{.tl-year}} [{entry.name}]{{#timeline-{entry.id} .tl-name}}",
        "",
        f"  {entry.says}",
        "",
        f"  [{paper.authors}, [{paper.title}]({paper.url}) · {{chapter}}`{entry.chapter}`]{{.tl-source}}",
    ]
    if entry.builds_on:
        links = ", ".join(f"[{names[other]}](#timeline-{other})" for other in entry.builds_on)
        lines += ["", f"  [Builds on: {links}]{{.tl-source}}"]
    return "\n".join([*lines, ""])


def drawing(stages: list[Stage], entries: list[Entry]) -> str:
    """The map: a lane a stage, a radio button an entry, lines to what it builds on. Hidden until the script runs."""
    at, bottom = places(stages, entries), TOP + LANE * len(stages)
    ticks = "".join(
        f'<path class="tl-tick" d="M{across(year):.1f} {TOP}V{bottom}"/>'
        f'<text x="{across(year):.1f}" y="{bottom + 18}">{year}</text>'
        for year in TICKS
    )
    lanes = "".join(
        f'<path class="tl-lane" d="M{LEFT} {TOP + LANE * k + 50}H{RIGHT}"/>'
        f'<text class="tl-stage" x="6" y="{TOP + LANE * k + 16}">{escape(stage.name)}, {stage.years}</text>'
        for k, stage in enumerate(stages)
    )
    curves = "".join(
        f'<path class="tl-link" data-from="{other}" data-to="{entry.id}" d="{curve(at[other], at[entry.id])}"/>'
        for entry in entries
        for other in entry.builds_on
    )
    dots = "".join(
        f'<label style="left:{at[entry.id][0]:.1f}px;top:{at[entry.id][1]:.0f}px" title="{escape(entry.name)}">'
        f'<input type="radio" name="timeline" value="{entry.id}" aria-label="{entry.year}, {escape(entry.name)}">'
        "</label>"
        for entry in entries
    )
    return (
        f'<div class="tl" hidden><div class="tl-scroll"><div class="tl-map" role="radiogroup" '
        f'style="width:{WIDTH:.0f}px;height:{bottom + 28:.0f}px" aria-label="Steps from 1986 to 2022">'
        f'<svg viewBox="0 0 {WIDTH:.0f} {bottom + 28:.0f}" aria-hidden="true">{ticks}{lanes}{curves}</svg>{dots}'
        '</div></div><p class="tl-legend">Solid lines lead to what a step builds on, dashed ones to what builds on it. '
        'Until 2013 the years are drawn narrower.</p><div class="tl-card" aria-live="polite"></div>'
        '<div class="tl-bar"><button type="button" data-go="-1">Back</button>'
        '<button type="button" data-go="1">Next</button><span class="tl-count"></span></div></div>'
        '<script src="../_static/timeline.js" defer></script>'
    )


def curve(start: tuple[float, float], end: tuple[float, float]) -> str:
    """A line from one dot to another; within a lane it bows upwards, so that it does not hide behind the dots."""
    (x0, y0), (x1, y1) = start, end
    middle = (x0 + x1) / 2
    if abs(y0 - y1) < LANE / 2:
        return f"M{x0:.1f} {y0}Q{middle:.1f} {min(y0, y1) - 26} {x1:.1f} {y1}"
    return f"M{x0:.1f} {y0}C{middle:.1f} {y0} {middle:.1f} {y1} {x1:.1f} {y1}"
