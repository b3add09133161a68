"""The steppers of the Transformer: what they say and draw, and choosing by mouse and keyboard."""

import pytest

from utils.teaching import Step, stepper
from utils.teaching.steppers.frame import choices


@pytest.fixture
def chosen(shown, open_page):
    """A stepper with a button for each step and a marked picture: the page, and which step and button are on."""
    steps = [Step(f"<b>{k}</b>", f"step {k}") for k in range(4)]
    svg = '<svg viewBox="0 0 40 40" width="40"><rect data-step="2" width="40" height="40"/></svg>'
    above = choices(["the", "<dog>", "sleeps", "here"], "Choose a word") + svg
    page = open_page(shown(stepper, "choose", steps, above, css=".course-stepper .st-here{fill:red}").html)

    def state():
        return page.evaluate(
            """() => ({on: [...document.querySelectorAll('.st-step')].findIndex(s => s.classList.contains('st-on')),
            pressed: [...document.querySelectorAll('.st-choices [aria-pressed=true]')].map(b => b.textContent).join(),
            marked: document.querySelector('rect').classList.contains('st-here'),
            focus: document.activeElement.textContent, live: document.querySelector('.st-live').textContent})"""
        )

    return page, state


@pytest.mark.browser
def test_a_click_on_a_word_or_a_box_leads_to_its_step(chosen):
    page, state = chosen
    assert (state()["on"], state()["pressed"], state()["marked"]) == (0, "the", False)
    page.get_by_role("button", name="<dog>").click()
    assert (state()["on"], state()["pressed"], state()["live"]) == (1, "<dog>", "Step 2 of 4. step 1")
    page.locator("rect").click()
    assert (state()["on"], state()["pressed"], state()["marked"]) == (2, "sleeps", True)
    page.get_by_role("button", name="Next").click()
    assert (state()["on"], state()["pressed"], state()["marked"]) == (3, "here", False)


@pytest.mark.browser
def test_arrows_move_the_choice_and_the_focus(chosen):
    page, state = chosen
    page.get_by_role("button", name="the").focus()
    for key, place, word in [("ArrowRight", 1, "<dog>"), ("End", 3, "here"), ("ArrowLeft", 2, "sleeps")]:
        page.keyboard.press(key)
        assert (state()["on"], state()["pressed"], state()["focus"]) == (place, word, word), key
