"""The bug museum as a page: tests/bugs/mutations.toml as MyST, a folded block for each bug, with links to its tests."""

from __future__ import annotations

import ast
import difflib
import re
import textwrap
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from utils.course import REPOSITORY

ROOT = Path(__file__).resolve().parents[2]
# Sections in the order of the course; a file that none of them names goes to the last.
SECTIONS = {
    "Attention and its masks": ("utils/models/attention.py",),
    "Recurrent models": (
        "utils/models/rnn.py",
        "utils/models/seq2seq.py",
        "utils/models/awd_lstm.py",
        "utils/models/padding.py",
    ),
    "Transformer, BERT, GPT": ("utils/models/",),
    "From text to batches": ("utils/data/",),
    "Writing: greedy, beams, sampling": ("utils/decoding",),
    "Learning from preferences": ("utils/training/p", "utils/models/reward.py"),
    "Loss and training": ("utils/training/",),
    "Measuring": ("utils/",),
}


def bugs(path: Path = ROOT / "tests/bugs/mutations.toml") -> list[dict[str, Any]]:
    """All bugs by number; those of one number are one room."""
    return sorted(tomllib.loads(path.read_text(encoding="utf-8"))["bug"], key=lambda bug: bug["number"])


def section(file: str) -> str:
    """The section with the longest beginning of the file's name."""
    fitting = [(len(start), name) for name, starts in SECTIONS.items() for start in starts if file.startswith(start)]
    return max(fitting)[1]


def numbers() -> str:
    """How large the museum is, in one sentence."""
    found = bugs()
    tests = {test for bug in found for test in bug["tests"]}
    rooms = len({bug["number"] for bug in found})
    return f"**{len(found)} bugs in {rooms} rooms, caught by {len(tests)} tests.**"


def listing() -> str:
    """The museum as MyST, a section a subject."""
    found = bugs()
    parts: list[str] = []
    for name in SECTIONS:
        own = [bug for bug in found if section(bug["file"]) == name]
        if own:
            parts += [f"## {name}", ""]
            parts += [exhibit(bug, found.index(bug)) for bug in own]
    return "\n".join(parts)


def exhibit(bug: dict[str, Any], place: int) -> str:
    """A bug: why it happens, what changes in the code, and what catches it."""
    tests = ", ".join(f"[{spoken(test)}]({address(test)})" for test in bug["tests"])
    where = f"[`{bug['file']}`]({REPOSITORY}/blob/main/{bug['file']})"
    lines = [
        f'<details id="bug-{place + 1}"><summary>{bug["number"]} · {markup(bug["title"])}</summary>',
        "",
        bug["why"],
        "",
        f"In {where}:",
        "",
        "```diff",
        *change(bug["before"], bug["after"]),
        "```",
        "",
        f"Caught by: {tests}.",
        "",
        "</details>",
        "",
    ]
    return "\n".join(lines)


def markup(title: str) -> str:
    """A title as HTML, in which `code` stands in back ticks."""
    escaped = title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped)


def change(before: str, after: str) -> list[str]:
    """The lines of a diff, without those that only say where the halves differ."""
    old, new = (textwrap.dedent(text).splitlines() or [""] for text in (before, after))
    return [line.rstrip() for line in difflib.ndiff(old, new) if not line.startswith("?")]


def spoken(test: str) -> str:
    """A test's name in words: "a.py::test_no_word_sees_the_future" gives "no word sees the future"."""
    return test.rpartition("::test_")[2].split("[")[0].replace("_", " ")


def address(test: str) -> str:
    """Where a test stands in the repository, with its line."""
    file, _, name = test.partition("::")
    return f"{REPOSITORY}/blob/main/{file}#L{lines(file)[name.rpartition('::')[2].split('[')[0]]}"


@cache
def lines(file: str) -> dict[str, int]:
    """The line of each function in a file."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name: node.lineno for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
