"""``check("3.2", answer)`` and ``check.progress()``: what a learner calls. They print sentences and never raise."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from utils.runtime import static
from utils.teaching import page
from utils.teaching.exercises import handout
from utils.teaching.exercises.judge import judge
from utils.teaching.exercises.model import Exercise
from utils.teaching.exercises.progress import Entry, Progress, export


def chapters() -> list[str]:
    """The chapters that have exercises, such as ``["03", "04"]``."""
    if held := _held():
        return sorted({exercise.chapter for exercise in held})
    return sorted(path.stem.removeprefix("chapter_")[:2] for path in Path(__file__).parent.glob("chapter_??.py"))


def exercises(chapter: str) -> tuple[Exercise, ...]:
    """The exercises of a chapter, in order; ``ValueError`` for a chapter without any."""
    if chapter not in chapters():
        raise ValueError(f"chapter {chapter!r} has no exercises; there are: {', '.join(chapters())}")
    if held := _held():
        return tuple(exercise for exercise in held if exercise.chapter == chapter)
    found: tuple[Exercise, ...] = import_module(f"utils.teaching.exercises.chapter_{chapter}").EXERCISES
    return found


@cache
def _held() -> tuple[Exercise, ...]:
    """The exercises of a package without solutions; none where the modules with the solutions are there."""
    return handout.read(handout.FILE.read_text(encoding="utf-8")) if handout.FILE.is_file() else ()


def find(name: str) -> Exercise:
    """The exercise ``"3.2"``; ``ValueError`` with the ones there are if it is unknown."""
    match = re.fullmatch(r"(\d{1,2})\.\d+", name)
    known = exercises(f"{int(match[1]):02d}") if match and f"{int(match[1]):02d}" in chapters() else ()
    for exercise in known:
        if exercise.id == name:
            return exercise
    there = ", ".join(exercise.id for exercise in known) or ", ".join(e.id for c in chapters() for e in exercises(c))
    raise ValueError(f"there is no exercise {name!r}; there are: {there}")


_MISSING = object()


class Check:
    """The checker; the one instance is ``check``."""

    def __init__(self) -> None:
        self._progress = Progress()

    def __call__(self, name: str, answer: Any = _MISSING) -> None:
        """Check an answer and say in one sentence what is wrong; each further wrong answer brings a hint, up to three.

        Args:
            name: the exercise, such as ``"3.2"``.
            answer: the function, or the value, that you wrote.
        """
        name = str(name).strip()
        try:
            exercise = find(name)
        except ValueError as error:
            print(f"{error}")
            return
        except ImportError as error:
            print(f"{error}: run `make install` in the course's folder, and choose the kernel of its .venv.")
            return
        if answer is _MISSING:
            print(f'{name} not answered yet: give your answer too, check("{exercise.id}", {exercise.name}).')
            return
        verdict = judge(exercise, answer)
        if not verdict.answered:
            print(f"{name} not answered yet: {verdict.sentence}, then run both cells again.")
            return
        entry = self._progress.record(exercise.id, verdict.passed, len(exercise.hints))
        if verdict.passed:
            print(f"{name} solved: {exercise.title}.")
            return
        print(f"{name} not yet: {verdict.sentence.rstrip('.')}.")
        if entry.hints and entry.solved is None:
            print(f"Hint {entry.hints} of {len(exercise.hints)}: {exercise.hints[entry.hints - 1]}")

    def progress(self, to: str | Path | None = None) -> None:
        """Show which exercises you have solved; ``to="progress.csv"`` (or ``.json``) also writes the table there."""
        if static():
            page.show(
                page.card("progress", "<p>Your progress is kept on your own machine, when you run the course.</p>"),
                "progress: kept when you run the course",
            )
            return
        rows = self.rows()
        solved = sum(row["solved"] != "" for row in rows)
        cells = [[row["exercise"], row["title"], row["tries"], row["hints"], str(row["solved"])[:10]] for row in rows]
        body = f'<p class="cc-title">{solved} of {len(rows)} exercises solved</p>'
        body += page.table(["exercise", "title", "tries", "hints", "solved on"], cells, "Your progress")
        page.show(page.card("progress", body), f"progress: {solved} of {len(rows)} solved")
        if to is not None:
            try:
                export(rows, Path(to))
            except (OSError, ValueError) as error:
                print(f"Not written: {error}.")

    def rows(self) -> list[dict[str, object]]:
        """The table of progress: every exercise of the course with tries, hints and the time it was solved."""
        entries = self._progress.entries()
        return [
            {
                "exercise": exercise.id,
                "title": exercise.title,
                "tries": entry.tries,
                "hints": entry.hints,
                "solved": entry.solved or "",
            }
            for chapter in chapters()
            for exercise in exercises(chapter)
            for entry in [entries.get(exercise.id, Entry())]
        ]


check = Check()
