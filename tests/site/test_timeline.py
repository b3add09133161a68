"""The timeline: its facts hang together, and it can be walked by mouse, by keyboard and without a script."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest
from browsing import visit
from built_site import ROOT

sys.path.insert(0, str(ROOT / "book/tools"))

import timeline

STAGES, ENTRIES = timeline.read()
ARXIV = re.compile(r"https://arxiv\.org/abs/(\d\d)(\d\d)\.\d{4,5}")
PAGE = "book/timeline.html"


def test_it_runs_from_back_propagation_to_chatgpt() -> None:
    assert (ENTRIES[0].id, ENTRIES[0].year) == ("back-propagation", "1986")
    assert (ENTRIES[-1].id, ENTRIES[-1].date) == ("chatgpt", "2022-11")
    assert len({entry.id for entry in ENTRIES}) == len(ENTRIES) >= 30
    assert {entry.stage for entry in ENTRIES} == {stage.id for stage in STAGES}
    assert len(STAGES) == 1 + 5, "the five stages of the notes, and what came before"


def test_every_paper_is_in_the_references_and_has_an_address() -> None:
    papers = timeline.papers()
    assert [entry.id for entry in ENTRIES if not papers[entry.paper].url.startswith("https://")] == []


def test_the_date_of_an_arxiv_paper_is_the_month_in_its_number() -> None:
    dates = {
        entry.id: (entry.date, f"20{found[1]}-{found[2]}")
        for entry in ENTRIES
        if (found := ARXIV.fullmatch(timeline.papers()[entry.paper].url))
    }
    assert len(dates) >= 20
    assert {name: pair for name, pair in dates.items() if pair[0] != pair[1]} == {}


def test_a_step_builds_on_earlier_steps_only() -> None:
    time = {entry.id: entry.time for entry in ENTRIES}
    late = [(entry.id, other) for entry in ENTRIES for other in entry.builds_on if time[other] > entry.time]
    assert late == []
    assert all(entry.id not in entry.builds_on for entry in ENTRIES)


def test_the_years_of_a_stage_are_those_of_its_steps() -> None:
    for stage in STAGES:
        years = [entry.year for entry in ENTRIES if entry.stage == stage.id]
        first, last = years[0], years[-1]
        span = first if first == last else f"{first}–{last if first[:2] != last[:2] else last[2:]}"
        assert stage.years in (span, f"{first}–{last}"), stage.id


def test_no_two_dots_overlap_and_each_stands_at_its_date() -> None:
    places = timeline.places(STAGES, ENTRIES)
    spots = list(places.values())
    near = [(a, b) for k, a in enumerate(spots) for b in spots[:k] if abs(a[0] - b[0]) < 15 and abs(a[1] - b[1]) < 15]
    assert near == []
    assert max(abs(places[entry.id][0] - timeline.across(entry.time)) for entry in ENTRIES) < 15


@pytest.fixture(params=[1440, 390])
def page(request, browser, address) -> Any:
    """The built page; nothing may have gone wrong on it at the end."""
    page, wrong = visit(browser, address, PAGE, request.param, "light")
    yield page
    page.context.close()
    assert wrong == []


def name(page: Any) -> str:
    """The step that the card shows."""
    return page.locator(".tl-card .tl-name").inner_text()


def links(part: Any) -> list[tuple[str, str]]:
    """Text and address of the links in a part of the page."""
    found = part.locator("a").evaluate_all("all => all.map(a => [a.textContent, a.getAttribute('href')])")
    return [(text, href) for text, href in found]


@pytest.mark.browser
@pytest.mark.site
def test_by_mouse(page) -> None:
    assert name(page) == "Back-propagation"
    for entry in ENTRIES[1:4]:
        page.get_by_role("button", name="Next", exact=True).click()
        assert name(page) == entry.name
    page.get_by_role("button", name="Back", exact=True).click()
    assert name(page) == ENTRIES[2].name
    page.locator('label:has(input[value="chatgpt"])').click()
    page.get_by_role("button", name="Next", exact=True).click(force=True)
    assert name(page) == "ChatGPT", "there is nothing behind the last step"
    page.locator('label:has(input[value="transformer"])').click()
    assert name(page) == "The Transformer"
    lines = page.locator(".tl-past").evaluate_all("all => all.map(e => e.dataset.from)")
    assert set(lines) == set(next(e for e in ENTRIES if e.id == "transformer").builds_on)
    page.locator(".tl-card").get_by_role("link", name="Attention", exact=True).click()
    assert name(page) == "Attention"
    assert (
        page.locator(".tl-count").inner_text() == f"{[e.id for e in ENTRIES].index('attention') + 1} of {len(ENTRIES)}"
    )


@pytest.mark.browser
@pytest.mark.site
def test_by_keyboard(page) -> None:
    page.get_by_role("radio").first.focus()
    for entry in ENTRIES[1:]:
        page.keyboard.press("ArrowRight")
        assert name(page) == entry.name
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == f"{entry.year}, {entry.name}"
    page.keyboard.press("ArrowLeft")
    assert name(page) == ENTRIES[-2].name
    assert page.locator(".tl-card").get_attribute("aria-live") == "polite"


@pytest.mark.browser
@pytest.mark.site
def test_an_address_opens_its_step(browser, address) -> None:
    page, _ = visit(browser, address, f"{PAGE}#timeline-bert", 1440, "light")
    assert name(page) == "BERT"
    page.context.close()


@pytest.mark.browser
@pytest.mark.site
def test_without_a_script_the_list_says_everything(browser, address) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + PAGE)
    assert not page.locator(".tl").is_visible()
    items = page.locator("article li:has(.tl-year)")
    assert items.count() == len(ENTRIES)
    for entry in ENTRIES:
        item = items.filter(has=page.locator(f"#timeline-{entry.id}"))
        assert item.is_visible()
        assert all(text in item.inner_text() for text in (entry.year, entry.name, entry.says))
        paper = timeline.papers()[entry.paper]
        assert (paper.title, paper.url) in links(item)
        assert f"chapter {entry.chapter}" in item.inner_text()
    context.close()
