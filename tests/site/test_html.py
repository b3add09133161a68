"""The built pages as files: links and anchors resolve, nothing comes from another host, pictures say what they show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup

from utils import course

pytestmark = pytest.mark.site
ROOT = Path(__file__).resolve().parents[2]
CSS_URL = re.compile(r"url\(\s*['\"]?(?!data:|#)([^'\")]+)|@import\s+['\"]([^'\"]+)")


@cache
def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def built(site: Path) -> list[Path]:
    return [p for p in site.rglob("*.html") if not {"_static", "_sources"} & set(p.relative_to(site).parts)]


def listed() -> list[str]:
    """Every file that the table of contents names."""

    def walk(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            yield from (value for key, value in node.items() if key in ("root", "file"))
            for value in node.values():
                yield from walk(value)
        elif isinstance(node, list):
            for value in node:
                yield from walk(value)

    return list(walk(yaml.safe_load((ROOT / "_toc.yml").read_text())))


def test_every_page_of_the_contents_is_there(site: Path) -> None:
    assert len(listed()) >= 8
    assert [name for name in listed() if not (site / f"{name}.html").is_file()] == []


def test_every_chapter_is_in_the_contents() -> None:
    chapters = {f"chapters/{path.stem}" for path in (ROOT / "chapters").glob("*.ipynb")}
    assert chapters == {name for name in listed() if name.startswith("chapters/")}


def test_internal_links_and_anchors_resolve(site: Path) -> None:
    broken = []
    for page in built(site):
        for link in soup(page).find_all("a", href=True):
            parts = urlsplit(link["href"])
            if parts.scheme or parts.netloc or link["href"].startswith("javascript:"):
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            target = target / "index.html" if target.is_dir() else target
            anchor = unquote(parts.fragment)
            missing = not target.is_file()
            if not missing and anchor and target.suffix == ".html" and anchor != "#":
                missing = soup(target).find(id=anchor) is None
            if missing:
                broken.append(f"{page.relative_to(site)} -> {link['href']}")
    assert broken == []


def test_links_to_our_own_site_name_pages_that_exist(site: Path) -> None:
    broken = []
    for page in built(site):
        for link in soup(page).find_all("a", href=re.compile("^" + re.escape(course.SITE) + "/")):
            path = urlsplit(link["href"].removeprefix(course.SITE + "/")).path
            if not (site / (path or "index.html")).is_file():
                broken.append(f"{page.relative_to(site)} -> {link['href']}")
    assert broken == []


def test_nothing_is_loaded_from_another_host(site: Path) -> None:
    foreign = []
    for page in built(site):
        tags = soup(page).find_all(["script", "img", "link", "iframe", "source", "video", "audio", "object", "embed"])
        for tag in tags:
            if tag.name == "link" and not set(tag.get("rel", [])) & {"stylesheet", "preload", "icon", "prefetch"}:
                continue
            address = tag.get("src") or tag.get("href") or tag.get("data") or ""
            if urlsplit(address).netloc:
                foreign.append(f"{page.relative_to(site)}: {address}")
    for sheet in (site / "_static").rglob("*.css"):
        for found in CSS_URL.findall(sheet.read_text(encoding="utf-8", errors="ignore")):
            if urlsplit(found[0] or found[1]).netloc:
                foreign.append(f"{sheet.relative_to(site)}: {found}")
    assert foreign == []


def test_pictures_say_what_they_show(site: Path) -> None:
    silent = []
    for page in built(site):
        for image in soup(page).find_all("img"):
            named = image.get("alt") or image.find_parent("a") or image.get("role") == "presentation"
            if not image.has_attr("alt") or not named:
                silent.append(f"{page.relative_to(site)}: {image.get('src', '')[:60]}")
        for drawing in soup(page).select("svg[role=img]"):
            ids = drawing.get("aria-labelledby", "").split()
            told = " ".join(t.get_text() for i in ids if (t := drawing.find(id=i))) or drawing.get("aria-label", "")
            if len(told) < 20:
                silent.append(f"{page.relative_to(site)}: an SVG that says {told!r}")
    assert silent == []


def test_ids_are_unique_in_a_page(site: Path) -> None:
    twice = {}
    for page in built(site):
        ids = [tag["id"] for tag in soup(page).find_all(id=True)]
        if repeated := sorted({i for i in ids if ids.count(i) > 1}):
            twice[str(page.relative_to(site))] = repeated
    assert twice == {}


def test_each_chapter_opens_itself_in_colab(site: Path) -> None:
    owner_name = "/".join(course.parts(course.REPOSITORY))
    for name in (n for n in listed() if n.startswith("chapters/")):
        buttons = soup(site / f"{name}.html").find_all("a", href=re.compile("colab.research.google.com"))
        wanted = f"https://colab.research.google.com/github/{owner_name}/blob/main/{name}.ipynb"
        assert wanted in {button["href"] for button in buttons}, name


def test_pages_name_their_language_and_title(site: Path) -> None:
    for page in built(site):
        if page.name == "index.html":
            continue
        assert soup(page).html["lang"] == "en", page
        assert soup(page).title.get_text().strip(), page


def test_every_line_of_the_notes_has_a_place(site: Path) -> None:
    page = soup(site / "book/from_the_notes.html")
    rows = page.select("table tbody tr")
    assert len(rows) >= 35
    assert [row.get_text() for row in rows if not row.select("td")[1].get_text().strip()] == []
    assert len(page.select(".course-drawing svg")) == 5
