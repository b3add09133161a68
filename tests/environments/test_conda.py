"""environment.yml is taken at its word: what it and its comment say is what is run."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import alone
import conda

TEXT = conda.FILE.read_text(encoding="utf-8")


def test_python_packages_and_commands_are_read_from_the_file() -> None:
    wanted = conda.parse(TEXT)
    assert wanted.python == "3.12"
    assert "jupyterlab>=4.4" in wanted.packages
    assert wanted.commands == [["pip", "install", "--no-deps", "d2l==1.0.3"], ["pip", "install", "--editable", "."]]


def test_binder_does_what_the_comment_tells_a_reader_to_do() -> None:
    lines = (alone.ROOT / "postBuild").read_text(encoding="utf-8").splitlines()
    commands = [shlex.split(line)[2:] for line in lines if line.startswith("python -m pip")]
    asked = [sorted(set(command) - {"--no-deps"}) for command in conda.parse(TEXT).commands]
    assert [sorted(set(command) - {"--no-deps"}) for command in commands] == asked


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  - pip\n", "  - pip\n  - ffmpeg\n", "ffmpeg"),
        ("  - python=3.12\n", "", "needs a Python"),
        ("#     pip install", "#     pip  uninstall", "in its first comment"),
    ],
)
def test_what_cannot_be_taken_at_its_word_is_refused(old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises(ValueError, match=message):
        conda.parse(TEXT.replace(old, new))
