"""How the teaching tools put HTML into a notebook: one card, one table, one output.

Every output is self-contained (its style travels with it), works without a kernel, in Colab's frame, in light and
dark mode, and carries a short plain-text twin, which a terminal shows and nbval compares.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources


def escape(text: object) -> str:
    """``text`` for HTML, quotes included."""
    return html.escape(str(text), quote=True)


def inline(text: object) -> str:
    """``text`` for HTML; what stands between backticks becomes code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


@cache
def asset(name: str) -> str:
    """The text of a file in ``utils/teaching/assets``."""
    return resources.files("utils.teaching").joinpath("assets", name).read_text(encoding="utf-8").strip()


def script(code: str) -> str:
    """A script element; ``</`` inside it is broken up, so that no text can close it."""
    return "<script>" + code.replace("</", "<\\/").replace("<!--", "<\\!--") + "</script>"


def number(value: object) -> str:
    """A value as a reader wants it: three digits that count, thousands separated, yes and no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.3g}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(number(item) for item in value)
    return "" if value is None else str(value)


def _cell(value: object) -> str:
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    opening = '<td class="cc-number">' if numeric else "<td>"
    return f"{opening}{inline(number(value))}</td>"


def table(head: Sequence[str], rows: Iterable[Sequence[object]], label: str) -> str:
    """A table that scrolls on a narrow screen, also by keyboard.

    Args:
        head: column titles.
        rows: cells as values; a ``Markup`` cell is taken as HTML.
        label: what the table holds, for screen readers.
    """
    titles = "".join(f'<th scope="col">{inline(title)}</th>' for title in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" if isinstance(cell, Markup) else _cell(cell) for cell in row) + "</tr>"
        for row in rows
    )
    return (
        f'<div class="cc-scroll" tabindex="0" role="region" aria-label="{escape(label)}">'
        f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>"
    )


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def verdict(good: bool, yes: str, no: str) -> Markup:
    """A coloured word; the colour says nothing that the word does not say."""
    return Markup(
        f'<span class="cc-good">{escape(yes)}</span>' if good else f'<span class="cc-bad">{escape(no)}</span>'
    )


def card(kind: str, body: str, anchor: str | None = None, css: str = "") -> str:
    """A card with its style: ``course-card course-KIND``; ``anchor`` makes it a target for links."""
    target = f' id="{escape(anchor)}"' if anchor else ""
    return f'<div class="course-card course-{kind}"{target}><style>{asset("card.css")}{css}</style>{body}</div>'


def show(markup: str, plain: str, extra: Mapping[str, object] | None = None) -> None:
    """Display one output: HTML, its plain-text twin, and further MIME types in ``extra``."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.display import display

    if not InteractiveShell.initialized():
        display(plain)
        return
    display({"text/html": markup, "text/plain": plain, **(extra or {})}, raw=True)
