"""What a reader sees before scrolling, and that nothing which counts is pushed off a page."""

from __future__ import annotations

import pytest
from browsing import visit

pytestmark = [pytest.mark.browser, pytest.mark.site]

LOWEST = """() => Math.max(...[...document.querySelectorAll('.course-lead, .course-start .sd-card, article p')]
  .filter(e => e.matches('.course-lead, .sd-card') || /^(For whom|How long)/.test(e.textContent))
  .map(e => e.getBoundingClientRect().bottom))"""

PUSHED = """() => [...document.querySelectorAll('.course-parity .cc-scroll, .course-board .cc-scroll')]
  .filter(e => e.scrollWidth > e.clientWidth).map(e => e.getAttribute('aria-label'))"""

SIDES = """() => [...document.querySelectorAll('.cb-said')].flatMap(box => [...box.querySelectorAll('dt')].map(name =>
  [name.getBoundingClientRect().bottom, name.nextElementSibling.getBoundingClientRect().top]))
  .filter(([name, answer]) => name > answer + 1).length"""


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1440, 900)])
def test_the_front_page_says_what_for_whom_how_long_and_where_to_start(
    browser, address, width: int, height: int
) -> None:
    page, wrong = visit(browser, address, "book/intro.html", width, "light")
    page.set_viewport_size({"width": width, "height": height})
    assert page.locator(".course-start .sd-card a").count() == 3
    assert page.evaluate(LOWEST) <= height
    assert wrong == []
    page.context.close()


@pytest.mark.parametrize("path", ["book/scoreboards.html", "chapters/07_bert_and_gpt.html"])
def test_verdicts_and_records_stand_on_a_wide_page(browser, address, path: str) -> None:
    page, _ = visit(browser, address, path, 1440, "light")
    assert page.locator(".course-board").count() >= 1
    assert page.evaluate(PUSHED) == []
    page.context.close()


@pytest.mark.parametrize("path", ["chapters/08_chatgpt.html", "chapters/09_time_machine.html"])
def test_on_a_phone_the_name_of_a_model_stands_above_its_answer(browser, address, path: str) -> None:
    page, _ = visit(browser, address, path, 390, "light")
    assert page.locator(".cb-said dt").count() >= 4
    assert page.evaluate(SIDES) == 0
    page.context.close()
