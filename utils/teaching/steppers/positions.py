"""Sinusoidal positions: each pair of numbers is the hand of a clock, and moving on turns every hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from utils.teaching import page
from utils.teaching.steppers.frame import Step, choices, label, stepper

if TYPE_CHECKING:
    from torch import Tensor


def positions_stepper(width: int = 16, length: int = 10, shift: int = 3, title: str = "Where a word stands") -> None:
    """Show the sinusoids of `utils.models.transformer.sinusoids`, one step for each position.

    Each pair (sine, cosine) is drawn as the hand of a clock; a dashed hand stands `shift` positions later.

    Args:
        width: how many numbers a position has, even.
        length: how many positions are shown.
        shift: how far ahead the dashed hands stand, at least 1.
        title: the stepper's title.
    """
    if width < 2 or width % 2 or length < 2 or shift < 1:
        raise ValueError(
            f"width {width} must be even and at least 2, length {length} at least 2, shift {shift} at least 1"
        )
    import torch

    from utils.models.transformer import sinusoids

    table = sinusoids(torch.arange(length + shift, dtype=torch.float64), width)  # (length + shift, width)
    steps = [_step(table, position, length, shift) for position in range(length)]
    above = label(f"The table: {length} positions down, {width} numbers across; blue is positive, orange negative")
    above += _picture(table[:length]) + label("Choose a position")
    above += choices([str(k) for k in range(length)], "The position")
    stepper(title, steps, above, css=page.asset("positions.css"))


def _picture(table: Tensor) -> str:
    """The whole table as patches; a click on a row leads to its step."""
    rows = "".join(
        f'<g data-step="{y}">{_patches(y, row)}<rect y="{y}" width="{len(row)}" height="1"/></g>'
        for y, row in enumerate(table.tolist())
    )
    size = f"{len(table[0])} {len(table)}"
    said = "In the columns on the left the sign changes every few rows, on the right it hardly changes at all"
    return (
        f'<svg class="st-table" viewBox="0 0 {size}" preserveAspectRatio="none" role="img" aria-label="{said}">'
        f"{rows}</svg>"
    )


def _patches(y: int, row: Sequence[float]) -> str:
    return "".join(
        f'<path{" class=st-minus" if value < 0 else ""} d="M{x} {y}h1v1H{x}z" opacity="{abs(value):.2f}"/>'
        for x, value in enumerate(row)
        if abs(value) >= 0.005
    )


def _step(table: Tensor, position: int, length: int, shift: int) -> Step:
    here, ahead = table[position], table[position + shift]
    pairs, later = here.unflatten(0, (-1, 2)).tolist(), ahead.unflatten(0, (-1, 2)).tolist()
    dials = "".join(_dial(pair, after) for pair, after in zip(pairs, later, strict=True))
    products = (table[:length] @ here / (len(here) / 2)).tolist()
    picture = label(f"Its hands, and dashed those of position {position + shift}, {shift} later")
    picture += f'<div class="st-dials" aria-hidden="true">{dials}</div>'
    picture += label("How alike it is to each position: dot product, 1 with itself")
    picture += _bars(products, position)
    turns = [_turned(pair, after) for pair, after in zip(pairs, later, strict=True)]
    alike = float(here @ ahead / (len(here) / 2))
    text = (
        f"Position {position}. {shift} positions later the first hand has turned by {turns[0]:.0f}°, the last by "
        f"{turns[-1]:.2f}°, and the dot product with that position is {alike:.3f}: from every position the same, since "
        "only the distance turns the hands."
    )
    return Step(picture, text)


def _turned(pair: list[float], later: list[float]) -> float:
    """The angle from one hand (sine, cosine) to the other, from 0 to 360 degrees."""
    return math.degrees(math.atan2(later[0], later[1]) - math.atan2(pair[0], pair[1])) % 360


def _dial(pair: list[float], later: list[float]) -> str:
    """A clock whose hand stands upright at position 0 and turns clockwise."""
    turn = _turned(pair, later)
    here, ahead = (f"{17 * sine:.1f} {-17 * cosine:.1f}" for sine, cosine in (pair, later))
    return (
        f'<figure><svg viewBox="-20 -20 40 40"><path d="M0 0L{here}A17 17 0 {int(turn > 180)} 1 {ahead}z"/>'
        f'<path d="M0 0L{ahead}"/><path d="M0 0L{here}"/></svg>+{turn:.3g}°</figure>'
    )


def _bars(products: Sequence[float], position: int) -> str:
    """A bar for each position, that of `position` itself marked; below zero there is none."""
    bars = [f"M{30 * k + 5} 50v{-45 * max(product, 0.0):.1f}h20V50z" for k, product in enumerate(products)]
    words = "".join(f'<text x="{30 * k + 15}" y="64">{k}</text>' for k in range(len(products)))
    return (
        f'<svg class="st-bars" viewBox="0 0 {30 * len(products)} 70" aria-hidden="true"><path d="{"".join(bars)}"/>'
        f'<path d="{bars[position]}"/>{words}</svg>'
    )
