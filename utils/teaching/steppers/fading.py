"""The fading gradient: how much of it is left after d steps back, for each cell, on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from utils.teaching import page
from utils.teaching.steppers.frame import Step, label, percent, stepper, track

_CSS = (
    ".course-stepper .fd-rows{grid-template-columns:minmax(4.5rem,max-content) 1fr 8.5rem}"
    "@media(max-width:520px){.course-stepper .fd-rows{grid-template-columns:1fr 8.5rem}"
    ".course-stepper .fd-rows .st-word{grid-column:1/-1;text-align:left}}"
)
_DECADES = 10  # powers of ten that the bars span at most


def fading_stepper(
    curves: Mapping[str, Sequence[float]],
    distances: Sequence[int],
    title: str = "How far back does the gradient reach?",
) -> None:
    """Show how the gradient fades with distance, one step for each distance.

    Args:
        curves: for each cell, before or after training, the size of the gradient at each distance; shown is the share
            of its value at the first distance.
        distances: how many words back, growing; at least two.
        title: the stepper's title.
    """
    if not curves or len(distances) < 2 or list(distances) != sorted(set(distances)):
        raise ValueError(f"there are {len(curves)} curves at distances {list(distances)}; give growing distances")
    left = {name: _shares(name, sizes, len(distances)) for name, sizes in curves.items()}
    everything = [share for shares in left.values() for share in shares]
    top = math.ceil(math.log10(max(everything)) - 1e-9)
    smallest = min((share for share in everything if share > 0), default=1.0)
    bottom = max(min(math.floor(math.log10(smallest)), top - 2), top - _DECADES)
    steps = [
        _step(k, distance, distances[0], {name: shares[k] for name, shares in left.items()}, (bottom, top))
        for k, distance in enumerate(distances)
    ]
    scale = label(
        f"The bars are logarithmic: from {_power(bottom)} or less (empty) to {_power(top)} (full), so each "
        f"{_part(top - bottom)} of the width is a factor of ten"
    )
    stepper(title, steps, above=scale, css=_CSS)


def _shares(name: str, sizes: Sequence[float], count: int) -> list[float]:
    values = [float(size) for size in sizes]
    if len(values) != count or not all(math.isfinite(value) and value >= 0 for value in values) or values[0] == 0:
        raise ValueError(
            f"curve {name!r} is {values}; it must hold {count} finite sizes, none below 0 and the first above 0"
        )
    return [value / values[0] for value in values]


def _step(k: int, distance: int, first: int, shares: Mapping[str, float], scale: tuple[int, int]) -> Step:
    bottom, top = scale
    rows = ""
    for name, share in shares.items():
        width = (math.log10(share) - bottom) / (top - bottom) if share > 0 else 0.0
        rows += (
            f'<span class="st-word">{page.escape(name)}</span>{track(min(max(width, 0.0), 1.0), picked=True)}'
            f'<span class="st-share">{spoken(share)}</span>'
        )
    said = "; ".join(f"{name}: {spoken(share)}" for name, share in shares.items())
    if k == 0:
        text = f"{_back(distance)}. Everything is measured against the gradient here, so each bar stands for 1."
    else:
        text = f"{_back(distance)}. Of the gradient at distance {first} is left: {said}."
    return Step(f'<div class="st-rows fd-rows">{rows}</div>', text)


def _back(distance: int) -> str:
    return (
        "At the last word itself" if distance == 0 else "One word back" if distance == 1 else f"{distance} words back"
    )


def _power(exponent: int) -> str:
    """10 to the power of `exponent`, as one would say it."""
    if exponent >= 0:
        return f"{10**exponent:,}"
    for least, name in ((9, "billion"), (6, "million")):
        if -exponent >= least:
            return f"1 in {10 ** (-exponent - least):,} {name}"
    return f"1 in {10**-exponent:,}"


def _part(parts: int) -> str:
    names = {2: "half", 3: "third", 4: "quarter"}
    return names.get(parts, f"{parts}th")


def spoken(share: float) -> str:
    """A share as one would say it: times, per cent, or one in so many."""
    if share >= 1.995:
        return f"{share:,.2g} times" if share < 99.5 else f"{share:,.0f} times"
    if share >= 0.0095:
        return percent(share)
    if share <= 0:
        return "nothing"
    if share < 1e-9:
        return "under 1 in a billion"
    digits = 10 ** (math.floor(-math.log10(share)) - 1)
    count = round(1 / share / digits) * digits
    return f"1 in {count / 1e6:g} million" if count >= 1e6 else f"1 in {count:,}"
