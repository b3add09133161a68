"""The notation page names what the code has: each name in its middle column occurs in the package."""

from __future__ import annotations

import re

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
