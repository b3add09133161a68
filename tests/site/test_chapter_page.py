"""What a reader does on the page of a chapter, where no kernel runs: walk, unfold, answer; by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from browsing import visit
from built_site import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.site]
CHAPTERS = sorted(path.stem for path in (ROOT / "chapters").glob("*.ipynb"))
WIDTHS = (1440, 390)

STATE = """stepper => ({
  on: [...stepper.querySelectorAll('.st-step')].findIndex(e => e.classList.contains('st-on')),
  seen: [...stepper.querySelectorAll('.st-step')].filter(e => getComputedStyle(e).visibility === 'visible').length,
  count: stepper.querySelector('.st-count').textContent, live: stepper.querySelector('.st-live').textContent,
  text: stepper.querySelector('.st-on .st-text').textContent})"""


@pytest.fixture(params=[(name, width) for name in CHAPTERS for width in WIDTHS], ids=lambda p: f"{p[0]}-{p[1]}")
def chapter(request, browser, address) -> Iterator[Any]:
    """The built page of a chapter; nothing may have gone wrong on it at the end."""
    name, width = request.param
    page, wrong = visit(browser, address, f"chapters/{name}.html", width, "light")
    page.stem = name
    yield page
    page.context.close()
    assert wrong == []


def steppers(page: Any) -> list[Any]:
    """The steppers of a page, of which every chapter has some."""
    found = page.locator(".course-stepper").all()
    assert len(found) >= 1
    return found


def test_every_formula_is_set(chapter) -> None:
    chapter.wait_for_selector("mjx-container")
    assert chapter.locator("mjx-merror, .MathJax_Error").count() == 0
    assert "Math input error" not in chapter.locator("main").inner_text()


def test_steppers_by_mouse(chapter) -> None:
    for stepper in steppers(chapter):
        last = stepper.locator(".st-step").count() - 1
        texts = [stepper.evaluate(STATE)["text"]]
        for place in range(1, last + 1):
            stepper.get_by_role("button", name="Next").click()
            state = stepper.evaluate(STATE)
            texts.append(state["text"])
            assert (state["on"], state["seen"], state["count"]) == (place, 1, f"{place + 1} of {last + 1}")
            assert state["live"] == f"Step {place + 1} of {last + 1}. {state['text']}"
        assert len(set(texts)) == len(texts), "each step says something else"
        for name, place in [("Back", last - 1), ("First", 0), ("Last", last)]:
            stepper.get_by_role("button", name=name).click()
            assert stepper.evaluate(STATE)["on"] == place


def test_steppers_by_keyboard(chapter) -> None:
    for stepper in steppers(chapter):
        last = stepper.locator(".st-step").count() - 1
        stepper.get_by_role("button", name="First").focus()
        keys = ["Tab", "Tab", "Enter", "Space", "ArrowLeft", "ArrowRight", "End", "Home"]
        for key, place in zip(keys, [0, 0, 1, 2, 1, 2, last, 0], strict=True):
            chapter.keyboard.press(key)
            assert stepper.evaluate(STATE)["on"] == place, key
        stepper.get_by_role("slider").focus()
        for key, place in [("ArrowRight", 1), ("End", last), ("ArrowLeft", last - 1)]:
            chapter.keyboard.press(key)
            assert stepper.evaluate(STATE)["on"] == place, key


def test_every_solution_is_folded_and_opens(chapter) -> None:
    notebook = nbformat.read(ROOT / f"chapters/{chapter.stem}.ipynb", as_version=4)
    tags = [tag for cell in notebook.cells for tag in cell.metadata.get("tags", ())]
    folded = chapter.locator("article details:has(> summary:text-matches('^Solution of exercise'))").all()
    assert len(folded) == tags.count("exercise-solution") >= 5
    for k, solution in enumerate(folded):
        code = solution.locator("pre").first
        assert not code.is_visible()
        if k % 2:
            solution.locator("summary").click()
        else:
            solution.locator("summary").focus()
            chapter.keyboard.press("Enter")
        assert code.is_visible()
        assert len(code.text_content().strip()) > 10


def test_folded_code_opens(chapter) -> None:
    fold = chapter.locator("details.hide.above-input").first
    assert "pip" not in fold.inner_text()
    fold.locator("summary").click()
    assert "pip" in fold.inner_text()


def test_every_answer_of_the_quiz_has_its_reason(chapter) -> None:
    questions = chapter.locator(".course-quiz .Quiz").all()
    assert len(questions) >= 3
    for question in questions:
        said, radios = question.get_by_role("status"), question.get_by_role("radio")
        assert said.text_content() == ""
        if radios.count():
            reasons = []
            for answer in question.locator("label.MCButton").all():
                answer.click()
                reasons.append(said.text_content())
            assert len(set(reasons)) == len(reasons) == radios.count()
            assert sum(reason.startswith("Right.") for reason in reasons) == 1
            assert all(reason.startswith(("Right. ", "No. ")) for reason in reasons)
        else:
            box = question.locator("input")
            box.fill("-987654")
            box.press("Enter")
            assert said.text_content().startswith("No. ")


def test_the_quiz_by_keyboard(chapter) -> None:
    question = chapter.locator(".course-quiz .Quiz").first
    question.get_by_role("radio").first.focus()
    reasons = set()
    for key in ("Space", "ArrowDown", "ArrowDown"):
        chapter.keyboard.press(key)
        reasons.add(question.get_by_role("status").text_content())
    assert len(reasons) == 3
