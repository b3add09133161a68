"""The primer's code prints what the page says: each ```python block runs, the ```text block below it is its output."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "book/before_you_start.md"
BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```\n(?:```text\n(?P<output>.*?)^```\n)?", re.MULTILINE | re.DOTALL)


def run(page: str) -> list[tuple[str, str, str]]:
    """(code, what the page says, what was printed) of each block, run one after the other in one namespace."""
    namespace: dict[str, object] = {"__name__": "page"}
    results = []
    for match in BLOCK.finditer(page):
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(match["code"], str(PAGE), "exec"), namespace)
        results.append((match["code"], match["output"] or "", printed.getvalue()))
    return results


def test_every_block_prints_what_the_page_shows() -> None:
    results = run(PAGE.read_text(encoding="utf-8"))
    assert len(results) >= 15
    assert [(code, said) for code, said, _ in results] == [(code, printed) for code, _, printed in results]


def test_a_wrong_digit_on_the_page_is_seen() -> None:
    page = PAGE.read_text(encoding="utf-8")
    wrong = page.replace("0.644", "0.645")
    assert wrong != page
    with pytest.raises(AssertionError):
        assert all(said == printed for _, said, printed in run(wrong))
