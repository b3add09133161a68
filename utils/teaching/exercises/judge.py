"""Judging an answer: pass, or one sentence that says what is wrong. No exception of a learner's code gets out."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from utils.teaching.exercises.handout import Sealed
from utils.teaching.exercises.mishaps import Endless, explain, time_limit
from utils.teaching.exercises.model import Exercise

SECONDS = 20.0  # a solution takes a fraction of one


@dataclass(frozen=True)
class Verdict:
    """How an answer fared; `sentence` is empty if it passed, `answered` is False for an untouched stub."""

    passed: bool
    sentence: str = ""
    answered: bool = True


def judge(exercise: Exercise, answer: Any) -> Verdict:
    """Compare an answer with the solution on the hidden cases, and recognise known misconceptions."""
    if answer is ...:
        return Verdict(False, f"`{exercise.name}` is still `...`; put your answer there", answered=False)
    try:
        with time_limit(SECONDS):
            return _compared(exercise, answer)
    except (Exception, Endless, KeyboardInterrupt, SystemExit) as error:
        return Verdict(False, explain(error, answer))


def _compared(exercise: Exercise, answer: Any) -> Verdict:
    if not exercise.value and (sentence := _not_callable(exercise, answer)):
        return Verdict(False, sentence)
    given = exercise.run(answer)
    if any(one is ... for one in given):
        return Verdict(False, f"`{exercise.name}` still returns `...`; write its body", answered=False)
    right = exercise.expected()
    if all(map(same, given, right)):
        return Verdict(True)
    for results, message in exercise.mistaken():
        if all(map(same, given, results)):
            return Verdict(False, message)
    return Verdict(False, _first_difference(exercise, given, right))


def _not_callable(exercise: Exercise, answer: Any) -> str:
    if not callable(answer):
        return f'give the function itself, `check("{exercise.id}", {exercise.name})`, not {short(answer)}'
    try:
        inspect.signature(answer).bind(*exercise.cases[0].arguments())
    except TypeError as error:
        return f"`{exercise.name}` cannot be called with what the exercise asks for: {error}"
    except ValueError:
        pass  # a built-in without a signature: let the call decide
    return ""


def _first_difference(exercise: Exercise, given: list[Any], right: list[Any]) -> str:
    for k, (ours, theirs) in enumerate(zip(given, right, strict=True)):
        if same(ours, theirs):
            continue
        if exercise.value:
            if ours is None:
                return f"`{exercise.name}` is None; assign the answer itself to it"
            return f"{short(ours)} is not right" + (f": {reason}" if (reason := _form(ours, theirs, "")) else "")
        start = f"for {exercise.cases[k].says} it returns"
        if ours is None:
            return f"{start} None: does every path end in a `return`? `print` shows a value and returns nothing"
        return f"{start} {_form(ours, theirs) or f'{short(ours)}, where {short(theirs)} is right'}"
    raise AssertionError("no difference between the answer and the solution")


def _form(ours: Any, theirs: Any, shown: str | None = None) -> str:
    """What differs before any number does: kind, shape, length; `shown` replaces what would be right."""
    shapes = getattr(ours, "shape", None), getattr(theirs, "shape", None)
    if all(shape is not None for shape in shapes):
        ours_shape, theirs_shape = map(tuple, shapes)  # type: ignore[arg-type]
        return f"the shape {ours_shape}, where {theirs_shape} is right" if ours_shape != theirs_shape else ""
    kinds = _kind(ours), _kind(theirs)
    if kinds[0] != kinds[1]:
        return f"a {kinds[0]}, where a {kinds[1]} is right"
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        return _entries(ours, theirs)
    if kinds[0] == "list" and len(ours) != len(theirs):
        solution = f" ({short(theirs)})" if shown is None else shown
        return f"{len(ours)} items ({short(ours)}), where {len(theirs)} are right{solution}"
    return ""


def _entries(ours: Mapping[Any, Any], theirs: Mapping[Any, Any]) -> str:
    """Which entries of a mapping are wrong, without what would be right."""
    if missing := [repr(key) for key in theirs if key not in ours]:
        return f"there is no entry for {', '.join(missing)}"
    if unknown := [repr(key) for key in ours if key not in theirs]:
        return f"nobody asked for {', '.join(unknown)}"
    wrong = [f"{key!r} ({short(ours[key])})" for key in theirs if not same(ours[key], theirs[key])]
    return f"look again at {', '.join(wrong)}"


def _kind(value: Any) -> str:
    if isinstance(value, Sealed):
        return {"int": "number", "float": "number", "str": "text"}.get(value.kind, value.kind)
    if getattr(value, "shape", None) == () or (isinstance(value, int | float) and not isinstance(value, bool)):
        return "number"
    if hasattr(value, "shape"):
        return "tensor"
    return {"tuple": "list", "dict": "mapping", "str": "text"}.get(type(value).__name__, type(value).__name__)


def same(ours: Any, theirs: Any, tolerance: float = 1e-4) -> bool:
    """Whether two answers are equal: numbers to a relative tolerance, tensors by shape and value, lists like tuples."""
    if hasattr(theirs, "shape") and hasattr(ours, "shape") and tuple(ours.shape) != tuple(theirs.shape):
        return False
    ours, theirs = (value.tolist() if hasattr(value, "tolist") else value for value in (ours, theirs))
    if isinstance(theirs, Sealed):
        return theirs.opens(ours)
    if isinstance(ours, list | tuple) and isinstance(theirs, list | tuple):
        return len(ours) == len(theirs) and all(same(a, b, tolerance) for a, b in zip(ours, theirs, strict=True))
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key], tolerance) for key in theirs)
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    if isinstance(ours, int | float) and isinstance(theirs, int | float):
        return math.isclose(ours, theirs, rel_tol=tolerance, abs_tol=1e-6)
    return type(ours) is type(theirs) and bool(ours == theirs)


def short(value: Any, limit: int = 80) -> str:
    """A value in one short line."""
    shape = tuple(getattr(value, "shape", ()))
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple) and all(isinstance(item, float) for item in value):
        text = "[" + ", ".join(f"{item:.4g}" for item in value) + "]"
    else:
        text = " ".join(repr(value).split())
    if len(text) <= limit:
        return text
    return f"a tensor of shape {shape}" if shape else text[: limit - 3] + "..."
