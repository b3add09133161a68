"""The cells of a chapter's exercises, made from the registry, and the comparison of a notebook with them."""

from __future__ import annotations

from typing import Any

from utils.teaching import page
from utils.teaching.exercises.checking import exercises, find
from utils.teaching.exercises.model import Exercise


def cells(chapter: str) -> list[dict[str, Any]]:
    """For each exercise four cells: task, stub, check, folded solution; as ``cell_type``, ``source`` and ``tags``.

    In a package without solutions there are three.
    """
    return [cell for exercise in exercises(chapter) for cell in _cells(exercise)]


def _cells(exercise: Exercise) -> list[dict[str, Any]]:
    made = [
        {"cell_type": "markdown", "source": task(exercise), "tags": ["exercise"]},
        {"cell_type": "code", "source": exercise.stub, "tags": ["exercise-stub"]},
        {"cell_type": "code", "source": f'check("{exercise.id}", {exercise.name})', "tags": ["exercise-check"]},
    ]
    if exercise.held:
        return made
    return [*made, {"cell_type": "markdown", "source": solution_html(exercise.id), "tags": ["exercise-solution"]}]


def task(exercise: Exercise) -> str:
    """The task in Markdown, with its difficulty and time."""
    level = ("easy", "medium", "hard")[exercise.difficulty - 1]
    head = f"### Exercise {exercise.id} · {exercise.title}"
    return f"{head}\n\n*{level}, about {exercise.minutes} minutes*\n\n{exercise.task.strip()}"


def solution_html(name: str) -> str:
    """The folded solution of exercise ``name``, as Markdown inside ``<details>``."""
    exercise = find(name)
    text = f"```python\n{exercise.solution_source}\n```"
    if exercise.explanation:
        text += f"\n\n{exercise.explanation.strip()}"
    return f"<details>\n<summary>Solution of exercise {exercise.id}</summary>\n\n{text}\n\n</details>"


def show_stub(name: str) -> None:
    """Show what exercise ``name`` starts from, for copying it anew."""
    code = page.escape(find(name).stub)
    page.show(page.card("stub", f"<pre><code>{code}</code></pre>"), find(name).stub)


def drift(chapter: str, notebook: dict[str, Any]) -> list[str]:
    """Where a notebook differs from the registry, in sentences: missing, changed or out of order."""
    sources = ["".join(cell["source"]).strip() for cell in notebook["cells"]]
    found, last = [], -1
    for cell, exercise in zip(cells(chapter), (e for e in exercises(chapter) for _ in range(4)), strict=True):
        kind = cell["tags"][0]
        if cell["source"] not in sources:
            found.append(f"{exercise.id}: no cell equals the registry's {kind}")
            continue
        place = sources.index(cell["source"])
        if place < last:
            found.append(f"{exercise.id}: the {kind} stands before what it belongs to")
        last = max(last, place)
    return found
