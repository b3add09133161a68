"""What can go wrong while a learner's code runs, each in one sentence: an exception, an endless loop, an exit."""

from __future__ import annotations

import linecache
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Endless(BaseException):
    """The time is over. No `Exception`, so that a learner's own `except Exception` does not swallow it."""


# What the words of an exception ask for. The first that fits is said.
ADVICE = (
    (r"index out of range in self", "an id is not below the number of rows in the table: look at the largest id"),
    (r"^name '.*' is not defined", "run the cell that defines it, or look at its spelling"),
    (r"shapes|must match|sizes? of tensor|size mismatch|same number of dim", "print the shapes one line above"),
    (r"scalar type|to have one of the following|indices must be", "look at `.dtype`: ids are whole numbers, `.long()`"),
    (r"requires grad", "use `.detach()` before you leave torch"),
)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `Endless` in the code inside after so many seconds, and again each second while it goes on.

    Without effect on Windows and outside the main thread, where no alarm can be set.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: Any) -> None:
        raise Endless(f"{seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def explain(error: BaseException, function: Callable[..., Any]) -> str:
    """One sentence on what stopped a function: what it is, in which line of it, and where it is known, what to do."""
    place = _place(error, function)
    if isinstance(error, Endless):
        return f"it has not ended after {error}{place}; does the condition of each loop become false some day?"
    if isinstance(error, KeyboardInterrupt):
        return f"you stopped it{place}; if it would not end, does the condition of each loop become false some day?"
    if isinstance(error, SystemExit):
        return f"it stops{place}, with exit(): a function ends with `return`"
    kind = type(error).__name__
    words = str(error).strip().splitlines()
    what = f"{kind}: {words[0].rstrip('.')}" if words else kind
    advice = next((advice for pattern, advice in ADVICE if words and re.search(pattern, words[0])), "")
    return f"it stops{place}, with {what}" + (advice and f"; {advice}")


def _place(error: BaseException, function: Callable[..., Any]) -> str:
    """The last line of a learner's function that the exception passed, in words."""
    code = getattr(function, "__code__", None)
    place, trace = "", error.__traceback__
    while trace is not None:
        if code is not None and trace.tb_frame.f_code.co_filename == code.co_filename:
            line = linecache.getline(code.co_filename, trace.tb_lineno).strip()
            place = f" in line {trace.tb_lineno - code.co_firstlineno + 1} of your function" + (line and f", `{line}`")
        trace = trace.tb_next
    return place
