"""The card at the top of a chapter: its question, what it needs, and what was measured, with the machine's name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from utils import runtime
from utils.teaching import page


def header(
    question: str,
    *,
    needs: Iterable[str],
    data: str,
    measured: Any = None,
) -> None:
    """Show the header card of a chapter.

    Args:
        question: what the chapter answers.
        needs: what to know before, each in a few words.
        data: which data it uses, and where they come from.
        measured: a record, a mapping, or a list of them, each with ``seconds``, ``machine`` (its name, or the mapping
            of ``utils.runtime.machine``) and, in itself or under ``metrics``, ``memory_mb``. Without a measurement the
            card says nothing about time: a guess helps nobody.
    """
    if not question.strip().endswith("?"):
        raise ValueError(f"question {question!r} must end in a question mark")
    rows = [("You need", "; ".join(needs)), ("Data", data)]
    rows += [("Measured", _sentence(one)) for one in _several(measured)]
    if runtime.on_colab() and runtime.device().type == "cpu":  # a GPU is a choice there, and one may look for it
        rows.append(("This runtime", "has no GPU, and the chapter needs none: it computes on the CPU either way"))
    entries = "".join(f"<dt>{name}</dt><dd>{page.inline(text)}</dd>" for name, text in rows if text)
    body = f'<p class="cc-title">{page.inline(question)}</p><dl>{entries}</dl>'
    css = (
        ".course-header dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.25rem 0 0}"
        ".course-header dt{color:var(--c-muted);font-weight:400}.course-header dd{margin:0}"
        "@media(max-width:480px){.course-header dl{grid-template-columns:1fr}}"
    )
    page.show(page.card("header", body, css=css), f"question: {question}")


def _several(measured: Any) -> list[Any]:
    if measured is None:
        return []
    return list(measured) if isinstance(measured, list | tuple) else [measured]


def _sentence(measured: Any) -> str:
    """One measurement in words: time, memory, machine, threads, date."""
    seconds, machine = _field(measured, "seconds"), _field(measured, "machine")
    if not isinstance(seconds, int | float) or seconds <= 0 or not machine:
        raise ValueError(
            f"a measurement needs seconds above 0 and a machine; {measured!r} has {seconds!r}, {machine!r}"
        )
    memory = _field(measured, "memory_mb")
    parts = [f"{seconds / 60:.1f} minutes" if seconds >= 90 else f"{seconds:.0f} seconds"]
    if memory:
        parts.append(f"{memory:,.0f} MB of memory")
    return f"{' and '.join(parts)} on {_machine(machine)}"


def _machine(machine: Any) -> str:
    if not isinstance(machine, Mapping):
        return str(machine)
    name, device, threads = (machine.get(key) for key in ("name", "device", "threads"))
    words = str(name) if device in (None, "cpu") else f"{device} ({name})"
    return f"{words}, {threads} thread{'s' if threads != 1 else ''}" if threads else words


def _field(measured: Any, name: str) -> Any:
    """A field of a mapping or a record, or of its metrics."""
    for place in (measured, _get(measured, "metrics")):
        if (value := _get(place, name)) is not None:
            return value
    return None


def _get(place: Any, name: str) -> Any:
    return place.get(name) if isinstance(place, Mapping) else getattr(place, name, None)
