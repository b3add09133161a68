"""Exercises without their solutions, for a class: what every answer is compared with, kept as data.

`written()` makes one JSON text of all exercises: task, stub, hints, the inputs of the hidden cases, and what the
solution and each wrong answer *give* for them. `read()` makes exercises of it again, which judge as the full ones do.
`make handout` puts the text beside this module and leaves out the modules that hold solutions.

Where an exercise asks for a value, what the solution gives would be the answer itself. So it is sealed: instead of
each number and word there is a hash, which tells whether an answer is right and not what would be.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from utils.teaching.exercises.model import Case, Exercise, Held, Wrong

FILE = Path(__file__).with_name("handout.json")
_PLAIN = ("id", "title", "task", "difficulty", "minutes", "value")


def written(exercises: Iterable[Exercise]) -> str:
    """All that a class needs of these exercises, as one JSON text."""
    return json.dumps([_entry(exercise) for exercise in exercises], ensure_ascii=False)


def read(text: str) -> tuple[Exercise, ...]:
    """The exercises that `written` wrote, without solutions."""
    return tuple(map(_exercise, json.loads(text)))


def _entry(exercise: Exercise) -> dict[str, Any]:
    keep: Callable[[Any], Any] = pack if exercise.cases else lambda value: pack(sealed(value, exercise.id))
    own = {f.name for f in fields(exercise)} - {f.name for f in fields(Exercise)}
    return {name: getattr(exercise, name) for name in _PLAIN} | {
        "kind": type(exercise).__name__,
        "name": exercise.name,
        "stub": exercise.stub,
        "hints": list(exercise.hints),
        "cases": [[case.says, pack(case.arguments())] for case in exercise.cases],
        "right": keep(exercise.expected()),
        "wrong": [[message, keep(results)] for results, message in exercise.mistaken()],
        "own": {name: pack(getattr(exercise, name)) for name in own},
    }


def _exercise(entry: dict[str, Any]) -> Exercise:
    from utils.teaching.exercises import contests

    def withheld(*_: Any, **__: Any) -> Any:
        raise ValueError(f"the solution of exercise {entry['id']} is not in this package")

    withheld.__name__ = entry["name"]
    kind = {"Exercise": Exercise, "Attack": contests.Attack, "Defend": contests.Defend}[entry["kind"]]
    mistakes = tuple(unpack(results) for _, results in entry["wrong"])
    made: Exercise = kind(
        **{name: entry[name] for name in _PLAIN},
        solution=withheld,
        hints=tuple(entry["hints"]),
        wrong=tuple(Wrong(None, message) for message, _ in entry["wrong"]),
        cases=tuple(_case(says, arguments) for says, arguments in entry["cases"]),
        held=Held(entry["stub"], unpack(entry["right"]), mistakes),
        **{name: unpack(value) for name, value in entry["own"].items()},
    )
    return made


def _case(says: str, arguments: Any) -> Case:
    return Case(says, lambda: tuple(unpack(arguments)))


def pack(value: Any) -> Any:
    """A value as JSON: what JSON has no word for becomes a mapping with the name of its kind."""
    from utils.teaching.exercises.props import PROPS

    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list):
        return [pack(one) for one in value]
    if isinstance(value, tuple):
        return {"tuple": [pack(one) for one in value]}
    if isinstance(value, set):
        return {"set": [pack(one) for one in sorted(value)]}
    if isinstance(value, dict):
        return {"dict": [[pack(key), pack(one)] for key, one in value.items()]}
    if isinstance(value, Sealed):
        return {"sealed": [value.kind, value.salt, value.digest]}
    if hasattr(value, "dtype"):
        return {"tensor": [str(value.dtype).removeprefix("torch."), list(value.shape), value.flatten().tolist()]}
    if PROPS.get(type(value).__name__) is type(value):
        return {"prop": [type(value).__name__, {f.name: getattr(value, f.name) for f in fields(value) if f.init}]}
    raise ValueError(f"a {type(value).__name__} cannot be handed out; put its class into props.py")


def unpack(value: Any) -> Any:
    """The value that `pack` wrote, made anew."""
    if isinstance(value, list):
        return [unpack(one) for one in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tensor":
        import torch

        dtype, shape, numbers = content
        return torch.tensor(numbers, dtype=getattr(torch, dtype)).reshape(shape)
    if kind == "prop":
        from utils.teaching.exercises.props import PROPS

        return PROPS[content[0]](**unpack({"dict": [[k, v] for k, v in content[1].items()]}))
    if kind == "dict":
        return {unpack(key): unpack(one) for key, one in content}
    if kind == "sealed":
        return Sealed(*content)
    return {"tuple": tuple, "set": set}[kind](unpack(one) for one in content)


@dataclass(frozen=True)
class Sealed:
    """A number, word or truth value that can be recognised but not read; `kind` is its type's name."""

    kind: str
    salt: str
    digest: str

    def opens(self, value: Any) -> bool:
        """Whether `value` is what was sealed; numbers to about four digits."""
        if isinstance(value, bool) or self.kind == "bool" or not isinstance(value, int | float):
            return type(value).__name__ == self.kind and _digest(self.salt, repr(value)) == self.digest
        near = (value, value * (1 - 1e-4), value * (1 + 1e-4))
        return self.kind in ("int", "float") and any(_digest(self.salt, _digits(one)) == self.digest for one in near)


def sealed(value: Any, salt: str) -> Any:
    """`value` with each number, word and truth value sealed; lists, tuples and keys stay open."""
    if isinstance(value, list | tuple):
        return type(value)(sealed(one, f"{salt}/{k}") for k, one in enumerate(value))
    if isinstance(value, dict):
        return {key: sealed(one, f"{salt}/{key}") for key, one in value.items()}
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return Sealed(type(value).__name__, salt, _digest(salt, _digits(value) if number else repr(value)))


def _digits(number: float) -> str:
    return f"{0.0 if abs(number) < 1e-6 else number:.4g}"


def _digest(salt: str, text: str) -> str:
    return hashlib.sha256(f"{salt}={text}".encode()).hexdigest()
