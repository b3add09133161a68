"""Pictures, formulas and tables on a phone: letters that can be read, and nothing cut off that cannot be reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browsing import visit
from built_site import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.site]
CHAPTERS = [f"chapters/{path.stem}.html" for path in sorted((ROOT / "chapters").glob("*.ipynb"))]
SMALLEST = 9.4  # pixels
PLOT_LETTERS = 11.1  # pixels: 8 points, the smallest letters of our plots, at the width that a plot states

BOXES = """() => [...document.querySelectorAll('.course-figure .course-wide')].map(box => {
  const picture = box.firstElementChild, width = picture.getBoundingClientRect().width;
  const sizes = selector => [...picture.querySelectorAll(selector)].filter(e => e.textContent.trim().length > 1)
    .map(e => parseFloat(getComputedStyle(e).fontSize) * width / picture.viewBox.baseVal.width);
  return {
    plot: picture.tagName === 'IMG', stated: Number(picture.getAttribute('width')), width,
    letters: picture.tagName === 'IMG' ? [] : sizes('text'),
    wide: box.scrollWidth > box.clientWidth + 1, tab: box.getAttribute('tabindex'), role: box.getAttribute('role'),
    label: box.getAttribute('aria-label'), hint: box.previousElementSibling.getBoundingClientRect().height > 0 };
})"""
STEPPERS = """() => [...document.querySelectorAll('.course-stepper svg')].flatMap(svg => {
  const scale = svg.getScreenCTM()?.a ?? 1;
  return [...svg.querySelectorAll('text')].map(e => parseFloat(getComputedStyle(e).fontSize) * scale);
})"""
SMALL = """() => [...document.querySelectorAll('article :is(button, summary, select)')].filter(e => {
  const box = e.getBoundingClientRect();
  return box.width > 0 && getComputedStyle(e).visibility === 'visible' && (box.width < 24 || box.height < 24);
}).map(e => e.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module", params=CHAPTERS)
def phone(request, browser, address) -> Iterator[Any]:
    """A chapter at the width of a phone."""
    page, wrong = visit(browser, address, request.param, 390, "light")
    yield page
    page.context.close()
    assert wrong == []


def test_letters_can_be_read(phone) -> None:
    boxes = phone.evaluate(BOXES)
    assert boxes, "the chapter has pictures"
    for box in boxes:
        if box["plot"]:
            assert PLOT_LETTERS * box["width"] / box["stated"] >= SMALLEST, box
        else:
            assert min(box["letters"], default=SMALLEST) >= SMALLEST, box
    assert min(phone.evaluate(STEPPERS), default=SMALLEST) >= SMALLEST


def test_a_wide_picture_scrolls_by_keyboard_and_says_so(phone) -> None:
    for box in phone.evaluate(BOXES):
        said = (box["tab"], box["role"], bool(box["label"]), box["hint"])
        assert said == (("0", "region", True, True) if box["wide"] else (None, None, False, False)), box
    wide = phone.locator(".course-wide[tabindex='0']")
    if wide.count():
        first = wide.first
        first.focus()
        phone.keyboard.press("ArrowRight")
        phone.wait_for_function("box => box.scrollLeft > 0", arg=first.element_handle())


def test_no_control_is_too_small_to_hit(phone) -> None:
    assert phone.evaluate(SMALL) == []


def test_no_line_ends_between_a_formula_and_its_full_stop(phone) -> None:
    loose = phone.evaluate(
        """() => [...document.querySelectorAll('span.math:has(> mjx-container)')].filter(span => {
          const next = span.nextSibling;
          return next?.nodeType === Node.TEXT_NODE && /^[.,;:!?)]/.test(next.data) &&
            !span.closest('.course-unbroken'); }).map(span => span.textContent)"""
    )
    assert loose == []


def test_no_option_of_a_command_is_broken_at_its_hyphens(browser, address) -> None:
    page, _ = visit(browser, address, "book/scaling.html", 390, "light")
    words = page.locator("code.literal .pre", has_text="--")
    assert words.count() > 5
    assert (
        page.evaluate("""() => [...document.querySelectorAll('code.literal .pre')].filter(
        word => /^-/.test(word.textContent) && word.textContent.length < 25 && word.getClientRects().length > 1
    ).map(word => word.textContent)""")
        == []
    )
    page.context.close()


def test_marks_stay_under_their_letters(browser, address) -> None:
    page, _ = visit(browser, address, "chapters/02_four_shapes.html", 390, "light")
    printed = page.locator(".cell_output .stream pre", has_text="^^^^^^")
    assert printed.count() == 1
    lines, height = len(printed.inner_text().rstrip().splitlines()), printed.evaluate("e => e.clientHeight")
    assert height < (lines + 2.5) * printed.evaluate("e => parseFloat(getComputedStyle(e).lineHeight)"), "a line wraps"
    page.context.close()


def test_a_wide_screen_needs_no_scrolling(browser, address) -> None:
    for path in CHAPTERS:
        page, _ = visit(browser, address, path, 1440, "light")
        boxes = page.evaluate(BOXES)
        assert boxes
        assert [box for box in boxes if box["wide"] or box["tab"] or box["hint"]] == []
        page.context.close()


def test_a_picture_follows_the_screen_when_it_is_turned(browser, address) -> None:
    page, _ = visit(browser, address, CHAPTERS[2], 390, "light")
    assert any(box["wide"] for box in page.evaluate(BOXES))
    page.set_viewport_size({"width": 1200, "height": 800})
    page.wait_for_function("document.querySelectorAll('.course-wide[tabindex]').length === 0")
    page.context.close()


def cut_off(page: Any) -> bool:
    """Whether the formulas with a raised sign look otherwise once nothing is cut at their boxes."""
    seen = []
    for style in ("p {}", ".bd-article :is(div.math, mjx-container) { overflow: visible !important }"):
        page.add_style_tag(content=style)
        seen.append([])
        for formula in page.locator("mjx-container[display='true']:has(.mjx-c22A4)").all():
            formula.scroll_into_view_if_needed()
            box = formula.bounding_box()
            area = {"x": box["x"], "y": box["y"] - 8, "width": box["width"], "height": box["height"] + 16}
            seen[-1].append(page.screenshot(clip=area))
    assert len(seen[0]) >= 1, "the page has such a formula"
    return seen[0] != seen[1]


@pytest.mark.parametrize("style", ["", "padding-block: 0"])
def test_no_formula_is_cut_off_above(browser, address, style: str) -> None:
    page, _ = visit(browser, address, "chapters/04_attention.html", 1440, "light")
    page.add_style_tag(content=f'.bd-article mjx-container[display="true"] {{ {style} }}')
    assert cut_off(page) == bool(style), "with the room it is whole, and without it the check sees what is missing"
    page.context.close()


def test_the_checks_see_what_they_are_for(browser, address) -> None:
    page, _ = visit(browser, address, "chapters/04_attention.html", 390, "light")
    assert page.evaluate(SMALL) == []
    page.add_style_tag(
        content="article button { height: 9px !important; min-height: 0 !important; padding: 0 !important }"
    )
    assert page.evaluate(SMALL) != []
    page.add_style_tag(content=".course-wide > * { min-width: 0 !important }")
    assert any(box["plot"] and box["width"] < 400 for box in page.evaluate(BOXES))
    page.context.close()
