"""Records of real runs: what was run, where, for how long, and what came out.

A record is one JSON file, `utils/records_data/<name with / as __>.json`, written by an experiment when it ends
(`python -m utils.experiments NAME`). This module reads and writes records and knows no experiment;
`utils.teaching` shows them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib import metadata
from pathlib import Path
from typing import Any

SCHEMA = 1
FOLDER = Path(__file__).parent / "records_data"
_PACKAGES = ("torch", "numpy", "accelerate", "tokenizers", "sacrebleu")


@dataclass(frozen=True, repr=False)
class Record:
    """One run. `seconds` are those of the whole run, `machine` says on which processor or card."""

    name: str
    command: str
    preset: str
    date: str
    commit: str
    seconds: float
    machine: Mapping[str, Any]
    versions: Mapping[str, str]
    seeds: list[int]
    config: Mapping[str, Any]
    sizes: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    samples: list[dict[str, Any]] = field(default_factory=list)
    scoreboard: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    schema: int = SCHEMA

    def write(self, file: Path) -> None:
        """Write the record as JSON; the file appears whole or not at all."""
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
        os.replace(part, file)

    def __repr__(self) -> str:
        return f"Record({self.name!r}, {self.date[:10]}, commit {self.commit})"


def names() -> list[str]:
    """The names of all shipped records."""
    return sorted(path.stem.replace("__", "/") for path in FOLDER.glob("*.json"))


def shipped(name: str) -> Path:
    """Where the shipped record of this name stands."""
    return FOLDER / f"{name.replace('/', '__')}.json"


def read(name: str) -> Record:
    """The shipped record of this name; ValueError with the names there are if there is none."""
    if not shipped(name).exists():
        raise ValueError(f"there is no record {name!r}; there are: {', '.join(names()) or 'none yet'}")
    return load(shipped(name))


def load(file: Path) -> Record:
    """The record in a file."""
    values = json.loads(file.read_text(encoding="utf-8"))
    if values.get("schema") != SCHEMA:
        found = values.get("schema")
        raise ValueError(f"{file.name} has schema {found}, this version reads {SCHEMA}: update the course")
    try:
        return Record(**{f.name: values[f.name] for f in fields(Record) if f.name in values})
    except TypeError as error:
        raise ValueError(f"{file.name} is no whole record: {error}") from error


def recorded(name: str, preset: str | None = None) -> Record:
    """The record of an experiment; with COURSE_RUN=1 the experiment is run afresh, in a child process, first."""
    if os.environ.get("COURSE_RUN", "") in ("", "0"):
        return read(name)
    command = [sys.executable, "-m", "utils.experiments", name, *(["--preset", preset] if preset else [])]
    if subprocess.run(command).returncode:
        raise RuntimeError(f"the run {name!r} failed, see above; without COURSE_RUN its record is shown instead")
    found = (runs_folder() / name).glob("*/record.json")  # one a preset and seed
    return load(max(found, key=lambda file: file.stat().st_mtime))


def runs_folder() -> Path:
    """Where runs keep checkpoints, records and weights: COURSE_RUNS (a Drive folder, say), else ./runs."""
    return Path(os.environ.get("COURSE_RUNS") or "runs").expanduser().absolute()


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide the numbers."""
    found = {"python": sys.version.split()[0]}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def commit() -> str:
    """The commit the code stands at, with "+" if the package has changed since; COURSE_COMMIT where there is no git."""
    if given := os.environ.get("COURSE_COMMIT"):
        return given
    try:
        return _git("rev-parse", "--short=12", "HEAD") + (
            "+" if _git("status", "--porcelain", "--untracked-files=no", "--", "*.py") else ""
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(FOLDER.parent), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
