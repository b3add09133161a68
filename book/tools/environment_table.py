"""Where the course was run: the results in book/environments as tables, and what was not run, with the reason.

`python tests/environments/table.py` writes the results. Nothing is said here that no run has earned.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import chapter_tables

from utils.course import REPOSITORY

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "book/environments"
# In the order of the rows: what each is, and why there may be no result of it.
KINDS = {
    "colab": ("like Colab", "Colab's versions of all that a chapter needs, the notebook alone in an empty folder"),
    "conda": ("conda and Binder", "what `environment.yml`, its comment and `postBuild` say, without conda itself"),
    "offline": ("offline", "the clone after `make install`, network cut, cache of data empty"),
    "locked": ("locked", "the versions of `requirements/*.lock`, each file checked against its hash"),
    "colab-image": ("Colab's image", "the image that Colab itself starts, weekly"),
}
SET_UP = {"colab", "colab-image"}  # where the set-up cell has something to do
NEVER = {"Windows": "no such machine was at hand", "macOS": "no such machine was at hand"}
SHOWN = ("python", "torch", "numpy", "pandas", "matplotlib", "ipywidgets")
SPACE = "\N{NO-BREAK SPACE}"  # the columns are narrow
OLDER = f"{SPACE}\\*"
IMAGE = "the weekly workflow needs GitHub, and has not run there yet"


def results(folder: Path = RESULTS) -> dict[str, dict[str, Any]]:
    """What was stored, by environment; one without a file has never been run."""
    found = {name: folder / f"{name}.json" for name in KINDS}
    return {name: json.loads(file.read_text(encoding="utf-8")) for name, file in found.items() if file.is_file()}


def passed(entry: dict[str, Any]) -> bool:
    """Whether every cell ran, the verdicts are the stored ones and nothing else was wrong."""
    return bool(entry["same_verdicts"]) and not entry["complaints"]


def cell(entry: dict[str, Any] | None, code: str) -> str:
    """What a run of a chapter has earned."""
    if entry is None:
        return "not run"
    if not passed(entry):
        return "**failed**"
    return f"ok{'' if entry['code'] == code else OLDER}<br>{entry['cpu_seconds']}{SPACE}s"


def table(folder: Path = RESULTS, chapters: Path = ROOT / "chapters") -> str:
    """A row an environment, a column a chapter; a row that was not run says why."""
    found, paths = results(folder), sorted(chapters.glob("*.ipynb"))
    links = " | ".join(f"[{path.stem[:2]}](../chapters/{path.stem}.ipynb)" for path in paths)
    rows = [f"| environment | {links} |", "|---" * (len(paths) + 1) + "|"]
    for name, one in found.items():
        codes = {path.stem: chapter_tables.fingerprint(path, name in SET_UP) for path in paths}
        cells = " | ".join(cell(one["chapters"].get(stem), code) for stem, code in codes.items())
        rows.append(f"| **{KINDS[name][0]}**<br>Python {one['versions']['python']} | {cells} |")
    for title, reason in missing(found).items():
        rows.append(f"| **{title}**<br>not run here: {reason} | {' | '.join('–' for _ in paths)} |")
    if any(OLDER in row for row in rows):
        rows += ["", f"{OLDER.strip()} run before the code of the chapter's notebook last changed"]
    return "\n".join(rows)


def missing(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    """What has no result, and the reason."""
    reasons = {title: "nobody has done it yet" for name, (title, _) in KINDS.items() if name not in found}
    if "colab-image" not in found:
        reasons[KINDS["colab-image"][0]] = IMAGE
    return reasons | NEVER


def environments(folder: Path = RESULTS) -> str:
    """What each environment was: its versions, the days and the commits of its runs."""
    items = []
    for name, one in results(folder).items():
        title, what = KINDS[name]
        entries, versions = one["chapters"].values(), one["versions"]
        commits = dict.fromkeys(entry["commit"] for entry in entries)
        links = ", ".join(f"[`{commit[:7]}`]({REPOSITORY}/commit/{commit})" for commit in commits)
        days = " to ".join(sorted({min(days := [entry["date"] for entry in entries]), max(days)}))
        numbers = ", ".join(f"{package} {versions[package]}" for package in SHOWN if package in versions)
        items.append(f"- **{title}**: {what}. Python {numbers.removeprefix('python ')}. Run on {days}, at {links}.")
    return "\n".join(items)


def colab_image(folder: Path = RESULTS, chapters: Path = ROOT / "chapters") -> str:
    """When all chapters last ran in Colab's own image, in one sentence."""
    entries = results(folder).get("colab-image", {"chapters": {}})["chapters"]
    if not all(passed(entries[path.stem]) if path.stem in entries else False for path in chapters.glob("*.ipynb")):
        return "**Not yet verified in Colab's own image.**"
    return f"**Last verified in Colab's own image: {min(entry['date'] for entry in entries.values())}.**"
