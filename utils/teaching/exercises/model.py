"""What an exercise is: a task, a solution that runs, cases, hints, and the wrong answers that people give.

The stub and the folded solution of a notebook are made from the source of the solution, so they cannot drift apart.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pprint import pformat
from typing import Any


@dataclass(frozen=True)
class Case:
    """One input that the chapter does not show: `says` names it in a sentence, `arguments` makes it anew."""

    says: str
    arguments: Callable[[], tuple[Any, ...]]


@dataclass(frozen=True)
class Wrong:
    """A plausible wrong answer (a function, or the value itself) and the sentence that names its misconception."""

    answer: Any
    message: str


@dataclass(frozen=True)
class Held:
    """What stands for a solution in a package that holds none: its stub, and what it and the wrong answers give."""

    stub: str
    right: list[Any]
    mistakes: tuple[list[Any], ...]


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes:
        id: chapter and number, such as ``"3.2"``.
        task: what to do, in Markdown.
        difficulty: 1 to 3.
        minutes: what a learner may plan for it.
        solution: the reference function; for a value, a function without arguments that works it out.
        cases: hidden inputs; none for a value.
        hints: up to three, given call by call.
        wrong: at least two plausible wrong answers.
        explanation: Markdown below the folded solution.
        value: for a value, the name that the learner assigns; empty for a function.
        held: in a package for a class, what answers are compared with instead of the solution.
    """

    id: str
    title: str
    task: str
    difficulty: int
    minutes: int
    solution: Callable[..., Any]
    hints: tuple[str, ...]
    wrong: tuple[Wrong, ...]
    cases: tuple[Case, ...] = ()
    explanation: str = ""
    value: str = ""
    held: Held | None = None
    chapter: str = field(init=False)

    def __post_init__(self) -> None:
        chapter, _, number = self.id.partition(".")
        if not (chapter.isdigit() and number.isdigit()):
            raise ValueError(f"id {self.id!r} must be CHAPTER.NUMBER, such as '3.2'")
        if not 1 <= self.difficulty <= 3 or not 1 <= len(self.hints) <= 3 or len(self.wrong) < 2:
            raise ValueError(f"exercise {self.id} needs a difficulty from 1 to 3, 1 to 3 hints and 2 wrong answers")
        if bool(self.cases) == bool(self.value):
            raise ValueError(f"exercise {self.id} needs either cases (a function) or the name of its value")
        object.__setattr__(self, "chapter", f"{int(chapter):02d}")

    @property
    def name(self) -> str:
        """What the learner defines."""
        return self.value or self.solution.__name__

    @property
    def stub(self) -> str:
        """The source that the learner starts from; it runs, and gives ``...``."""
        if self.held:
            return self.held.stub
        if self.value:
            return f"{self.value} = ..."
        source = _source(self.solution)
        function = ast.parse(source).body[0]
        assert isinstance(function, ast.FunctionDef)
        described = function.body[0].end_lineno
        return "\n".join([*source.splitlines()[:described], "    return ...  # your code"])

    @property
    def solution_source(self) -> str:
        """The reference solution as a learner would have written it; ``ValueError`` in a package without solutions."""
        if self.held:
            raise ValueError(f"the solution of exercise {self.id} is not in this package")
        if not self.value:
            return _source(self.solution)
        value = pformat(self.solution(), width=100, sort_dicts=False)
        if "\n" in value:  # one entry a line, as one would write it
            value = f"{value[0]}\n {value[1:-1]},\n{value[-1]}".replace("\n ", "\n    ")
        return f"{self.value} = {value}".replace("'", '"')

    def run(self, answer: Any) -> list[Any]:
        """What ``answer`` gives for every case, each with fresh arguments; for a value, the value."""
        if self.value:
            return [answer() if callable(answer) else answer]
        return [answer(*case.arguments()) for case in self.cases]

    def expected(self) -> list[Any]:
        """What the solution gives for every case."""
        return self.held.right if self.held else self.run(self.solution)

    def mistaken(self) -> Iterator[tuple[list[Any], str]]:
        """What each plausible wrong answer gives for every case, and its sentence."""
        for k, wrong in enumerate(self.wrong):
            yield (self.held.mistakes[k] if self.held else self.run(wrong.answer)), wrong.message


def _source(function: Callable[..., Any]) -> str:
    return textwrap.dedent(inspect.getsource(function)).rstrip()
