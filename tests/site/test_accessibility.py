"""WCAG 2.1, levels A and AA, as far as a machine can see it: axe-core over every built page, light and dark.

No rule and no element is exempt. Folded parts are opened first, so that solutions are looked at too. axe-core comes
from the package axe-playwright-python and is put into the page from disk: nothing is fetched.
"""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest
from browsing import visit
from built_site import pages

pytestmark = [pytest.mark.browser, pytest.mark.site]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
MODES = ("light", "dark")

LOOK = """tags => {
  document.querySelectorAll('article details').forEach(e => { e.open = true });
  return axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']}).then(result =>
    result.violations.flatMap(v => v.nodes.map(n => ({
      rule: v.id, target: n.target.join(' '), html: n.html}))));
}"""


def violations(page: Any) -> list[dict[str, str]]:
    """What axe-core finds on a page that is open."""
    page.evaluate(resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    return page.evaluate(LOOK, TAGS)


def look(browser: Any, address: str, paths: list[str], width: int, mode: str) -> dict[str, list[str]]:
    """The violations of each page that has some."""
    complaints: dict[str, list[str]] = {}
    for path in paths:
        page, _ = visit(browser, address, path, width, mode)
        for found in violations(page):
            complaints.setdefault(path, []).append(f"{found['rule']} at {found['target']}: {found['html'][:160]}")
        page.context.close()
    return complaints


@pytest.mark.parametrize("mode", MODES)
def test_wide_pages_violate_nothing(browser, address, mode: str) -> None:
    assert look(browser, address, pages(), 1440, mode) == {}


@pytest.mark.parametrize("mode", MODES)
def test_narrow_chapters_violate_nothing(browser, address, mode: str) -> None:
    chapters = [path for path in pages() if path.startswith("chapters/")]
    assert chapters
    assert look(browser, address, chapters, 390, mode) == {}


SPOILED = {
    "image-alt": "document.querySelector('article').insertAdjacentHTML('beforeend', '<img src=\"data:,\">')",
    "button-name": "document.querySelector('article').insertAdjacentHTML('beforeend', '<button></button>')",
    "color-contrast": "document.querySelector('article p').style.color = '#aaa'",
    "html-has-lang": "document.documentElement.removeAttribute('lang')",
    "label": "document.querySelector('article').insertAdjacentHTML('beforeend', '<details><input></details>')",
}


def test_each_planted_violation_is_seen(browser, address) -> None:
    page, _ = visit(browser, address, "book/intro.html", 1440, "light")
    assert violations(page) == []
    for spoil in SPOILED.values():
        page.evaluate(spoil)
    assert set(SPOILED) <= {found["rule"] for found in violations(page)}
    page.context.close()
