"""The address of the course: one setting, spelled out alike everywhere, movable by one command."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from utils import course

ROOT = Path(__file__).resolve().parents[2]
NEW = "https://github.com/" + "Someone/my-fork"  # in two parts, so that moving does not find it here


def tracked() -> list[Path]:
    """Tracked files that exist, relative to the root."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [Path(line) for line in listing.split("\0") if line and (ROOT / line).is_file()]


def texts(root: Path, files: list[Path]) -> dict[Path, str]:
    found = {}
    for path in files:
        with contextlib.suppress(UnicodeDecodeError, FileNotFoundError):
            found[path] = (root / path).read_bytes().decode("utf-8")
    return found


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The tracked text files in a repository of their own."""
    for path in texts(ROOT, tracked()):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, tmp_path / path)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "-A", "-f"], cwd=tmp_path, check=True)
    return tmp_path


def test_moving_leaves_no_stray_and_moving_again_changes_nothing(copy: Path) -> None:
    owner, name = course.parts(course.REPOSITORY)
    changed = course.move(copy, NEW)
    assert copy / "utils/course.py" in changed
    assert copy / "README.md" in changed
    strays = [
        path
        for path, text in texts(copy, tracked()).items()
        if f"{owner}/{name}" in text or f"{owner.lower()}.github.io" in text
    ]
    assert strays == []
    assert course.move(copy, NEW) == []
    assert f'REPOSITORY = "{NEW}"' in (copy / "utils/course.py").read_text()
    assert f"baseurl: {course.site(NEW)}" in (copy / "_config.yml").read_text()


def test_moving_there_and_back_changes_no_byte(copy: Path) -> None:
    before = texts(copy, tracked())
    course.move(copy, NEW)
    course.move(copy, course.REPOSITORY, old=NEW)
    assert texts(copy, tracked()) == before


def test_every_address_that_is_spelled_out_is_the_setting() -> None:
    owner, name = course.parts(course.REPOSITORY)
    pattern = re.compile(rf"(?:{course._HOSTS})([\w-]+/{re.escape(name)})(?![\w-])")
    pages = re.compile(rf"https://([\w-]+)\.github\.io/{re.escape(name)}(?![\w-])")
    wrong = {
        str(path): found
        for path, text in texts(ROOT, tracked()).items()
        if (found := {m for m in pattern.findall(text) if m != f"{owner}/{name}"} | set(pages.findall(text)) - {owner})
    }
    assert wrong == {}


@pytest.mark.parametrize(
    "address",
    [
        "",
        "github.com/a/b",
        "http://github.com/a/b",
        "https://github.com/a",
        "https://example.org/a/b",
        "https://github.com/a/b/c",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=re.escape("write https://github.com/OWNER/NAME")):
        course.parts(address)


def test_the_site_is_the_pages_address_in_lower_case() -> None:
    assert course.site(NEW) == "https://someone.github.io/" + "my-fork"


def test_an_address_may_end_in_a_slash_or_git() -> None:
    assert course.parts("https://github.com/a/b/") == course.parts("https://github.com/a/b.git") == ("a", "b")


def test_a_longer_name_is_another_repository() -> None:
    text = f"{course.REPOSITORY}-data and {course.REPOSITORY}/issues"
    assert course.moved(text, course.REPOSITORY, NEW) == f"{course.REPOSITORY}-data and {NEW}/issues"
