"""What the chapters are, as tables: for a class that plans with them, and for a reader who wants to run them.

Everything is read from the executed notebooks and from the records; a chapter whose run was not measured says so.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

CHAPTERS = Path(__file__).resolve().parents[2] / "chapters"
PACE = 200  # words a minute that a reader takes in
QUESTION = re.compile(r'course-header">.*?<p class="cc-title">(.*?)</p>', re.DOTALL)
NEEDS = re.compile(r"<dt>You need</dt><dd>(.*?)</dd>", re.DOTALL)
QUESTIONS = re.compile(r"quiz: (\d+) questions")


@dataclass(frozen=True)
class Chapter:
    """A chapter in numbers: words of text without solutions, exercises, questions of its quiz, claims."""

    stem: str
    title: str
    question: str
    needs: str
    words: int
    exercises: int
    questions: int
    claims: int

    @property
    def number(self) -> str:
        """As it stands in the file's name: "03"."""
        return self.stem[:2]


def read(folder: Path = CHAPTERS) -> list[Chapter]:
    """All chapters in their order."""
    return [chapter(path) for path in sorted(folder.glob("*.ipynb"))]


def chapter(path: Path) -> Chapter:
    """What a notebook and its stored outputs hold."""
    from utils.teaching.ledger import ledger

    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    tagged = ["exercise-solution" in cell["metadata"].get("tags", ()) for cell in cells]
    texts = [
        "".join(cell["source"])
        for cell, solution in zip(cells, tagged, strict=True)
        if cell["cell_type"] == "markdown" and not solution
    ]
    html = "\n".join(outputs(cells, "text/html"))
    return Chapter(
        stem=path.stem,
        title=next(line[2:] for line in texts[0].splitlines() if line.startswith("# ")),
        question=plain(QUESTION.search(html)),
        needs=plain(NEEDS.search(html)),
        words=sum(len(text.split()) for text in texts),
        exercises=sum(tagged),
        questions=sum(map(int, QUESTIONS.findall("\n".join(outputs(cells, "text/plain"))))),
        claims=len({entry.claim["id"] for entry in ledger([path])}),
    )


def fingerprint(path: Path, setup: bool) -> str:
    """The SHA-256 of a notebook's code, with its set-up cell or without: on Colab that cell installs, elsewhere it only
    looks whether all is there."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [one for one in cells if one["cell_type"] == "code"]
    kept = [one for one in code if setup or "setup" not in one["metadata"].get("tags", ())]
    return hashlib.sha256("\0".join("".join(one["source"]) for one in kept).encode()).hexdigest()


def plain(match: re.Match[str] | None) -> str:
    """The text of a piece of HTML."""
    return unescape(re.sub(r"<[^>]+>", "", match[1])) if match else ""


def story() -> str:
    """The chapters with their questions."""
    return "\n".join(f"- [{one.title}](../chapters/{one.stem}.ipynb). {one.question}" for one in read())


def length() -> str:
    """How long the chapters are, in one sentence."""
    words = [one.words for one in read()]
    low, high = (round(count / PACE) for count in (min(words), max(words)))
    return (
        f"**How long.** {len(words)} chapters, each {low} to {high} minutes of text (at {PACE} words a minute); "
        "code, figures and exercises come on top."
    )


def outputs(cells: list[dict[str, Any]], kind: str) -> Iterator[str]:
    """What the cells have left in one MIME type."""
    for cell in cells:
        for output in cell.get("outputs", ()):
            yield "".join(output.get("data", {}).get(kind, ""))


def contents() -> str:
    """A row a chapter, for planning."""
    rows = [
        f"| [{one.title}](../chapters/{one.stem}.ipynb) | {round(one.words, -2):,} | {one.exercises} "
        f"| {one.questions} | {one.claims} | {one.needs} |"
        for one in read()
    ]
    head = ["| chapter | words | exercises | quiz | claims | needs |", "|---|---:|---:|---:|---:|---|"]
    return "\n".join([*head, *rows])


def runs() -> str:
    """A row a chapter: what running it from top to bottom took, on which machine."""
    rows = [f"| [{one.title}](../chapters/{one.stem}.ipynb) | {' | '.join(measured(one.number))} |" for one in read()]
    return "\n".join(["| chapter | time | memory | measured on |", "|---|---:|---:|---|", *rows])


def measured(number: str) -> tuple[str, str, str]:
    """Time, memory and machine of the record ``chapter/NUMBER``."""
    from utils import records

    if (name := f"chapter/{number}") not in records.names():
        return "not yet measured", "", ""
    record = records.read(name)
    threads = record.machine["threads"]
    date = record.date[:10].replace("-", "\N{NON-BREAKING HYPHEN}")
    machine = f"{record.machine['name']}, {threads} thread{'s' if threads > 1 else ''}, {date}"
    return (
        f"{record.seconds:.0f}\N{NO-BREAK SPACE}s",
        f"{record.metrics['memory_mb']:,.0f}\N{NO-BREAK SPACE}MB",
        machine,
    )
