"""The chat box: asked by its callbacks, replayed on a page, and clean of what is typed or answered."""

from importlib import resources
from pathlib import Path

import ipywidgets
import pytest
from bs4 import BeautifulSoup

from utils.teaching import CONTINUING, TRANSLATING, chat_box, chat_boxes, labelling_panel, labelling_widgets
from utils.teaching.chat_boxes import KEPT, _Box

EVIL = "</script><script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\">"
QUESTIONS = ["where does maria live ?", EVIL, "مريم کہاں رہتی ہے"]


def rambles(question):
    return f"{question} which pet does omar have ? {EVIL}"


def answers(question):
    if "maria" not in question:
        raise ValueError(f"the model does not know the word <{question.split()[0]}>")
    return "maria lives in lima ."


MODELS = {"base": rambles, "<b>tuned</b>": answers, "silent": lambda question: ""}


def box(models=MODELS, first=QUESTIONS[0]):
    return _Box(models, first, "Ask")


def exchanges(made):
    """The exchanges in sight, the newest first: question and rows."""
    soup = BeautifulSoup(made.said.value, "html.parser")
    found = []
    for part in str(soup.div).split("<hr/>"):
        asked, *rows = BeautifulSoup(part, "html.parser").select("p")
        found.append((asked.get_text(), [(row.strong.get_text(), row.span.get_text()) for row in rows]))
    return found


def test_it_asks_the_first_question_of_the_first_model():
    assert exchanges(box()) == [(QUESTIONS[0], [("base", rambles(QUESTIONS[0]))])]


def test_switching_the_model_asks_it_the_same_question():
    made = box()
    made.model.value = "<b>tuned</b>"
    made.model.value = "silent"
    ((question, rows),) = exchanges(made)
    assert question == QUESTIONS[0]
    assert rows[1:] == [("<b>tuned</b>", "maria lives in lima ."), ("silent", "(it says nothing)")]


def test_enter_and_the_buttons_ask_and_the_newest_stands_on_top():
    made = box()
    made.text.value = "is maria a painter ?"
    made.one.click()  # leaving the field has asked already: the same exchange
    assert [question for question, _ in exchanges(made)] == ["is maria a painter ?", QUESTIONS[0]]
    made.all.click()
    assert [name for name, _ in exchanges(made)[0][1]] == list(MODELS)


def test_an_error_of_a_model_is_a_sentence_and_an_empty_field_asks_nothing():
    made = box()
    made.model.value = "<b>tuned</b>"
    made.text.value = "omar"
    assert exchanges(made)[0][1] == [("<b>tuned</b>", "the model does not know the word <omar>")]
    made.text.value = "   "
    assert "Write a question first" in made.said.value
    made.one.click()
    assert len(made.told) == 2


def test_old_exchanges_leave():
    made = box({"echo": str.upper, "other": str.title})
    for k in range(KEPT + 5):
        made.text.value = f"question {k}"
    assert len(exchanges(made)) == KEPT
    assert exchanges(made)[0][0] == f"question {KEPT + 4}"


def test_nothing_that_is_typed_or_answered_becomes_markup():
    made = box()
    made.text.value = EVIL
    made.all.click()
    soup = BeautifulSoup(made.said.value, "html.parser")
    assert not soup.select("script, img, b")
    assert EVIL in soup.get_text()
    assert "<b>tuned</b>" in soup.get_text()


def test_a_kernel_shows_the_box(shown):
    seen = shown(chat_box, MODELS, QUESTIONS)
    assert "application/vnd.jupyter.widget-view+json" in seen.bundles[0]


def test_only_widgets_of_both_versions_are_used():
    """What ipywidgets 8 has and 7.7.1 lacks, and the method that 8 calls deprecated."""
    common = {"HTML", "Text", "Button", "ToggleButtons", "IntProgress", "Layout", "VBox", "HBox"}
    for module in (chat_boxes, labelling_widgets):
        text = Path(module.__file__).read_text(encoding="utf-8")
        used = {word.split("(")[0].split(".")[0] for word in text.split("widgets.")[1:]} & set(dir(ipywidgets))
        assert used
        assert used <= common
        assert ".on_submit(" not in text
        assert "tooltip=" not in text, "named description_tooltip in 7"


@pytest.fixture
def replay(shown, monkeypatch):
    monkeypatch.setenv("COURSE_STATIC", "1")
    return shown(chat_box, MODELS, QUESTIONS).html


def test_a_page_shows_what_every_model_answered(replay):
    soup = BeautifulSoup(replay, "html.parser")
    steps = soup.select(".st-step")
    assert [step.select_one(".cb-asked").get_text() for step in steps] == QUESTIONS
    assert [name.get_text() for name in steps[0].select("dt")] == list(MODELS)
    said = [one.get_text() for one in steps[0].select("dd")]
    assert said == [rambles(QUESTIONS[0]), "maria lives in lima .", "(it says nothing)"]
    assert "the model does not know the word <مريم>" in steps[2].get_text()
    assert [button.get_text() for button in soup.select(".st-choices button")] == QUESTIONS
    assert len(soup.select("script")) == 1, "the stepper's own"
    assert not soup.select("img")


@pytest.mark.parametrize(
    ("models", "examples", "message"),
    [
        ({}, QUESTIONS, "at least one model"),
        (MODELS, QUESTIONS[:1], "at least two different examples"),
        (MODELS, ["a", "a"], "at least two different examples"),
    ],
)
def test_bad_input_is_named(models, examples, message):
    with pytest.raises(ValueError, match=message):
        chat_box(models, examples)


@pytest.mark.browser
@pytest.mark.parametrize(("width", "theme"), [(900, ""), (360, "data-theme=dark")])
def test_the_replay_is_asked_by_mouse_and_keyboard(replay, open_page, width, theme):
    page = open_page(replay, width=width, theme=theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator(".st-choices button").nth(1).click()
    assert page.locator(".st-on .cb-asked").text_content() == EVIL
    page.keyboard.press("ArrowRight")
    assert page.locator(".st-on .cb-asked").text_content() == QUESTIONS[2]
    assert page.locator(".st-live").text_content().startswith("Step 3 of 3. Asked “")
    pressed = page.locator(".st-choices [aria-pressed=true]").all_text_contents()
    assert pressed == [QUESTIONS[2]]
    assert page.title() != "broken"


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["", "data-theme=dark"])
def test_axe_finds_nothing_in_both_replays(replay, shown, open_page, theme):
    axe = pytest.importorskip("axe_playwright_python")
    pairs = [(f"where {k} ?", "lima .", "oslo .") for k in range(3)]
    other = shown(labelling_panel, pairs, recorded=["first", "tie", "second"], by="a test").html
    page = open_page(f"<h1>replays</h1>{replay}{other}", theme=theme)
    page.evaluate(resources.files(axe).joinpath("axe.min.js").read_text(encoding="utf-8"))
    for name in ("First", "Next"):
        for button in page.get_by_role("button", name=name, exact=True).all():
            button.click(force=True)
        found = page.evaluate("() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})")
        assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found["violations"]] == []


def test_a_box_may_translate_or_go_on_instead_of_answering(shown, monkeypatch):
    monkeypatch.setenv("COURSE_STATIC", "1")
    html = shown(
        chat_box, {"one": str.upper, "other": lambda text: text + "\nand on"}, ["a b", "c"], "T", CONTINUING
    ).html
    soup = BeautifulSoup(html, "html.parser")
    assert "Begun with" in html
    assert "each of 2 models goes on:" in html
    assert "Choose a beginning" in soup.get_text()
    assert soup.select("dd")[1].get_text() == "a b\nand on"
    assert _Box(MODELS, "a", "T", TRANSLATING).all.description == "Translate all"
