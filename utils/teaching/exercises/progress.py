"""A learner's progress, in one file in his home; ``COURSE_PROGRESS`` names another, and static pages keep none."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import warnings
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from utils.runtime import static

SCHEMA = 1


@dataclass
class Entry:
    """What happened with one exercise."""

    tries: int = 0
    hints: int = 0
    solved: str | None = None


class Progress:
    """Reads and writes the file; where it cannot be written, it remembers until the kernel ends."""

    def __init__(self) -> None:
        self._memory: dict[str, Entry] = {}

    @staticmethod
    def path() -> Path:
        """The learner's file."""
        return Path(os.environ.get("COURSE_PROGRESS") or "~/.rnn-to-chatgpt/progress.json").expanduser()

    def entries(self) -> dict[str, Entry]:
        """All entries by exercise."""
        if static():
            return dict(self._memory)
        try:
            stored = json.loads(self.path().read_text(encoding="utf-8"))
            return {name: Entry(**values) for name, values in stored["exercises"].items()}
        except (FileNotFoundError, NotADirectoryError):
            return dict(self._memory)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            return self._unreadable(error)

    def _unreadable(self, error: Exception) -> dict[str, Entry]:
        """Put a broken file aside, so that the next write does not destroy what may still be mended by hand."""
        aside = self.path().with_suffix(".broken.json")
        warnings.warn(f"your progress file cannot be read ({error}); it is kept as {aside.name}", stacklevel=3)
        with contextlib.suppress(OSError):
            self.path().replace(aside)
        return dict(self._memory)

    def record(self, name: str, passed: bool, hints: int) -> Entry:
        """Count one try at exercise ``name`` with ``hints`` hints available, and return its entry."""
        entries = self.entries()
        entry = entries.setdefault(name, Entry())
        entry.tries += 1
        if passed:
            entry.solved = entry.solved or datetime.now(UTC).isoformat(timespec="seconds")
        elif entry.solved is None:
            entry.hints = min(entry.hints + 1, hints)
        self._memory = entries if static() or not self._write(entries) else {}
        return entry

    def _write(self, entries: dict[str, Entry]) -> bool:
        path = self.path()
        text = json.dumps(
            {"schema": SCHEMA, "exercises": {name: asdict(one) for name, one in entries.items()}}, indent=1
        )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(f".{os.getpid()}.part")
            part.write_text(text + "\n", encoding="utf-8")
            part.replace(path)  # whole or not at all
            return True
        except OSError as error:
            warnings.warn(
                f"your progress cannot be kept ({error}); it is lost when the kernel ends: "
                "make room there, or set COURSE_PROGRESS to a file elsewhere",
                stacklevel=4,
            )
            return False


def export(rows: list[dict[str, object]], path: Path) -> None:
    """Write the table of progress as ``.csv`` or ``.json``; ``ValueError`` for another ending."""
    if path.suffix == ".json":
        text = json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
    elif path.suffix == ".csv":
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, fieldnames=list(rows[0]) if rows else ["exercise"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        text = buffer.getvalue()
    else:
        raise ValueError(f"progress goes to a file that ends in .csv or .json, not to {path.name!r}")
    path.write_text(text, encoding="utf-8")
