"""Drawings: the five pictures of the author's notes, drawn anew, and others; the book's pages show the same files."""

from __future__ import annotations

import html
import re
from importlib import resources

from utils.teaching import page
from utils.teaching.figures import figure


def picture(name: str, caption: str = "") -> None:
    """Show a drawing by its name; those of the notes are ``map``, ``history``, ``encoder_decoder``, ``attention`` and
    ``decoding_step``.

    Its alternative text is the title and the description in the file.
    """
    if name not in (known := names()):
        raise ValueError(f"there is no picture {name!r}; there are: {', '.join(known)}")
    svg = page.asset(f"pictures/{name}.svg")
    title, description = (html.unescape(re.search(rf"<{tag}\b[^>]*>(.*?)</{tag}>", svg, re.S)[1]) for tag in _TEXTS)  # type: ignore[index]
    figure(svg, alt=f"{title}. {description}", caption=caption or title)


_TEXTS = ("title", "desc")


def names() -> list[str]:
    """The names of all drawings."""
    folder = resources.files("utils.teaching").joinpath("assets", "pictures")
    return sorted(entry.name.removesuffix(".svg") for entry in folder.iterdir())
