"""The notation page names what the code has: each name in its middle column occurs in the package."""

from __future__ import annotations

import re
from typing import Any

import pytest
from browsing import visit
from built_site import ROOT

# Names of PyTorch and of Python, and the letters of shapes.
FOREIGN = {"B", "S", "T", "D", "H", "V", "*", "D / H", "torch.sigmoid", "torch.tanh", "math.log", "model.parameters()"}


def names() -> list[str]:
    """The names in the columns "in code"."""
    page = (ROOT / "book/notation.md").read_text(encoding="utf-8").partition("## Sequences")[2]
    cells = re.findall(r"^\|[^|]*\|([^|]*)\|", page, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def test_every_name_occurs_in_the_package() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "utils").rglob("*.py"))
    words = set(re.findall(r"\w+", source))
    found = names()
    assert len(found) >= 30
    unknown = [name for name in found if name not in FOREIGN and not set(re.findall(r"[A-Za-z_]{2,}", name)) <= words]
    assert unknown == []


@pytest.mark.browser
def test_on_a_phone_no_table_scrolls_and_a_meaning_has_a_line_of_its_own(browser: Any, address: str) -> None:
    page, wrong = visit(browser, address, "book/notation.html", 390, "light")
    wide = "[...document.querySelectorAll('table')].filter(one => one.scrollWidth > one.parentElement.clientWidth)"
    assert page.evaluate(f"{wide}.length") == 0
    sign, meaning = page.evaluate(
        "[1, 3].map(n => document.querySelector(`tr > td:nth-child(${n}):is(:nth-child(3), :has(~ :nth-child(3)))`))"
        ".map(cell => cell.getBoundingClientRect().toJSON())"
    )
    assert meaning["top"] >= sign["bottom"] - 1
    assert meaning["width"] > 1.8 * sign["width"]
    assert wrong == []
    page.context.close()
