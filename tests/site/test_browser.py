"""The built pages in headless Chromium: wide and narrow, light and dark."""

from __future__ import annotations

import pytest
from browsing import visit
from built_site import pages

pytestmark = [pytest.mark.browser, pytest.mark.site]
MODES = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]

WIDER = """width => [...document.querySelectorAll('main *, article *')].filter(e => {
  const box = e.getBoundingClientRect();
  if (box.width === 0 || box.right <= width + 2) return false;
  for (let p = e.parentElement; p; p = p.parentElement)
    if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(p).overflowX)) return false;
  return true;
}).map(e => e.tagName + '.' + e.className).slice(0, 5)"""

# Text below the contrast that WCAG 2.1 AA asks for: 4.5, or 3 where it is large or bold and fairly large.
PALE = """() => {
  const parse = c => { const m = c.match(/[\\d.]+/g).map(Number); return c.startsWith('color(') ?
    [m[0] * 255, m[1] * 255, m[2] * 255, m[3] ?? 1] : [m[0], m[1], m[2], m[3] ?? 1] };
  const light = c => { const f = v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
    return .2126 * f(c[0]) + .7152 * f(c[1]) + .0722 * f(c[2]) };
  const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
  const behind = e => { const layers = []; for (let p = e; p; p = p.parentElement) {
      const c = parse(getComputedStyle(p).backgroundColor); layers.push(c); if (c[3] === 1) break }
    return layers.reverse().reduce((below, c) => over(c, below), [255, 255, 255, 1]) };
  const bad = [];
  for (const e of document.querySelectorAll('article *, .bd-sidebar-primary *, footer *')) {
    if (e.closest('svg, mjx-container, .headerlink, [aria-hidden=true], .visually-hidden')) continue;
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const box = e.getBoundingClientRect(), s = getComputedStyle(e);
    if (!box.width || s.visibility !== 'visible' || Number(s.opacity) === 0) continue;
    const ground = behind(e), ink = over(parse(s.color), ground);
    const [hi, lo] = [light(ink), light(ground)].sort((a, b) => b - a), ratio = (hi + .05) / (lo + .05);
    const size = parseFloat(s.fontSize), large = size >= 24 || (size >= 18.66 && Number(s.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5))
      bad.push(ratio.toFixed(2) + ' ' + e.tagName + '.' + e.className + ': ' + e.textContent.trim().slice(0, 30));
  }
  return [...new Set(bad)].slice(0, 8);
}"""


@pytest.mark.parametrize(("width", "mode"), MODES, ids=lambda value: str(value))
def test_pages_load_cleanly_fit_and_can_be_read(browser, address, width: int, mode: str) -> None:
    found = {}
    for path in pages():
        page, wrong = visit(browser, address, path, width, mode)
        if width < 500:
            wrong += [f"wider than the screen: {element}" for element in page.evaluate(WIDER, width)]
            wrong += ["the page scrolls sideways"] * page.evaluate(
                "w => document.documentElement.scrollWidth > w", width
            )
        wrong += [f"pale: {text}" for text in page.evaluate(PALE)]
        if wrong:
            found[path] = wrong
        page.context.close()
    assert found == {}


def test_dark_is_dark_and_light_is_light(browser, address) -> None:
    grounds = {}
    for mode in ("light", "dark"):
        page, _ = visit(browser, address, "book/intro.html", 1440, mode)
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)")
        grounds[mode] = sum(colour)
        assert page.evaluate("getComputedStyle(document.querySelector('.course-figure')).backgroundColor") == (
            "rgb(255, 255, 255)"
        )
        page.context.close()
    assert grounds["dark"] < 150 < 600 < grounds["light"]


def test_the_button_changes_the_mode(browser, address) -> None:
    page, _ = visit(browser, address, "book/intro.html", 1440, "light")
    seen = set()
    for _ in range(3):
        page.locator(".theme-switch-button:visible").first.click()
        seen.add(page.evaluate("document.documentElement.dataset.mode"))
    assert seen == {"auto", "light", "dark"}
    page.context.close()


def test_the_checks_see_pale_text_and_wide_boxes(browser, address) -> None:
    page, _ = visit(browser, address, "book/intro.html", 390, "light")
    assert page.evaluate(PALE) == []
    assert page.evaluate(WIDER, 390) == []
    page.evaluate("const p = document.querySelector('article p'); p.style.color = '#999'; p.style.minWidth = '500px'")
    assert page.evaluate(PALE) != []
    assert page.evaluate(WIDER, 390) != []
    page.context.close()


@pytest.mark.parametrize("word", ["softmax", "attention"])
def test_search_finds_a_word(browser, address, word: str) -> None:
    page, wrong = visit(browser, address, f"search.html?q={word}", 1440, "light")
    page.wait_for_selector("#search-results li a", timeout=10_000)
    assert page.locator("#search-results li").count() >= 2
    assert wrong == []
    page.context.close()


def test_maths_is_typeset_with_our_own_fonts(browser, address) -> None:
    page, wrong = visit(browser, address, "book/before_you_start.html", 1440, "light")
    page.wait_for_selector("mjx-container", timeout=10_000)
    assert page.locator("mjx-container").count() >= 10
    assert page.locator("mjx-merror").count() == 0
    assert page.evaluate("document.fonts.ready.then(() => document.fonts.check('16px \"Source Sans 3\"'))")
    assert wrong == []
    page.context.close()


def test_folded_answers_open(browser, address) -> None:
    page, _ = visit(browser, address, "book/before_you_start.html", 390, "light")
    first = page.locator("article details").first
    assert first.evaluate("e => e.open") is False
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    assert first.evaluate("e => e.open") is True
    assert first.get_by_text("(8, 20, 64)").is_visible()
    page.context.close()


def test_the_contents_open_on_a_narrow_screen(browser, address) -> None:
    page, _ = visit(browser, address, "book/before_you_start.html", 390, "light")
    page.locator(".secondary-toggle").first.click()
    page.wait_for_selector("dialog[open] >> text=Gradient descent", timeout=5_000)
    page.keyboard.press("Escape")
    page.locator(".primary-toggle").first.click()
    page.wait_for_selector("dialog[open] >> text=Notation", timeout=5_000)
    page.context.close()
