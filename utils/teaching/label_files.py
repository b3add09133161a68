"""Labels in a file of the learner's: written whole or not at all, kept aside when broken, found by the texts.

A label belongs to its pair of texts, not to a place in a list. So a file may hold more pairs than are shown, and pairs
may change their order; what a file holds of other pairs stays in it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from utils.teaching.exercises.progress import Progress

SCHEMA = 1
LABELS = ("first", "second", "tie")

Pair = tuple[str, str, str]
"""A question and two answers."""


def default_file() -> Path:
    """`labels.json`, beside the learner's progress."""
    return Progress.path().with_name("labels.json")


def read_labels(path: Path) -> dict[Pair, str]:
    """The labels in a file by their pairs; none if there is no file. ``ValueError`` for one that holds no labels."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ValueError(f"{path.name} cannot be read: {error}") from error
    try:
        found = {(one["question"], one["first"], one["second"]): one["label"] for one in stored["pairs"]}
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path.name} holds no labels of this course: {error!r} in it") from error
    if wrong := [label for label in found.values() if label not in LABELS]:
        raise ValueError(f"{path.name} holds the label {wrong[0]!r}; labels are {', '.join(LABELS)}")
    if not all(isinstance(text, str) for pair in found for text in pair):
        raise ValueError(f"{path.name} holds a pair that is no text")
    return found


def write_labels(path: Path, labels: Mapping[Pair, str | None]) -> Path | None:
    """Put labels into a file, beside those of other pairs that it holds; None takes the label of a pair out.

    Returns where a broken file was put aside, or None. ``OSError`` where nothing can be written.
    """
    aside = None
    try:
        kept = read_labels(path)
    except ValueError:
        kept, aside = {}, _put_aside(path)
    kept = {pair: label for pair, label in {**kept, **labels}.items() if label}
    names = ("question", "first", "second", "label")
    rows = [dict(zip(names, (*pair, label), strict=True)) for pair, label in kept.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps({"schema": SCHEMA, "pairs": rows}, indent=1, ensure_ascii=False) + "\n", "utf-8")
    part.replace(path)
    return aside


def _put_aside(path: Path) -> Path:
    """Rename a broken file, over no other one."""
    number, aside = 1, path.with_suffix(".broken.json")
    while aside.exists():
        number += 1
        aside = path.with_suffix(f".broken-{number}.json")
    return path.replace(aside)
