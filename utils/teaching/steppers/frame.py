"""The stepper: a sequence of pictures with a sentence each, which a reader walks through by mouse or keyboard.

Self-contained HTML with its style and script, no network, no ids (so any number fits on a page). All steps lie in the
same place and one is visible: the height stays, as Colab's frames need. Buttons and a slider move it; on a button the
arrow keys, Home and End do too; each new step is announced to screen readers. Nothing moves unless asked.
What bears `data-step` in a picture (counted from 0) leads to that step when clicked, and is marked while it is on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import bidirectional

from utils.teaching import page

LIMIT = 60_000  # bytes of one stepper

_BUTTONS = (("first", "First"), ("back", "Back"), ("next", "Next"), ("last", "Last"))


@dataclass(frozen=True)
class Step:
    """One step: `picture` is HTML or SVG made by code, `text` a sentence (escaped; backticks make code)."""

    picture: str
    text: str


def stepper(title: str, steps: Sequence[Step], above: str = "", css: str = "") -> None:
    """Show a stepper.

    Args:
        title: what it shows.
        steps: at least two.
        above: HTML that stays the same in all steps.
        css: further style that travels with it.
    """
    page.show(stepper_html(title, steps, above, css), f"stepper: {title}, {len(steps)} steps")


def stepper_html(title: str, steps: Sequence[Step], above: str = "", css: str = "") -> str:
    """The HTML of a stepper; ``ValueError`` if it has fewer than two steps, carries a script, or is too large."""
    if len(steps) < 2:
        raise ValueError(f"{title!r} has {len(steps)} steps; a stepper needs at least two")
    for k, step in enumerate(steps):
        if not step.text.strip():
            raise ValueError(f"step {k + 1} of {title!r} has no text; say what there is to see")
    if re.search(
        r"<script|<[^>]*\son\w+\s*=|javascript:", above + "".join(step.picture for step in steps), re.IGNORECASE
    ):
        raise ValueError(f"a picture of {title!r} holds a script; escape texts with utils.teaching.page.escape")
    stage = "".join(_step(step, k == 0) for k, step in enumerate(steps))
    body = (
        f'<p class="cc-title">{page.inline(title)}</p>{above}{_bar(title, len(steps))}'
        f'<div class="st-live" aria-live="polite"></div><div class="st-stage">{stage}</div>'
        f"<noscript>Without JavaScript only the first step is shown.</noscript>{page.script(page.asset('stepper.js'))}"
    )
    made = page.card("stepper", body, css=page.asset("stepper.css") + css)
    if len(made.encode()) > LIMIT:
        raise ValueError(
            f"{title!r} takes {len(made.encode()):,} bytes, more than {LIMIT:,}: use fewer or smaller steps"
        )
    return made


def _step(step: Step, first: bool) -> str:
    opening = '<div class="st-step st-on">' if first else '<div class="st-step">'
    return f'{opening}<p class="st-text">{page.inline(step.text)}</p>{step.picture}</div>'


def _bar(title: str, count: int) -> str:
    buttons = "".join(f'<button type="button" data-go="{name}">{word}</button>' for name, word in _BUTTONS)
    return (
        f'<div class="st-bar" role="group" aria-label="Steps of: {page.escape(title)}">{buttons}'
        '<button type="button" class="st-play">Play</button>'
        f'<input type="range" min="1" max="{count}" value="1" aria-label="Step" aria-valuetext="Step 1 of {count}">'
        f'<span class="st-count">1 of {count}</span></div>'
    )


def chips(words: Sequence[str], new: int | None = None) -> str:
    """Words as a row of chips; the one at `new` is marked. Each takes its own direction, so Urdu reads rightly."""
    items = (f'<li dir="auto"{" class=st-new" if k == new else ""}>{page.escape(w)}</li>' for k, w in enumerate(words))
    return f'<ul class="st-chips" dir="{direction(words)}">{"".join(items)}</ul>'


def choices(words: Sequence[str], says: str) -> str:
    """Words as buttons, the k-th of which leads to step k; `says` tells screen readers what is chosen."""
    buttons = (
        f'<button type="button" data-step="{k}" aria-pressed="{str(k == 0).lower()}" dir="auto">'
        f"{page.escape(word)}</button>"
        for k, word in enumerate(words)
    )
    return (
        f'<div class="st-choices" role="group" aria-label="{page.escape(says)}" dir="{direction(words)}">'
        f"{''.join(buttons)}</div>"
    )


def direction(words: Sequence[str]) -> str:
    """``"rtl"`` if the first letter in the words belongs to a script written from right to left, else ``"ltr"``."""
    strong = (bidirectional(sign) for word in words for sign in word)
    return "rtl" if next((kind for kind in strong if kind in ("L", "R", "AL")), "L") != "L" else "ltr"


def quoted(word: str) -> str:
    """A word inside a sentence, in quotation marks; isolated, so that its direction does not turn its neighbours."""
    return f"“\u2068{word}\u2069”"


def percent(share: float) -> str:
    """A share (0 to 1) as a percentage that does not break over lines."""
    small = 0 < share < 0.0095
    return f"{100 * share:.{int(small)}f}\u00a0%"


def label(text: str) -> str:
    """A small heading inside a picture."""
    return f'<p class="st-label">{page.inline(text)}</p>'


def track(share: float, picked: bool = False) -> str:
    """A bar filled to `share` (0 to 1)."""
    return f'<div class="st-track{" st-picked" if picked else ""}"><b style="width:{100 * share:.1f}%"></b></div>'


def guess(word: str, share: float, picked: bool) -> str:
    """A row of `st-rows`: a word, its share (0 to 1) as a bar and as a percentage."""
    mark = " st-picked" if picked else ""
    return (
        f'<span class="st-word{mark}" dir="auto">{page.escape(word)}</span>{track(share, picked)}'
        f'<span class="st-share{mark}">{percent(share)}</span>'
    )
