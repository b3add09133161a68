"""The stepper of attention: what it says, in two directions, by mouse and by keyboard."""

import pytest
import torch
from bs4 import BeautifulSoup

from utils.teaching import looking_stepper

EVIL = "</script><script>document.title='broken'</script>"
ENGLISH, URDU = ["a", "cat", "sleeps", "EOS"], ["بلی", "سوتی", "ہے", "EOS"]
WEIGHTS = [[0.05, 0.93, 0.01, 0.01], [0.0, 0.02, 0.96, 0.02], [0.25, 0.25, 0.25, 0.25], [0.01, 0.01, 0.01, 0.97]]


def english_to_urdu():
    looking_stepper(ENGLISH, URDU, WEIGHTS)


def urdu_to_english():
    looking_stepper(URDU, [*ENGLISH[:3], EVIL], torch.tensor(WEIGHTS))


def soup_of(shown, call):
    return BeautifulSoup(shown(call).html, "html.parser")


def test_it_says_where_each_word_looks(shown):
    soup = soup_of(shown, english_to_urdu)
    said = [step.get_text() for step in soup.select(".st-text")]
    assert said[0] == "Writing “\u2068بلی\u2069” it looks 0.93 at “\u2068cat\u2069”, 0.05 at “\u2068a\u2069”."
    assert said[1] == "Writing “\u2068سوتی\u2069” it looks 0.96 at “\u2068sleeps\u2069”."
    assert said[2].count(" at ") == 3
    assert [button.get_text() for button in soup.select(".st-choices button")] == URDU


def test_nothing_large_still_names_the_largest(shown):
    wide = [f"w{k}" for k in range(25)]
    soup = soup_of(shown, lambda: looking_stepper(wide, ["x", "y"], [[0.04] * 25, [0.02, 0.06] + [0.04] * 23]))
    assert soup.select(".st-text")[0].get_text() == "Writing “\u2068x\u2069” it looks 0.04 at “\u2068w0\u2069”."


def test_every_weight_is_drawn_and_written(shown):
    steps = soup_of(shown, urdu_to_english).select(".st-step")
    for step, row in zip(steps, WEIGHTS, strict=True):
        items = step.select("li")
        assert [li.get("style") for li in items] == [f"--w:{share:.2f}" if share else None for share in row]
        assert [li.small.get_text() for li in items] == [f"{share:.2f}" if share else "" for share in row]
        assert [k for k, li in enumerate(items) if "st-most" in li.get("class", [])] == [row.index(max(row))]


def test_sentences_of_25_words_fit(shown):
    words = ["infirmières"] * 25  # no weight below half a hundredth: the largest case
    soup = soup_of(shown, lambda: looking_stepper(words, words, torch.full((25, 25), 1 / 25)))
    assert len(soup.select(".st-step")) == 25


@pytest.mark.browser
def test_the_bar_fills_with_the_weight_from_where_its_words_begin(shown, open_page):
    page = open_page(shown(urdu_to_english).html + shown(english_to_urdu).html)
    for k, way in ((0, "270deg"), (1, "90deg")):
        item = page.locator(".course-stepper").nth(k).locator(".st-on li").nth(1)
        bar = item.evaluate("li => getComputedStyle(li, '::after').backgroundImage")
        assert bar.startswith(f"linear-gradient({way}, ")
        assert " 93%" in bar


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: looking_stepper([], ["a", "b"], [[], []]), "0 source words"),
        (lambda: looking_stepper(["a"], ["a", "b"], [[1.0]]), "1 rows of .1. weights for 2 written"),
        (lambda: looking_stepper(["a", "b"], ["a", "b"], [[1.0], [0.5, 0.5]]), "a row for each written word"),
        (lambda: looking_stepper(["a"], ["a", "b"], [[0.5], [1.0]]), "weights of 'a', .0.5., are no shares"),
        (lambda: looking_stepper(["a"], ["a", "b"], [[1.0], [float("nan")]]), "weights of 'b'"),
        (lambda: looking_stepper(["a"], ["b"], [[1.0]]), "needs at least two"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.fixture
def walk(shown, open_page):
    page = open_page(shown(urdu_to_english).html + shown(english_to_urdu).html, width=360)
    return page, page.locator(".course-stepper").nth(1)


def on(stepper):
    return stepper.evaluate("r => [...r.querySelectorAll('.st-step')].findIndex(s => s.classList.contains('st-on'))")


@pytest.mark.browser
def test_a_word_is_chosen_by_mouse(walk):
    page, second = walk
    second.get_by_role("button", name="ہے").click()
    assert on(second) == 2
    assert on(page.locator(".course-stepper").first) == 0
    pressed = second.locator("[aria-pressed=true]").all_text_contents()
    assert pressed == ["ہے"]
    assert second.locator(".st-live").text_content().startswith("Step 3 of 4. Writing “\u2068ہے\u2069” it looks 0.25")
    assert page.title() != "broken"


@pytest.mark.browser
def test_arrows_follow_the_direction_of_the_words(walk):
    page, second = walk
    for stepper, forward, back in (
        (second, "ArrowLeft", "ArrowRight"),
        (walk[0].locator(".course-stepper").first, "ArrowRight", "ArrowLeft"),
    ):
        stepper.locator(".st-choices button").first.focus()
        for key, place in [(forward, 1), (forward, 2), (back, 1), ("End", 3), ("Home", 0), (back, 0)]:
            page.keyboard.press(key)
            assert on(stepper) == place, key
        assert page.evaluate("document.activeElement.dataset.step") == "0"
    second.get_by_role("button", name="Next").focus()
    page.keyboard.press("ArrowRight")
    assert on(second) == 1, "the bar below runs from left to right"


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["", "data-theme=dark"])
def test_urdu_runs_from_the_right_and_all_fits_a_phone(shown, open_page, theme):
    page = open_page(shown(urdu_to_english).html + shown(english_to_urdu).html, width=360, theme=theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    lefts = "all => all.slice(0, 2).map(x => x.getBoundingClientRect().left)"
    first, second = page.locator(".course-stepper").first, page.locator(".course-stepper").nth(1)
    urdu_source, urdu_target = first.locator(".st-on li"), second.locator(".st-choices button")
    for words in (urdu_source, urdu_target):
        one, two = words.evaluate_all(lefts)
        assert one > two
    for words in (second.locator(".st-on li"), first.locator(".st-choices button")):
        one, two = words.evaluate_all(lefts)
        assert one < two
