"""The recurrent net, unrolled word by word: the same cell at every word, and a state that changes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from utils.teaching import page
from utils.teaching.steppers.frame import Step, direction, label, quoted, stepper
from utils.teaching.steppers.strips import CSS, SHOWN, biggest_change, strip, table

# The net is drawn once; what is read by now follows from the one column that the stepper marks with st-here.
_CSS = (
    ".course-stepper .un-net{display:flex;flex-wrap:wrap;gap:.7rem 0;margin:.4rem 0}"
    ".course-stepper .un-word{display:flex;flex-direction:column;justify-content:flex-end;flex:0 0 auto;"
    "min-width:5.6rem;max-width:10rem;"
    "text-align:center;line-height:1.35;cursor:pointer}"
    ".course-stepper .un-cell{display:flex;align-items:center}"
    ".course-stepper .un-cell span{width:1.1rem}"
    ".course-stepper .un-box{flex:1;min-width:0;padding:.3rem;border:1px solid var(--c-mark);border-radius:6px;"
    "background:var(--c-soft)}"
    ".course-stepper .un-box small{display:block;font-size:.75em}"
    ".course-stepper .un-box .st-strip{height:1rem}"
    ".course-stepper .un-word.st-here .un-box{outline:3px solid var(--c-mark);outline-offset:-1px}"
    ".course-stepper .un-word.st-here~.un-word .un-box{border:1px dashed var(--c-muted);background:transparent}"
    ".course-stepper .un-word.st-here~.un-word .st-strip,.course-stepper .un-word.st-here~.un-word .un-out"
    "{visibility:hidden}"
    ".course-stepper .un-word .st-choices{justify-content:center;flex-wrap:nowrap;margin-right:1.1rem}"
    ".course-stepper .un-word .st-choices button{max-width:100%;padding:.1rem .3rem}"
    ".course-stepper .un-out,.course-stepper .un-in{margin-right:1.1rem}"
)


def unrolled_stepper(
    tokens: Sequence[str],
    states: Sequence[Sequence[float]],
    outputs: Sequence[str] | None = None,
    title: str = "One cell, unrolled over a sentence",
) -> None:
    """Show a recurrent net as it reads a sentence word by word.

    Args:
        tokens: the words, in the order in which they are read.
        states: for each token the state after it, all of one size; the first 16 numbers are drawn.
        outputs: for each token what the net puts out there, such as its best guess for the next word; or nothing.
        title: the stepper's title.
    """
    if not tokens:
        raise ValueError("tokens is empty; give at least one word")
    rows = table(states, len(tokens), "states")
    if outputs is not None and len(outputs) != len(tokens):
        raise ValueError(f"outputs holds {len(outputs)} texts for {len(tokens)} tokens; give one for each token")
    rows.insert(0, [0.0] * len(rows[0]))
    largest = max(abs(value) for row in rows for value in row)
    steps = [
        Step(
            label("State before this word")
            + strip(rows[max(k - 1, 0)], largest, "The state before this word")
            + label("State after it")
            + strip(rows[k], largest, "The state after this word"),
            _text(k, tokens, rows, outputs),
        )
        for k in range(len(tokens) + 1)
    ]
    stepper(title, steps, above=_net(tokens, rows, largest, outputs), css=CSS + _CSS)


def _net(tokens: Sequence[str], rows: list[list[float]], largest: float, outputs: Sequence[str] | None) -> str:
    """The unrolled net: a column for the beginning and one for each word, each of which leads to its step."""
    width = len(rows[0])
    drawn = f"the first {SHOWN} of its {width} numbers" if width > SHOWN else "its numbers"
    text = (
        f"Every box is the same cell with the same weights. The strip inside is the state after the word, {drawn}: "
        "blue is positive, orange negative, stronger is larger."
    )
    way = direction(tokens)
    arrow = '<span aria-hidden="true">' + ("←" if way == "rtl" else "→") + "</span>"
    above = [""] * len(rows) if outputs is None else ["", *outputs]
    columns = "".join(
        _column(k, word, strip(row, largest), above[k], "" if k == len(tokens) else arrow)
        for k, (word, row) in enumerate(zip(("(start)", *tokens), rows, strict=True))
    )
    return f'{label(text)}<div class="un-net" dir="{way}" role="group" aria-label="The unrolled net">{columns}</div>'


def _column(k: int, word: str, state: str, output: str, arrow: str) -> str:
    up = '<div class="un-{}" aria-hidden="true">↑</div>'
    above = f'<div class="un-out" dir="auto">{page.escape(output)}</div>{up.format("out")}' if output else ""
    return (
        f'<div class="un-word" data-step="{k}">{above}<div class="un-cell"><div class="un-box">'
        f"<small>{'same cell' if k else 'zeros'}</small>{state}</div>{arrow or '<span></span>'}</div>{up.format('in')}"
        f'<div class="st-choices"><button type="button" data-step="{k}" aria-pressed="{str(k == 0).lower()}" '
        f'dir="auto">{page.escape(word)}</button></div></div>'
    )


def _text(now: int, tokens: Sequence[str], rows: list[list[float]], outputs: Sequence[str] | None) -> str:
    if now == 0:
        count = "one word" if len(tokens) == 1 else f"each of the {len(tokens)} words"
        return f"Nothing is read yet. One cell with one set of weights waits for {count}; the state is all zeros."
    before, after = rows[now - 1], rows[now]
    whose = "the zeros it began with" if now == 1 else f"the state that {quoted(tokens[now - 2])} left"
    text = (
        f"Word {now} of {len(tokens)}: the cell takes {quoted(tokens[now - 1])} and {whose}. "
        f"The state moves by {math.dist(before, after):.2f}, most in {biggest_change(before, after)}."
    )
    return text if outputs is None else f"{text} It puts out {quoted(outputs[now - 1])}."
