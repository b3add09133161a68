"""Steppers: their texts, and how they behave in a browser by mouse and keyboard."""

import pytest
from bs4 import BeautifulSoup

from utils.teaching import Step, bandwidth_stepper, decoding_stepper, stepper
from utils.teaching.steppers.frame import LIMIT, direction

EVIL = "</script><script>document.title='broken'</script>"
WORDS = [
    {"candidates": [("le", 0.7), (EVIL, 0.2), ("un", 0.004)]},
    {"candidates": [("chat", 0.6), ("chien", 0.4)], "chosen": "chien"},
    {"candidates": [("dort", 0.9), ("court", 0.05)]},
]
RECALL = {1: [1.0], "2": [0.9, 1.0], 4: [0.4, 0.5, 0.8, 1.0]}


def decoding(**options):
    decoding_stepper(["the", "dog", "sleeps"], WORDS, context=[0.5, -1.0, 0.0], **options)


def bandwidth():
    bandwidth_stepper(["the", "old", "dog", "sleeps", "here"], RECALL, numbers=64)


def texts(html):
    return [step.get_text() for step in BeautifulSoup(html, "html.parser").select(".st-step .st-text")]


def test_decoding_says_what_is_read_and_written(shown):
    said = texts(shown(decoding).html)
    assert said[0].startswith("The encoder has read 3 words and left one vector")
    assert "reads the sign for the beginning and the same context" in said[1]
    assert "It writes “\u2068chien\u2069” (40\u00a0%)" in said[2]
    assert "its last word, “\u2068chien\u2069”," in said[3]
    soup = BeautifulSoup(shown(decoding).html, "html.parser")
    assert [li.get_text() for li in soup.select(".st-step")[3].select(".st-chips li")] == ["le", "chien", "dort"]
    assert len(soup.select(".st-vector i")) == 3
    assert len(soup.find_all("script")) == 1


def test_the_meter_shows_what_was_measured(shown):
    html = shown(bandwidth).html
    assert texts(html)[0].startswith("1 word: 64 numbers for each.")
    assert "4 words: 16 numbers for each. A probe reads a word back in 68\u00a0%" in texts(html)[2]
    assert "worst is word 1 (“\u2068the\u2069” here) with 40\u00a0%" in texts(html)[2]
    soup = BeautifulSoup(html, "html.parser").select(".st-step")[2]
    assert [b["style"] for b in soup.select("li b")] == ["width:40.0%", "width:50.0%", "width:80.0%", "width:100.0%"]


def test_right_to_left_words_run_right_to_left():
    assert direction(["12", "کتا"]) == "rtl"
    assert direction(["12", "dog"]) == "ltr"
    assert direction([]) == "ltr"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stepper("x", [Step("", "one")]), "at least two"),
        (lambda: stepper("x", [Step("", "one"), Step("", " ")]), "step 2 of 'x' has no text"),
        (lambda: stepper("x", [Step("<b onclick='y'>", "one"), Step("", "two")]), "holds a script"),
        (lambda: stepper("x", [Step("y" * LIMIT, "one"), Step("", "two")]), "use fewer or smaller steps"),
        (lambda: decoding_stepper([], WORDS), "source has 0 words"),
        (lambda: decoding_stepper(["a"], [{"candidates": [("b", 2.0)]}]), "pairs of a word and a probability"),
        (lambda: decoding_stepper(["a"], [{"candidates": [("b", 0.5)], "chosen": "c"}]), "not among its candidates"),
        (lambda: bandwidth_stepper(["a"], {2: [1.0, 1.0]}, 8), "the example has 1 words"),
        (lambda: bandwidth_stepper(["a", "b"], {2: [1.0]}, 8), "must hold 2 shares"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.fixture
def walk(shown, open_page):
    """A page with three steppers, and what the second one shows."""
    page = open_page("".join(shown(call).html for call in (bandwidth, decoding, decoding)))
    second = page.locator(".course-stepper").nth(1)

    def state():
        return second.evaluate(
            """root => {const s = [...root.querySelectorAll('.st-step')];
            return {on: s.findIndex(x => x.classList.contains('st-on')),
                    seen: s.filter(x => getComputedStyle(x).visibility === 'visible').length,
                    slider: root.querySelector('input').value, count: root.querySelector('.st-count').textContent,
                    live: root.querySelector('.st-live').textContent,
                    ended: [...root.querySelectorAll('[aria-disabled=true]')].map(b => b.dataset.go).join()}}"""
        )

    return page, second, state


@pytest.mark.browser
def test_by_mouse(walk):
    page, second, state = walk
    assert state() == {"on": 0, "seen": 1, "slider": "1", "count": "1 of 4", "live": "", "ended": "first,back"}
    second.get_by_role("button", name="Next").click()
    assert state()["on"] == 1
    assert state()["live"].startswith("Step 2 of 4. Word 1: the decoder reads")
    second.get_by_role("button", name="Last").click()
    second.get_by_role("button", name="Next").click(force=True)  # at the end it is marked as disabled
    assert state() | {"live": ""} == {
        "on": 3, "seen": 1, "slider": "4", "count": "4 of 4", "live": "", "ended": "next,last",
    }  # fmt: skip
    second.get_by_role("button", name="Back").click()
    assert state()["on"] == 2
    second.get_by_role("button", name="First").click()
    assert state()["on"] == 0
    others = page.locator(".st-count").all_text_contents()
    assert others == ["1 of 3", "1 of 4", "1 of 4"], "the other steppers stay where they are"
    assert page.title() != "broken"


@pytest.mark.browser
def test_by_keyboard(walk):
    page, second, state = walk
    second.get_by_role("button", name="Next").focus()
    for key, place in [("ArrowRight", 1), ("End", 3), ("ArrowRight", 3), ("ArrowLeft", 2), ("Home", 0), ("Enter", 1)]:
        page.keyboard.press(key)
        assert state()["on"] == place, key
    second.get_by_role("slider").focus()
    for key, place in [("ArrowRight", 2), ("ArrowUp", 3), ("Home", 0), ("End", 3)]:
        page.keyboard.press(key)
        assert state()["on"] == place, key
    assert second.get_by_role("slider").get_attribute("aria-valuetext") == "Step 4 of 4"


@pytest.mark.browser
def test_play_runs_to_the_end_and_can_be_paused(walk):
    page, second, state = walk
    page.clock.install()
    play = second.locator(".st-play")
    play.click()
    page.clock.run_for(1700)
    assert (state()["on"], play.text_content()) == (1, "Pause")
    play.click()
    page.clock.run_for(5000)
    assert state()["on"] == 1
    play.click()
    page.clock.run_for(9000)
    assert (state()["on"], play.text_content()) == (3, "Play")
    page.emulate_media(reduced_motion="reduce")
    assert not play.is_visible()


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["", "data-theme=dark"])
def test_it_fits_a_phone_and_its_height_stays(shown, open_page, theme):
    page = open_page(shown(decoding).html + shown(bandwidth).html, width=360, theme=theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    box = page.locator(".course-stepper").first
    before = box.bounding_box()["height"]
    box.get_by_role("button", name="Last").click()
    assert box.bounding_box()["height"] == before
    light = page.evaluate("getComputedStyle(document.querySelector('.course-card')).backgroundColor")
    assert light == ("rgb(23, 27, 32)" if theme else "rgb(255, 255, 255)")
