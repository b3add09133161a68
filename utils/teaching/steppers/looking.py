"""Where a translator looks: choose a word that it writes, and see how it shares its attention over the source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from utils.teaching import page
from utils.teaching.steppers.frame import Step, choices, direction, label, quoted, stepper

TOLD, LEAST = 3, 0.05  # at most so many source words are named in the sentence, none with a smaller weight
SMALLEST = 0.005

_CSS = (
    ".course-stepper .st-look li{position:relative;isolation:isolate;min-width:3.4rem;unicode-bidi:plaintext}"
    '.course-stepper .st-look li::before{content:"";position:absolute;inset:0;z-index:-1;border-radius:4px;'
    "background:var(--c-mark);opacity:calc(.35*var(--w,0))}"
    '.course-stepper .st-look li::after{content:"";display:block;height:.4rem;margin:.1rem 0;border-radius:3px;'
    "background:linear-gradient(var(--st-way,90deg),var(--c-mark) calc(100%*var(--w,0)),var(--c-line) 0)}"
    ".course-stepper .st-look[dir=rtl] li{--st-way:270deg}"
    ".course-stepper .st-look li.st-most{border:2px solid var(--c-mark);font-weight:650}"
    ".course-stepper .st-look li small{min-height:1.5em;color:inherit}"
)


def looking_stepper(
    source: Sequence[str], target: Sequence[str], weights: Any, title: str = "Choose a word, see where it looks"
) -> None:
    """Show the weights of attention as a stepper, one step for each written word, each of which can be chosen.

    Args:
        source: S words that are looked at, with the sign for the end if the weights have a column for it.
        target: T written words, at least two, likewise. Words of any script run in their own direction.
        weights: T x S, a tensor or lists: a row of shares that sum to 1 for each written word.
        title: the stepper's title.
    """
    rows = _checked(source, target, weights)
    steps = [_step(source, word, row) for word, row in zip(target, rows, strict=True)]
    above = label("It writes: choose a word") + choices(target, "The written word that looks")
    stepper(title, steps, above, css=_CSS)


def _checked(source: Sequence[str], target: Sequence[str], weights: Any) -> list[list[float]]:
    rows: list[list[float]] = weights.tolist() if hasattr(weights, "tolist") else [list(row) for row in weights]
    widths = sorted({len(row) for row in rows})
    if not source or len(rows) != len(target) or widths != [len(source)]:
        shape = f"{len(rows)} rows of {widths} weights"
        raise ValueError(
            f"{shape} for {len(target)} written and {len(source)} source words: give a row for each written word"
        )
    for word, row in zip(target, rows, strict=True):
        if not (min(row) >= 0 and abs(sum(row) - 1) <= 0.01):
            raise ValueError(f"the weights of {word!r}, {row}, are no shares: none below 0, and their sum 1")
    return rows


def _step(source: Sequence[str], word: str, row: Sequence[float]) -> Step:
    best = sorted(range(len(row)), key=lambda k: -row[k])
    told = [k for k in best[:TOLD] if row[k] >= LEAST] or best[:1]
    items = "".join(_item(each, share, k == best[0]) for k, (each, share) in enumerate(zip(source, row, strict=True)))
    text = f"Writing {quoted(word)} it looks {', '.join(f'{row[k]:.2f} at {quoted(source[k])}' for k in told)}."
    picture = f'<ul class="st-chips st-look" dir="{direction(source)}">{items}</ul>'
    return Step(label("It looks at the source, with these weights") + picture, text)


def _item(word: str, share: float, most: bool) -> str:
    """A source word with its weight; no number and no bar below half a hundredth."""
    mark = ' class="st-most"' if most else ""
    weight, number = (f' style="--w:{share:.2f}"', f"{share:.2f}") if share >= SMALLEST else ("", "")
    return f"<li{mark}{weight}>{page.escape(word)}<small>{number}</small></li>"
