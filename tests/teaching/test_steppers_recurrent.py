"""The steppers of chapter 01: what they say and draw, what they refuse, and how they behave in a browser."""

import pytest
import torch
from bs4 import BeautifulSoup

from utils.models.rnn import GRUScratch, LSTMScratch, RNNScratch, stacked
from utils.teaching import fading_stepper, gates_stepper, unrolled_stepper
from utils.teaching.steppers.fading import spoken
from utils.teaching.steppers.strips import strip

EVIL = "</b><script>document.title='broken'</script>"
TOKENS = ["the", "dog", EVIL, "sleeps"]
STATES = [[0.1, 0.0, -0.2], [0.1, 0.8, -0.2], [0.0, 0.7, -0.1], [-0.5, 0.7, 0.0]]
OUTPUTS = ["cat", EVIL, "runs", "."]
FORGET = [[0.9, 0.8, 1.0], [0.1, 0.9, 0.8], [1.0, 1.0, 1.0], [0.5, 0.5, 0.5]]
INPUT = [[0.9, 0.1, 0.2], [0.0, 0.6, 0.0], [0.3, 0.3, 0.3], [0.004, 0.0, 0.0]]
CURVES = {"RNN, before": [2.0, 0.02, 2e-5, 0.0], "LSTM, trained": [0.5, 0.45, 0.4, 0.1]}


def unrolled(**options):
    unrolled_stepper(TOKENS, STATES, **options)


def gates():
    gates_stepper(TOKENS, {"forget": FORGET, "input": INPUT}, STATES)


def fading():
    fading_stepper(CURVES, [1, 2, 10, 40])


def steps(html):
    return BeautifulSoup(html, "html.parser").select(".st-step")


def texts(html):
    return [step.select_one(".st-text").get_text() for step in steps(html)]


def test_unrolled_says_what_is_read_and_what_changes(shown):
    html = shown(unrolled, outputs=OUTPUTS).html
    said = texts(html)
    assert said[0].startswith("Nothing is read yet. One cell with one set of weights waits for each of the 4 words")
    assert "takes “\u2068the\u2069” and the zeros it began with. The state moves by 0.22" in said[1]
    assert "takes “\u2068dog\u2069” and the state that “\u2068the\u2069” left" in said[2]
    assert "moves by 0.80, most in number 2 of the 3 drawn, from 0.00 to 0.80. It puts out" in said[2]
    assert len(set(said)) == 5
    columns = BeautifulSoup(html, "html.parser").select(".un-word")
    assert [column.button.get_text() for column in columns] == ["(start)", *TOKENS]
    assert [column["data-step"] for column in columns] == ["0", "1", "2", "3", "4"]
    assert columns[2].select_one(".un-out").get_text() == EVIL
    assert "puts out" not in texts(shown(unrolled).html)[2]


def test_a_strip_shows_sign_and_size():
    drawn = strip([0.5, -1.0, 0.0], 1.0)
    assert "#0072b280 0% 33.33%,#d55e00ff 33.33% 66.67%,#d55e0000 66.67% 100%" in drawn
    assert strip([0.0], 0.0).count("00 0% 100%") == 1, "a vector of zeros is drawn empty"
    assert strip([0.1] * 40, 1.0).count("%,") == 15, "of a long vector the first 16 numbers"


def test_only_numbers_that_are_drawn_are_named(shown):
    wide = [[0.0] * 20, [0.0] * 15 + [0.3] + [0.9] * 4]
    said = texts(shown(unrolled_stepper, ["a", "b"], wide).html)
    assert "most in number 16 of the 16 drawn, from 0.00 to 0.30" in said[2]


def test_gates_are_given_as_means_and_as_bars(shown):
    html = shown(gates).html
    said = texts(html)
    assert "Word 2 of 4, “\u2068dog\u2069”. Open on average: forget 60\u00a0% (over the sentence 75\u00a0%)" in said[1]
    assert "input 20\u00a0%" in said[1]
    assert "The cell changes most in number 2 of the 3 drawn, from 0.00 to 0.80." in said[1]
    assert "changes most in number 3 of the 3 drawn, from 0.00 to -0.20" in said[0], "it begins at zero"
    heights = [bar["style"] for bar in steps(html)[1].select(".st-bars")[0].select("i")]
    assert heights == ["height:10%", "height:90%", "height:80%"]
    assert [b.get_text() for b in BeautifulSoup(html, "html.parser").select(".st-choices button")] == TOKENS


@pytest.mark.parametrize("scratch", [LSTMScratch, GRUScratch, RNNScratch])
def test_they_take_what_the_models_trace(scratch, shown):
    torch.manual_seed(0)
    trace = {}
    with torch.no_grad():
        scratch(5, 24)(torch.randn(1, 12, 5), trace=trace)
    kept = {name: values[0].tolist() for name, values in stacked(trace).items()}
    words = [f"word{k}" for k in range(12)]
    assert len(texts(shown(unrolled_stepper, words, kept["hidden"], words).html)) == 13
    opened = {name: kept[name] for name in ("input", "forget", "output", "reset", "update") if name in kept}
    if opened:
        html = shown(gates_stepper, words, opened, kept.get("cell", kept["hidden"])).html
        assert all(f"{name} " in texts(html)[3] for name in opened)
        assert "the first 16 of 24 units" in html


def test_the_fading_is_measured_against_the_nearest(shown):
    html = shown(fading).html
    said = texts(html)
    assert said[0].startswith("One word back. Everything is measured against the gradient here")
    assert (
        "2 words back. Of the gradient at distance 1 is left: RNN, before: 1\u00a0%; LSTM, trained: 90\u00a0%."
        in said[1]
    )
    assert "RNN, before: 1 in 100,000; LSTM, trained: 80\u00a0%" in said[2]
    assert "RNN, before: nothing" in said[3]
    assert "from 1 in 100,000 or less (empty) to 1 (full), so each 5th of the width" in html
    widths = [[b["style"] for b in step.select(".st-track b")] for step in steps(html)]
    assert widths[0] == ["width:100.0%", "width:100.0%"]
    assert widths[1][0] == "width:60.0%", "1 % is two of five powers of ten down"
    assert widths[2][0] == widths[3][0] == "width:0.0%"


@pytest.mark.parametrize(
    ("smallest", "says"),
    [
        (1e-3, "1 in 1,000 or less (empty) to 1 (full), so each third"),
        (3e-7, "1 in 10 million or less"),
        (1e-30, "1 in 10 billion or less"),
    ],
)
def test_the_scale_reaches_down_to_the_smallest_share_within_ten_powers(smallest, says, shown):
    assert says in shown(fading_stepper, {"RNN": [1.0, smallest]}, [1, 2]).html


def test_a_gradient_may_grow(shown):
    html = shown(fading_stepper, {"RNN": [1.0, 3.0, 250.0]}, [0, 5, 9]).html
    assert "to 1,000 (full)" in html
    assert texts(html)[0].startswith("At the last word itself. Everything is measured")
    assert "RNN: 3 times" in texts(html)[1]
    assert "RNN: 250 times" in texts(html)[2]


@pytest.mark.parametrize(
    ("share", "says"),
    [
        (1.0, "100\u00a0%"),
        (0.0123, "1\u00a0%"),
        (0.003, "1 in 330"),
        (1 / 45_600, "1 in 46,000"),
        (1 / 3_456_000, "1 in 3.5 million"),
        (1e-12, "under 1 in a billion"),
        (0.0, "nothing"),
        (12.4, "12 times"),
    ],
)
def test_shares_are_spoken(share, says):
    assert spoken(share) == says


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: unrolled_stepper([], []), "tokens is empty"),
        (lambda: unrolled_stepper(["a", "b"], [[1.0]]), "states holds 1 rows of [1] numbers"),
        (lambda: unrolled_stepper(["a", "b"], [[1.0], [1.0, 2.0]]), "rows of [1, 2] numbers"),
        (lambda: unrolled_stepper(["a"], [[1.0]], ["x", "y"]), "outputs holds 2 texts for 1 tokens"),
        (lambda: gates_stepper(["a"], {"forget": [[0.5]]}, [[0.5]]), "there are 1 tokens and 1 gates"),
        (lambda: gates_stepper(["a", "b"], {}, [[0.5], [0.5]]), "and 0 gates"),
        (lambda: gates_stepper(["a", "b"], {"forget": [[1.5], [0.5]]}, [[0.5], [0.5]]), "outside 0 to 1"),
        (lambda: gates_stepper(["a", "b"], {"x": [[0.5], [0.5]]}, [[0.5, 1], [0.5, 1]]), "1 units and the cell 2"),
        (lambda: fading_stepper({"RNN": [1.0]}, [1]), "give growing distances"),
        (lambda: fading_stepper({"RNN": [1.0, 0.5]}, [2, 1]), "give growing distances"),
        (lambda: fading_stepper({"RNN": [0.0, 0.5]}, [1, 2]), "the first above 0"),
        (lambda: fading_stepper({"RNN": [1.0, float("nan")]}, [1, 2]), "2 finite sizes"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError) as raised:
        call()
    assert message in str(raised.value)


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["", "data-theme=dark"])
def test_they_fit_a_phone_and_their_height_stays(shown, open_page, theme):
    page = open_page("".join(shown(call).html for call in (unrolled, gates, fading)), width=360, theme=theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.title() != "broken"
    for box in page.locator(".course-stepper").all():
        before = box.bounding_box()["height"]
        box.get_by_role("button", name="Last", exact=True).click()
        assert box.bounding_box()["height"] == before
        assert box.locator(".st-step").last.is_visible()


@pytest.mark.browser
def test_words_and_columns_can_be_chosen(shown, open_page):
    page = open_page(shown(unrolled).html + shown(gates).html)
    first, second = page.locator(".course-stepper").all()
    seen = first.locator(".un-word .st-strip")
    assert [strip.is_visible() for strip in seen.all()] == [True, False, False, False, False], "nothing is read yet"
    first.locator(".un-word").nth(2).locator(".un-box").click()
    assert first.locator(".st-count").text_content() == "3 of 5"
    assert first.locator(".st-live").text_content().startswith("Step 3 of 5. Word 2 of 4")
    assert [strip.is_visible() for strip in seen.all()] == [True, True, True, False, False]
    first.get_by_role("button", name="dog").focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.textContent") == "the"
    assert first.locator(".un-word.st-here").count() == 1
    second.get_by_role("button", name="dog").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    assert second.locator(".st-count").text_content() == "3 of 4"
    assert second.locator("[aria-pressed=true]").text_content() == EVIL
    assert first.locator(".st-count").text_content() == "2 of 5", "the other one stays where it is"


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["", "data-theme=dark"])
def test_axe_finds_nothing_at_the_first_and_the_last_step(shown, open_page, violations, theme):
    made = [shown(unrolled, outputs=OUTPUTS), shown(gates), shown(fading)]
    page = open_page("<h1>steppers</h1>" + "".join(one.html for one in made), theme=theme)
    for name in ("First", "Last"):
        for button in page.get_by_role("button", name=name, exact=True).all():
            button.click(force=True)  # at its end it is marked as disabled
        assert violations(page) == []
