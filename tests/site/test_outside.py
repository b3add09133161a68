"""What the course shows outside its pages: a missing address, a shared link, a bookmark, a sheet of paper."""

from __future__ import annotations

import struct
import sys

import pytest
from browsing import visit
from bs4 import BeautifulSoup
from built_site import ROOT, pages

sys.path.insert(0, str(ROOT / "book/tools"))

import social_card

from utils import course

pytestmark = pytest.mark.site


def soup(site, name: str) -> BeautifulSoup:
    return BeautifulSoup((site / name).read_text(encoding="utf-8"), "html.parser")


def test_the_page_of_a_missing_address_depends_on_no_folder(site) -> None:
    page = soup(site, "404.html")
    addresses = [tag.get(key) for tag in page.find_all(True) for key in ("href", "src", "action") if tag.get(key)]
    assert len(addresses) >= 5
    assert [a for a in addresses if not a.startswith((course.SITE + "/", "data:"))] == []
    assert page.find("meta", {"name": "robots"})["content"] == "noindex"


@pytest.mark.browser
def test_the_page_of_a_missing_address_is_read_in_both_modes(browser, address) -> None:
    grounds = []
    for mode in ("light", "dark"):
        page, wrong = visit(browser, address, "404.html", 390, mode)
        assert page.get_by_role("heading", name="There is no such page").is_visible()
        assert page.get_by_role("searchbox", name="Search the course").is_visible()
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        assert wrong == []
        page.context.close()
    assert grounds == ["rgb(255, 255, 255)", "rgb(18, 22, 26)"]


def test_every_page_tells_what_a_link_to_it_shows(site) -> None:
    for name in pages():
        if name in ("404.html", "search.html", "index.html"):
            continue
        page = soup(site, name)
        told = {tag["property"]: tag["content"] for tag in page.find_all("meta", property=True)}
        assert told["og:url"] == f"{course.SITE}/{name}"
        assert told["og:image"] == f"{course.SITE}/_static/card.png"
        assert told["og:title"] == page.h1.get_text().removesuffix("#"), name
        assert 40 < len(told["og:description"]) <= 203, name
    questions = [
        soup(site, name).find("meta", property="og:description")["content"] for name in pages() if "chapters" in name
    ]
    assert [text for text in questions if not text.endswith("?")] == []


def test_no_icon_keeps_a_page_from_showing_its_words(site) -> None:
    for name in pages():
        if name not in ("404.html", "index.html"):
            heavy = soup(site, name).select("head script[src*=fontawesome], head script[src*=sphinx-book-theme]")
            assert len(heavy) == 2, name
            assert all(script.has_attr("defer") for script in heavy), name


def test_the_card_is_there_in_the_size_that_it_says(site) -> None:
    data = (site / "_static/card.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (1200, 630)
    assert len(data) < 300_000


@pytest.mark.browser
def test_the_card_is_drawn_from_the_svg(browser) -> None:
    sheet = browser.new_page(viewport=social_card.SIZE)
    sheet.set_content(social_card.page())
    sheet.evaluate("document.fonts.ready.then(() => true)")
    texts = sheet.locator("svg text").all_text_contents()
    boxes = sheet.locator("svg text").evaluate_all("all => all.map(e => e.getBoundingClientRect().right)")
    assert texts[0] == "From RNNs to ChatGPT"
    assert max(boxes) < 1200 - 60, "no text runs out of the picture"
    assert sheet.evaluate("document.fonts.check('20px \"Source Serif 4\"')")
    sheet.close()


def test_every_page_has_the_icon(site) -> None:
    for name in pages():
        icon = soup(site, name).find("link", rel="icon")
        if name in ("index.html",):
            continue
        assert icon is not None, name
        if not icon["href"].startswith("data:"):
            file = (site / name).parent / icon["href"]
            assert file.read_text(encoding="utf-8").startswith("<svg"), name


@pytest.mark.browser
def test_on_paper_what_is_folded_is_open_and_the_frame_is_gone(browser, address) -> None:
    page, _ = visit(browser, address, "book/before_you_start.html", 1440, "dark")
    answer = page.get_by_text("each id is replaced by its row of 64 numbers")
    assert not answer.is_visible()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert answer.is_visible()
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert [e for e in (".bd-sidebar-primary", ".bd-header-article") if page.locator(e).first.is_visible()] == []
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert not answer.is_visible()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.locator(".bd-sidebar-primary").is_visible()
    page.context.close()


@pytest.mark.browser
def test_on_paper_the_ledger_gives_its_room_to_the_claims(browser, address) -> None:
    page, _ = visit(browser, address, "book/ledger.html", 720, "light")
    narrowest = """() => Math.min(...[...document.querySelectorAll('.course-ledger td:first-child:has(> a)')]
      .map(cell => cell.clientWidth / cell.closest('table').clientWidth))"""
    on_screen = page.evaluate(narrowest)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(narrowest) > max(on_screen, 0.35)
    page.context.close()
