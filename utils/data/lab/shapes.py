"""The four shapes of a sequence problem (and the fifth, which has no sequence), told from examples.

The names follow Karpathy 2015, "The Unreasonable Effectiveness of Recurrent Neural Networks".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

ONE_TO_ONE = "one to one"
ONE_TO_MANY = "one to many"
MANY_TO_ONE = "many to one"
SYNCHRONOUS = "synchronous many to many"
ASYNCHRONOUS = "asynchronous many to many"
SHAPES = (ONE_TO_ONE, ONE_TO_MANY, MANY_TO_ONE, SYNCHRONOUS, ASYNCHRONOUS)


def steps(side: Any) -> int:
    """How many steps an input or an output takes: the length of a list or tuple; a number or a text is one step.

    What is read at once, such as a picture, is one step: wrap it, `[picture]`. A text counts as one word: cut it up
    where its letters or words are the steps.
    """
    if isinstance(side, str) or not hasattr(side, "__len__"):
        return 1
    if not len(side):
        raise ValueError(f"{side!r} is empty: an input and an output have at least one step")
    return len(side)


def shape_of(examples: Sequence[tuple[Any, Any]], aligned: bool | None = None) -> str:
    """Which of `SHAPES` a set of (input, output) pairs has.

    Args:
        examples: the pairs; `steps` says how their sides are counted.
        aligned: whether output t belongs to input t. Without it, equal lengths in all examples are taken for a sign of
            that; pass False where lengths agree by rule and yet no output belongs to the input in its place, as when a
            sentence is turned round.
    """
    if not examples:
        raise ValueError("there are no examples: at least one pair (input, output) shows a shape")
    lengths = [(steps(source), steps(target)) for source, target in examples]
    if aligned and (unequal := [k for k, (a, b) in enumerate(lengths) if a != b]):
        source, target = lengths[unequal[0]]
        raise ValueError(
            f"example {unequal[0]} has {source} inputs and {target} outputs: they cannot be aligned one to one"
        )
    many_in, many_out = (max(side) > 1 for side in zip(*lengths, strict=True))
    if not (many_in and many_out):
        return {(False, False): ONE_TO_ONE, (False, True): ONE_TO_MANY, (True, False): MANY_TO_ONE}[many_in, many_out]
    equal = all(source == target for source, target in lengths)
    return SYNCHRONOUS if equal and aligned is not False else ASYNCHRONOUS
