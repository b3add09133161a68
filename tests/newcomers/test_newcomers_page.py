"""The page of mistakes: each entry has a test that makes the mistake, each test names an entry that exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from troubleshooting import PAGE, ROOT, entries

HERE = Path(__file__).resolve().parent


def named() -> set[str]:
    """Every text in the tests of this folder that an entry may begin with."""
    nodes = (node for path in HERE.glob("test_*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_there_are_at_least_twenty() -> None:
    assert len(entries()) >= 20
    assert PAGE.read_text(encoding="utf-8").count("\n: ") == len(entries()), "an entry that no test can find"


@pytest.mark.parametrize("text", entries())
def test_each_entry_is_provoked_by_a_test(text: str) -> None:
    starts = [one for one in named() if len(one) > 10 and text.startswith(one)]
    assert starts, f"no test makes the mistake that ends in {text!r}"
    for start in starts:
        assert sum(other.startswith(start) for other in entries()) == 1, start


def test_every_answer_is_short() -> None:
    assert {text: answer for text, answer in entries().items() if len(answer.split()) > 70} == {}


def test_the_page_can_be_found() -> None:
    assert "file: book/troubleshooting" in (ROOT / "_toc.yml").read_text(encoding="utf-8")
    assert "(troubleshooting.md)" in (ROOT / "book/how_to_use.md").read_text(encoding="utf-8")


def test_what_stands_for_make_does_what_make_does() -> None:
    """The commands for Windows install what the Makefile installs."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = re.search(r"```text\npy -3.*?```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
    recipe = makefile[makefile.index("$(STAMP):\n") :].partition("else\n")[2].partition("endif")[0]
    for name in ("TORCH", "D2L"):
        assert re.search(rf"^{name} \?= (.+)$", makefile, re.MULTILINE)[1] in commands
        assert f"$({name})" in recipe
    assert '--editable ".[book,test,dev]"' in commands
    assert '--editable ".[book,test,dev]"' in recipe
    assert commands.count("pip install") == recipe.count("pip install")
    assert "jupyter lab chapters" in commands
    assert "jupyter lab chapters" in makefile
