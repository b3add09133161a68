"""Vectors as strips of colour and as rows of bars, for steppers that show what a network holds."""

from __future__ import annotations

from collections.abc import Sequence

from utils.teaching import page

SHOWN = 16  # numbers of a vector that are drawn; more would be too narrow on a phone

_POSITIVE, _NEGATIVE = "#0072b2", "#d55e00"
CSS = (
    ".course-stepper .st-strip{height:1.4rem;max-width:24rem;border:1px solid var(--c-line);border-radius:4px}"
    ".course-stepper .st-bars{display:flex;align-items:flex-end;gap:2px;height:2.6rem;max-width:24rem;"
    "border-bottom:1px solid var(--c-muted)}"
    ".course-stepper .st-bars i{flex:1;min-height:1px;background:var(--c-mark)}"
)


def table(rows: Sequence[Sequence[float]], count: int, name: str) -> list[list[float]]:
    """One row of floats for each of `count` tokens, all of one width; ``ValueError`` with what is wrong."""
    made = [[float(value) for value in row] for row in rows]
    widths = {len(row) for row in made}
    if len(made) != count or len(widths) != 1 or not made[0]:
        raise ValueError(
            f"{name} holds {len(made)} rows of {sorted(widths)} numbers; there must be one row for each of the "
            f"{count} tokens, all of the same size"
        )
    return made


def strip(values: Sequence[float], largest: float, says: str = "") -> str:
    """The first numbers of a vector as cells: blue positive, orange negative, the stronger the nearer to `largest`."""
    some = list(values)[:SHOWN]
    stops = []
    for k, value in enumerate(some):
        alpha = round(255 * min(1.0, abs(value) / (largest or 1.0)))
        colour = f"{_POSITIVE if value > 0 else _NEGATIVE}{alpha:02x}"
        stops.append(f"{colour} {100 * k / len(some):.4g}% {100 * (k + 1) / len(some):.4g}%")
    said = f' role="img" aria-label="{page.escape(says)}"' if says else ""
    return f'<div class="st-strip"{said} style="background:linear-gradient(90deg,{",".join(stops)})"></div>'


def bars(shares: Sequence[float], says: str) -> str:
    """The first shares (0 to 1) of a vector as bars side by side."""
    drawn = "".join(f'<i style="height:{100 * share:.0f}%"></i>' for share in list(shares)[:SHOWN])
    return f'<div class="st-bars" role="img" aria-label="{page.escape(says)}">{drawn}</div>'


def biggest_change(before: Sequence[float], after: Sequence[float]) -> str:
    """Which of the numbers that are drawn changed most, as a part of a sentence."""
    drawn = min(SHOWN, len(after))
    k = max(range(drawn), key=lambda place: abs(after[place] - before[place]))
    return f"number {k + 1} of the {drawn} drawn, from {before[k]:.2f} to {after[k]:.2f}"
