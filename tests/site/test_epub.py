"""The EPUB: it builds without a warning, every page is XML, formulas are MathML, and links lead somewhere."""

from __future__ import annotations

import os
import posixpath
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest
from built_site import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.site, pytest.mark.slow]
XHTML, MATHML, SVG = (
    "{http://www.w3.org/1999/xhtml}",
    "{http://www.w3.org/1998/Math/MathML}",
    "{http://www.w3.org/2000/svg}",
)


@pytest.fixture(scope="module")
def epub(browser, tmp_path_factory) -> zipfile.ZipFile:
    """The course as an EPUB; skips without a browser, by the fixture of that name."""
    target = tmp_path_factory.mktemp("epub")
    code = (
        "import sys; from pathlib import Path; import build_epub; sys.exit(build_epub.build(target=Path(sys.argv[1])))"
    )
    folders = os.pathsep.join([str(ROOT / "book/tools"), str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", code, str(target)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": folders},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (made,) = target.glob("*.epub")
    return zipfile.ZipFile(made)


@pytest.fixture(scope="module")
def pages(epub) -> dict[str, ElementTree.Element]:
    """Its pages; one that is no XML raises here."""
    return {name: ElementTree.fromstring(epub.read(name)) for name in epub.namelist() if name.endswith(".xhtml")}


def test_it_is_an_epub(epub) -> None:
    first = epub.infolist()[0]
    assert (first.filename, first.compress_type, epub.read("mimetype")) == ("mimetype", 0, b"application/epub+zip")
    assert epub.testzip() is None


def test_every_chapter_is_a_page(pages) -> None:
    chapters = {path.stem for path in (ROOT / "chapters").glob("*.ipynb")}
    assert {Path(name).stem for name in pages if name.startswith("chapters/")} == chapters


def test_pages_run_no_script_and_their_formulas_are_mathml(pages) -> None:
    for name, page in pages.items():
        assert page.find(f".//{XHTML}script") is None, name
        formulas = [
            e for e in page.iter() if "math" in e.get("class", "").split() and e.tag in (f"{XHTML}span", f"{XHTML}div")
        ]
        assert [e.itertext() for e in formulas if e.find(f".//{MATHML}math") is None] == [], name
        assert page.find(f".//{MATHML}merror") is None, name
    assert sum(1 for page in pages.values() for _ in page.iter(f"{MATHML}math")) > 100


def test_internal_links_lead_to_pages(pages) -> None:
    broken = []
    for name, page in pages.items():
        for link in page.iter(f"{XHTML}a"):
            parts = urlsplit(link.get("href", ""))
            if parts.scheme or not parts.path:
                continue
            goal = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(parts.path)))
            if goal not in pages:
                broken.append(f"{name} -> {link.get('href')}")
    assert broken == []


def test_the_package_tells_which_pages_hold_formulas_and_drawings(epub, pages) -> None:
    package = ElementTree.fromstring(epub.read("content.opf"))
    told = {str(item.get("href")): (item.get("properties") or "").split() for item in package.findall(".//{*}item")}
    for name, page in pages.items():
        if name in ("nav.xhtml", "genindex.xhtml"):  # the contents, and an index that no page leads to
            continue
        held = {
            kind
            for kind, tag in (("mathml", f"{MATHML}math"), ("svg", f"{SVG}svg"))
            if page.find(f".//{tag}") is not None
        }
        assert held == set(told[name]), name


def test_no_code_is_cut_off_where_nothing_scrolls(epub, browser, tmp_path) -> None:
    epub.extractall(tmp_path)
    cut = """() => [...document.querySelectorAll('.course-card pre')]
      .filter(e => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1).length"""
    for chapter in ("04_attention", "08_chatgpt"):
        page = browser.new_page(viewport={"width": 600, "height": 900})
        page.goto((tmp_path / f"chapters/{chapter}.xhtml").as_uri())
        assert page.locator(".course-card pre").count() >= 3
        assert page.evaluate(cut) == 0, chapter
        page.close()
