"""The page "If something does not work", and whether it quotes what a program has really said."""

from __future__ import annotations

import re
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "book/troubleshooting.md"


def entries() -> dict[str, str]:
    """What one sees -> what to do: the terms of the page's definition lists, which are code, and their definitions."""
    found = {}
    for term, answer in re.findall(r"^(`[^\n]+`)\n: (.+?)(?=\n\n|\Z)", PAGE.read_text(encoding="utf-8"), re.M | re.S):
        fence = re.match(r"`+", term)[0]
        found[term.strip("`") if fence == "`" else term.removeprefix(fence).removesuffix(fence).strip()] = answer
    return found


def known(start: str, output: str) -> str:
    """The answer of the page to what a program has said; fails unless the page quotes it, … for what varies.

    ``start`` is how the entry begins, so that each entry has a test that names it.
    """
    (text,) = [text for text in entries() if text.startswith(start)]
    pattern = ".+?".join(map(re.escape, text.split("…")))
    said = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", output).split())
    assert re.search(pattern, said), f"the page says {text!r}, the program said {said[-1500:]!r}"
    return entries()[text]


def all_but(package: str, folder: Path) -> Path:
    """A folder with links to all installed libraries except one, and the course."""
    made = folder / "libraries"
    made.mkdir()
    for path in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if path.name.lower().partition("-")[0].partition(".")[0] != package and "rnn_to_chatgpt" not in path.name:
            (made / path.name).symlink_to(path)
    return made
