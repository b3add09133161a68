"""Live widgets and their static twins."""

import pytest

from utils.teaching import translate_box
from utils.teaching.widgets import _box

EXAMPLES = [("the dog sleeps", "کتا سوتا ہے"), ("<b>", "un chien")]


def upper(text):
    if not text:
        raise ValueError("write a sentence <first>")
    return text.upper()


def test_a_page_shows_examples_and_no_widget(shown, monkeypatch):
    monkeypatch.setenv("COURSE_STATIC", "1")
    seen = shown(translate_box, upper, EXAMPLES)
    assert set(seen.bundles[0]) == {"text/html", "text/plain"}
    assert "کتا سوتا ہے" in seen.html
    assert "&lt;b&gt;" in seen.html


def test_a_kernel_shows_the_widget(shown):
    seen = shown(translate_box, upper, EXAMPLES)
    assert "application/vnd.jupyter.widget-view+json" in seen.bundles[0]


def test_the_box_translates_on_enter_and_on_the_button():
    text, button, answer = _box(upper, EXAMPLES, "Translate").children
    assert "THE DOG SLEEPS" in answer.value
    text.value = "a cat"
    assert "A CAT" in answer.value
    text.value = ""
    assert "write a sentence &lt;first&gt;" in answer.value
    answer.value = ""
    button.click()
    assert "write a sentence" in answer.value


def test_without_examples_there_is_nothing_to_show():
    with pytest.raises(ValueError, match="at least one example"):
        translate_box(upper, [])
