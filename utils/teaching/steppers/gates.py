"""The gates over a sentence: at each word what every unit keeps, takes in and shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from utils.teaching.steppers.frame import Step, choices, label, percent, quoted, stepper
from utils.teaching.steppers.strips import CSS, SHOWN, bars, biggest_change, strip, table

# What a gate is for, by its name in `utils.models.rnn`; other names are shown without it.
_MEANS = {
    "forget": "how much of the old cell stays",
    "input": "how much of the new value comes in",
    "output": "how much of the cell is shown",
    "update": "how much of the old state stays",
    "reset": "how much of the old state the new value may see",
}


def gates_stepper(
    tokens: Sequence[str],
    gates: Mapping[str, Sequence[Sequence[float]]],
    cell: Sequence[Sequence[float]],
    title: str = "The gates, word by word",
) -> None:
    """Show how the gates of an LSTM or a GRU stand at each word of a sentence.

    Args:
        tokens: at least two words, in the order in which they are read.
        gates: for each gate, such as ``"input"``, ``"forget"`` and ``"output"``, and each token the openness of every
            unit, from 0 (shut) to 1 (open).
        cell: for each token the cell after it (for a GRU, the state), as many numbers as a gate has.
        title: the stepper's title.
    """
    if len(tokens) < 2 or not gates:
        raise ValueError(f"there are {len(tokens)} tokens and {len(gates)} gates; give at least two words and one gate")
    opened = {name: table(rows, len(tokens), f"gate {name!r}") for name, rows in gates.items()}
    cells = table(cell, len(tokens), "cell")
    for name, rows in opened.items():
        if len(rows[0]) != len(cells[0]):
            raise ValueError(f"gate {name!r} has {len(rows[0])} units and the cell {len(cells[0])}; they must agree")
        if not all(0 <= value <= 1 for row in rows for value in row):
            raise ValueError(f"gate {name!r} holds numbers outside 0 to 1: give it after the sigmoid")
    steps = [_step(k, tokens, opened, cells) for k in range(len(tokens))]
    units = len(cells[0])
    which = f"the first {SHOWN} of {units} units" if units > SHOWN else f"each of the {units} units"
    above = choices(tokens, "Choose a word") + label(f"A bar for {which}: as high as its gate is open")
    stepper(title, steps, above=above, css=CSS)


def _step(k: int, tokens: Sequence[str], gates: Mapping[str, list[list[float]]], cells: list[list[float]]) -> Step:
    units, largest = len(cells[0]), max(abs(value) for row in cells for value in row)
    picture, said = "", []
    for name, rows in gates.items():
        now, mean = _mean(rows[k]), _mean([_mean(row) for row in rows])
        said.append(f"{name} {percent(now)} (over the sentence {percent(mean)})")
        meaning = f", {_MEANS[name]}" if name in _MEANS else ""
        picture += label(f"{name[:1].upper()}{name[1:]}{meaning}: {percent(now)} open on average")
        picture += bars(rows[k], f"Openness of the {name} gate's units")
    before = cells[k - 1] if k else [0.0] * units
    picture += label("The same units of the cell before this word: blue is positive, orange negative")
    picture += strip(before, largest) + label("and after it") + strip(cells[k], largest)
    text = f"Word {k + 1} of {len(tokens)}, {quoted(tokens[k])}. Open on average: {', '.join(said)}. "
    return Step(picture, text + f"The cell changes most in {biggest_change(before, cells[k])}.")


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
