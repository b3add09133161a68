"""Quizzes: a reason for each answer, by mouse and keyboard, without network."""

import pytest

from utils.teaching import quiz

QUESTIONS = [
    {
        "question": "What does the decoder see of `<source>`?",
        "type": "multiple_choice",
        "answers": [
            {"answer": "all its words", "correct": False, "feedback": "That came with attention."},
            {"answer": "one `vector`", "correct": True, "feedback": "The encoder's last state & no more."},
            {"answer": "nothing", "correct": False, "feedback": "Then it could not translate."},
        ],
    },
    {
        "question": "128 numbers, 32 words: how many for each word?",
        "type": "numeric",
        "answers": [
            {"type": "value", "value": 4, "correct": True, "feedback": "128 / 32."},
            {"type": "default", "feedback": "Divide 128 by 32."},
        ],
    },
]


@pytest.fixture
def opened(shown, open_page):
    return open_page(shown(quiz, QUESTIONS).html)


@pytest.mark.browser
def test_each_answer_has_its_reason(opened):
    said = opened.get_by_role("status").first
    for answer, reason in [
        ("all its words", "No. That came with attention."),
        ("one vector", "Right. The encoder's last state & no more."),
        ("nothing", "No. Then it could not translate."),
    ]:
        opened.get_by_text(answer, exact=True).click()
        assert said.text_content() == reason


@pytest.mark.browser
def test_by_keyboard_and_by_name(opened):
    group = opened.get_by_role("radiogroup", name="What does the decoder see of <source>?")
    group.get_by_role("radio").first.focus()
    opened.keyboard.press("Space")
    opened.keyboard.press("ArrowDown")
    assert opened.get_by_role("status").first.text_content().startswith("Right.")
    box = opened.get_by_label("Type numeric answer here:")
    for number, reason in [("5", "No. Divide 128 by 32."), ("4", "Right. 128 / 32.")]:
        box.fill(number)
        box.press("Enter")
        assert opened.get_by_role("status").nth(1).text_content() == reason


@pytest.mark.browser
def test_two_quizzes_on_a_page_fit_a_phone(shown, open_page):
    page = open_page(shown(quiz, QUESTIONS).html + shown(quiz, QUESTIONS[:1]).html, width=360)
    assert page.locator(".course-quiz .Quiz").count() == 3
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_output_is_one_and_always_the_same(shown):
    seen = shown(quiz, QUESTIONS)
    assert seen.html == shown(quiz, QUESTIONS).html
    assert seen.bundles[0]["text/plain"] == "quiz: 2 questions"
    assert "http" not in seen.html.replace("http(.*?)", "").replace('href="http$1', "").replace(">http$1<", "")


def without(place, key):
    question = {**QUESTIONS[0], "answers": [dict(answer) for answer in QUESTIONS[0]["answers"]]}
    del question["answers"][place][key]
    return [question]


@pytest.mark.parametrize(
    ("questions", "message"),
    [
        ([], "at least one question"),
        ([{"question": "Why?", "type": "many_choice"}], "has the type 'many_choice'"),
        (without(0, "feedback"), "say why it is right or wrong"),
        (without(1, "correct"), "has 0 right answers of 3"),
        ([{**QUESTIONS[1], "answers": [*QUESTIONS[1]["answers"][:1], {"value": 5, "feedback": "x"}]}], "'default'"),
    ],
)
def test_a_question_without_a_reason_is_refused(questions, message):
    with pytest.raises(ValueError, match=message):
        quiz(questions)
