"""Building the site: a warning fails it, also when it is built again without a change."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book/tools"))

import build_site  # noqa: E402

pytestmark = pytest.mark.site


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """The same configuration and look over one small page."""
    shutil.copytree(ROOT / "book", tmp_path / "book", ignore=shutil.ignore_patterns("*.md"))
    pictures = "utils/teaching/assets/pictures"
    shutil.copytree(ROOT / pictures, tmp_path / pictures)
    shutil.copyfile(ROOT / "_config.yml", tmp_path / "_config.yml")
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/intro\n")
    (tmp_path / "book/intro.md").write_text("# Title\n\n```{drawing} map\nA caption.\n```\n")
    return tmp_path


def test_a_clean_page_builds(book: Path) -> None:
    assert build_site.build(book) == 0
    assert "map-desc" in (book / "_build/html/book/intro.html").read_text()


def test_a_chapter_becomes_a_link_once_it_is_there(book: Path) -> None:
    (book / "book/intro.md").write_text("# Title\n\nSee {chapter}`03`.\n")
    assert build_site.build(book) == 0
    assert ">chapter 03</a>" not in (book / "_build/html/book/intro.html").read_text()
    cells = [nbformat.v4.new_markdown_cell("# Third")]
    (book / "chapters").mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=cells), book / "chapters/03_third.ipynb")
    (book / "_toc.yml").write_text("format: jb-book\nroot: book/intro\nchapters:\n- file: chapters/03_third\n")
    assert build_site.build(book, everything=True) == 0
    assert 'href="../chapters/03_third.html"' in (book / "_build/html/book/intro.html").read_text()


@pytest.mark.parametrize(
    "text",
    ["[gone](nowhere.md)", "```{drawing} nothing\n```", "```{generated} nothing\n```", "{cite}`nobody2000`"],
    ids=["link", "drawing", "generated", "citation"],
)
def test_a_warning_fails_the_build_each_time(book: Path, text: str, capfd) -> None:
    (book / "book/intro.md").write_text(f"# Title\n\n{text}\n")
    assert build_site.build(book) != 0
    assert build_site.build(book) != 0
