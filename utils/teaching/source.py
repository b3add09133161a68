"""The real source of the models, shown in a chapter: highlighted, linked, never pasted.

``show_source(Encoder, Decoder)`` shows code from ``utils`` as it runs; ``show_diff(old, new)`` shows what a chapter
changed against the last one.
"""

from __future__ import annotations

import difflib
import inspect
import textwrap
from pathlib import Path
from typing import Any

from utils.course import RELEASE, REPOSITORY
from utils.teaching import page

_ROOT = Path(__file__).resolve().parents[2]


def show_source(*objects: Any, docstrings: bool = True) -> None:
    """Show the source of classes, functions or methods, with links to the repository.

    Args:
        objects: what to show, each in a block of its own.
        docstrings: whether to show those of more than one line in full; else only their first lines.
    """
    if not objects:
        raise ValueError("show_source() needs at least one class or function")
    names = [_name(thing) for thing in objects]
    body = "".join(_block(thing, name, docstrings) for thing, name in zip(objects, names, strict=True))
    page.show(page.card("source", body, css=page.asset("source.css")), f"source of {', '.join(names)}")


def show_diff(old: Any, new: Any) -> None:
    """Show what changed from ``old`` to ``new``: removed lines with a minus, added lines with a plus."""
    before, after = (_source(thing, False).splitlines() for thing in (old, new))
    lines = [_diff_line(line) for line in difflib.ndiff(before, after) if not line.startswith("?")]
    label = f"What changes from {_name(old)} to {_name(new)}"
    body = (
        f'<p class="cc-title">{page.escape(label)}</p><p class="cc-muted">{link(old)} → {link(new)}</p>'
        f'<pre tabindex="0" role="region" aria-label="{page.escape(label)}">{"".join(lines)}</pre>'
    )
    page.show(page.card("source", body, css=page.asset("source.css")), label)


def _diff_line(line: str) -> str:
    text = page.escape(line.rstrip())
    if line.startswith("+"):
        return f"<ins>{text}</ins>"
    if line.startswith("-"):
        return f"<del>{text}</del>"
    return f"{text}\n"


def _block(thing: Any, name: str, docstrings: bool) -> str:
    return (
        f'<p class="cc-title"><code>{page.escape(name)}</code></p><p class="cc-muted">{link(thing)}</p>'
        f'<pre tabindex="0" role="region" aria-label="Source of {page.escape(name)}">'
        f"{highlight(_source(thing, docstrings))}</pre>"
    )


def highlight(code: str) -> str:
    """Python code as HTML with the classes of ``assets/source.css``."""
    from pygments import highlight as paint
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return paint(code, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)).rstrip("\n")


def _source(thing: Any, docstrings: bool) -> str:
    try:
        code = textwrap.dedent("".join(inspect.getsourcelines(thing)[0])).rstrip()
    except (TypeError, OSError) as error:
        raise ValueError(f"{thing!r} has no Python source; give a class, function, method or module") from error
    return code if docstrings else _shortened(code)


def _shortened(code: str) -> str:
    """``code`` with every docstring cut down to its first line."""
    import ast

    lines = code.splitlines()
    cuts = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.Module) and ast.get_docstring(node, clean=False):
            text = node.body[0]
            if text.end_lineno and text.end_lineno > text.lineno:
                cuts.append((text.lineno, text.end_lineno))
    for first, last in sorted(cuts, reverse=True):
        lines[first - 1 : last] = [lines[first - 1].rstrip() + '"""']
    return "\n".join(lines)


def _name(thing: Any) -> str:
    return getattr(thing, "__qualname__", None) or getattr(thing, "__name__", None) or type(thing).__name__


def link(thing: Any) -> str:
    """A link to the lines in the repository, or where the code stands if it is the learner's own."""
    try:
        thing = inspect.unwrap(thing)  # a decorated function's lines are its own, its file would be the decorator's
        path = Path(inspect.getsourcefile(thing) or "").resolve()
        lines, first = inspect.getsourcelines(thing)
        place = path.relative_to(_ROOT).as_posix()
    except (TypeError, OSError, ValueError):
        return "defined in this notebook"
    if not place.startswith("utils/"):
        return "defined in this notebook"
    first = max(first, 1)
    span = f"L{first}-L{first + len(lines) - 1}"
    address = page.escape(f"{REPOSITORY}/blob/{RELEASE}/{place}#{span}")
    words = f"<code>{page.escape(place)}</code>, lines {first} to {first + len(lines) - 1}"
    return f'<a href="{address}">{words}</a>'
