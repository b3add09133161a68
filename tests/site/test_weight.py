"""How heavy the pages are, and how much of them a slow line carries before the first words; compressed by gzip."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from browsing import visit
from bs4 import BeautifulSoup
from built_site import SITE, pages

pytestmark = [pytest.mark.browser, pytest.mark.site]
CHAPTER_LIMIT, OWN_LIMIT = 1_600_000, 500_000  # bytes
FIRST_WORDS = 2.0  # seconds on a slow line:
BANDWIDTH, LATENCY = 1.6e6 / 8, 0.15  # bytes a second, seconds for a question and its answer
ROUNDS = 3  # to connect, for the page, for what it names
FIRST_PART = 64_000  # bytes of a page after which a browser has something to paint
PACKED = (".woff", ".woff2", ".png", ".jpg")


@cache
def weight(path: Path) -> int:
    """Bytes of a file as a host sends it."""
    data = path.read_bytes()
    return len(data) if path.suffix in PACKED else len(gzip.compress(data, 6))


def transferred(browser: Any, address: str, name: str) -> dict[str, int]:
    """Bytes of all files that a page asks for, by their place on the site."""
    page, wrong = visit(browser, address, name, 1440, "light")
    links = page.evaluate("performance.getEntriesByType('resource').map(e => e.name)")
    page.context.close()
    assert wrong == []
    paths = {unquote(urlsplit(link).path).lstrip("/") for link in links if link.startswith(address)} | {name}
    return {path: weight(SITE / path) for path in paths}


def test_no_page_is_too_heavy(browser, address) -> None:
    chapters = [name for name in pages() if name.startswith("chapters/")]
    heavy = {}
    for name in ["book/intro.html", "book/timeline.html", *chapters]:
        files = transferred(browser, address, name)
        assert len(files) > 10, "the page's own files were seen"
        if sum(files.values()) > CHAPTER_LIMIT:
            heavy[name] = sum(files.values())
    assert heavy == {}


def test_no_page_has_too_much_of_its_own(site) -> None:
    assert {name: weight(site / name) for name in pages() if weight(site / name) > OWN_LIMIT} == {}


def before_the_first_word(name: str) -> dict[str, int]:
    """Bytes of what a browser waits for before it paints: the beginning of the page, styles, scripts that block."""
    page = BeautifulSoup((SITE / name).read_text(encoding="utf-8"), "html.parser")
    scripts = [script for script in page.select("head script[src]") if not {"defer", "async"} & set(script.attrs)]
    links = [script["src"] for script in scripts] + [style["href"] for style in page.select("link[rel=stylesheet]")]
    files = {unquote(urlsplit(link).path) for link in links}
    return {file: weight((SITE / name).parent / file) for file in files} | {name: min(weight(SITE / name), FIRST_PART)}


@pytest.mark.parametrize("name", ["book/intro.html", "chapters/05_transformer.html"])
def test_little_stands_before_the_first_words(site, name: str) -> None:
    files = before_the_first_word(name)
    assert len(files) > 5, "the styles of the page were seen"
    seconds = ROUNDS * LATENCY + sum(files.values()) / BANDWIDTH
    assert seconds < FIRST_WORDS, files
