"""The steppers of chapter 07: two masks, merges, and the next token's distribution, by mouse and keyboard."""

import pytest
import torch
from bs4 import BeautifulSoup

from utils.data.pieces import learn_merges
from utils.decoding import filter_logits
from utils.teaching import merges_stepper, next_token_stepper, two_masks_stepper
from utils.teaching.steppers.next_token import LIMIT, SINGLE

TOKENS = ["the", "<dog>", "sleeps"]
FILLED = [[("the", 0.9), ("a", 0.1)], [("<dog>", 0.6), ("cat", 0.3)], [("sleeps", 0.5), ("eats", 0.004)]]
CONTINUED = [[("a", 0.7), ("the", 0.3)], [("cat", 0.2), ("man", 0.1)], [("eats", 0.4), ("sleeps", 0.3)]]
TEXTS = ["low low low low low lower lower newest newest newest newest newest newest widest widest widest"]
V = 500
LOGITS = 2 * torch.randn(V, generator=torch.Generator().manual_seed(0))
WORDS = [f"<w{k}>" for k in range(V)]


def masks():
    two_masks_stepper(TOKENS, FILLED, CONTINUED)


def merges():
    merges_stepper(TEXTS, count=5)


def sampler(**options):
    next_token_stepper(WORDS, LOGITS, prompt="the dog </script>", **options)


def steps_of(shown, call):
    return BeautifulSoup(shown(call).html, "html.parser").select(".st-step")


def test_each_mask_closes_what_it_should(shown):
    first, second, third = steps_of(shown, masks)
    for place, step in enumerate((first, second, third)):
        bert, gpt = step.select(".tm-pair > div")
        assert [li.get_text() for li in bert.select("li")] == [*TOKENS[:place], "?", *TOKENS[place + 1 :]]
        assert not bert.select(".tm-shut")
        assert [li.get_text() for li in gpt.select("li.tm-shut")] == TOKENS[place + 1 :]
        assert [li.get_text() for li in gpt.select("li:not(.tm-shut)")] == [*TOKENS[:place], "?"]
    assert second.select_one(".st-text").get_text() == (
        "Word 2, “\u2068<dog>\u2069”. BERT sees the rest of the sentence and gives it 60\u00a0%. "
        "GPT sees 1 word and does not guess it in 2 tries."
    )
    assert "GPT may look at no word yet" in first.get_text()
    assert "GPT sees only that a sentence begins and gives it 30\u00a0%." in first.get_text()
    assert [span.get_text() for span in third.select("span.st-word.st-picked")] == ["sleeps", "sleeps"]


def test_merges_are_those_of_the_package(shown):
    steps = steps_of(shown, merges)
    learned = learn_merges(TEXTS, 5)
    assert len(steps) == 6
    for step, pair in zip(steps[1:], learned, strict=True):
        codes = [code.get_text() for code in step.select(".st-text code")]
        assert codes == [*pair, "".join(pair)]
        assert {li.get_text() for li in step.select("li.st-new")} == {"".join(pair)}
    assert "stand side by side 9 times" in steps[1].get_text()
    newest = [li.get_text() for li in steps[3].select("ul")[0].select("li")]
    assert newest == ["▁", "n", "e", "w", "est"]
    assert "95 pieces of 11 kinds" in steps[0].get_text()
    assert "86 pieces now, of at most 12 kinds" in steps[1].get_text()


def test_the_model_s_own_distribution_stands_there_without_script(shown):
    soup = BeautifulSoup(shown(sampler).html, "html.parser")
    shares = LOGITS.softmax(dim=0).sort(descending=True)
    words = [span.get_text() for span in soup.select(".ns-word")]
    assert words[:12] == [WORDS[k] for k in shares.indices[:12]]
    assert words[12] == f"all {V - 12} others"
    bars = [float(bar["style"][6:-1]) / 100 for bar in soup.select(".ns-track b")]
    assert bars[:12] == pytest.approx(shares.values[:12].tolist(), abs=0.0006)
    assert sum(bars) == pytest.approx(1, abs=0.008)


def test_a_vocabulary_of_fifty_thousand_fits(shown):
    logits = 3 * torch.randn(50_257, generator=torch.Generator().manual_seed(1))
    logits[7] = -torch.inf
    html = shown(lambda: next_token_stepper([f"token{k}" for k in range(50_257)], logits)).html
    assert len(html.encode()) <= LIMIT // 2
    assert "all 50,244 others" in html


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: two_masks_stepper(TOKENS, FILLED[:2], CONTINUED), "3 words, 2 filled and 3 continued"),
        (lambda: two_masks_stepper(TOKENS, [[("a", 1.4)]] * 3, CONTINUED), "filled, word 1"),
        (lambda: two_masks_stepper(TOKENS, FILLED, [[], *CONTINUED[1:]]), "continued, word 1"),
        (lambda: merges_stepper(TEXTS, count=0), "0 merges of 7 words"),
        (lambda: next_token_stepper(["a", "b"], [1.0]), "2 words and 1 logits"),
        (lambda: next_token_stepper(["a", "b"], [1.0, float("nan")]), "logits must be numbers"),
        (lambda: next_token_stepper(["a", "b"], [1.0, -torch.inf]), "fewer than two tokens"),
        (lambda: next_token_stepper(["a", "b"], [1.0, 2.0], shown=SINGLE + 1), "between 2 and 60"),
        (lambda: next_token_stepper(["a", "b"], [1.0, 2.0], prompt="long " * LIMIT), "more than 40,000"),
    ],
)
def test_bad_input_of_these_steppers_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("temperature", "k", "p"), [(1, 61, 1), (0.5, 61, 1), (1.7, 10, 1), (1, 61, 0.5), (1.3, 61, 0.9), (0.7, 40, 0.95)]
)
def test_the_page_computes_what_the_package_does(shown, open_page, temperature, k, p):
    """Every bar and the number of tokens left, against `filter_logits`; k = 61 is the place for "all"."""
    page = open_page(shown(sampler).html)
    page.locator("[data-name=temperature]").fill(str(temperature))
    page.locator("[data-name=k]").fill(str(k))
    page.locator("[data-name=p]").fill(str(p))
    kept = filter_logits(LOGITS[None], temperature, None if k > SINGLE else k, p)
    expected = kept.softmax(dim=-1)[0].sort(descending=True).values
    widths = page.evaluate("[...document.querySelectorAll('.ns-track b')].map(b => parseFloat(b.style.width) / 100)")
    assert widths[:12] == pytest.approx(expected[:12].tolist(), abs=0.004)
    assert widths[12] == pytest.approx(float(expected[12:].sum()), abs=0.02)
    said = page.locator(".ns-said").text_content()
    count = int(said.split(": ")[1].split(" of ")[0])
    assert count == pytest.approx(int(kept.isfinite().sum()), rel=0.06)


@pytest.mark.browser
def test_sliders_go_by_keyboard_and_back(shown, open_page):
    page = open_page(shown(sampler).html)
    page.get_by_label("Top-k").focus()
    page.keyboard.press("Home")
    assert "top-k 1, top-p 1.00: 1 of 500 token can be drawn" in page.locator(".ns-said").text_content()
    assert page.locator(".ns-word.ns-out").count() == 12
    page.get_by_role("button", name="Draw 20 tokens").press("Enter")
    drawn = page.locator(".ns-drawn li").all_text_contents()
    assert drawn == [WORDS[int(LOGITS.argmax())]] * 20
    page.get_by_role("button", name="Back to the model's own").click()
    assert "top-k all" in page.locator(".ns-said").text_content()
    assert page.locator(".ns-word.ns-out").count() == 0
    page.get_by_label("Temperature").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_label("Temperature").get_attribute("aria-valuetext") == "1.1"


@pytest.mark.browser
def test_tokens_that_are_left_out_are_never_drawn(shown, open_page):
    page = open_page(shown(sampler).html)
    page.get_by_label("Top-k").fill("3")
    best = {WORDS[k] for k in LOGITS.topk(3).indices}
    seen = set()
    for _ in range(10):
        page.get_by_role("button", name="Draw 20 tokens").click()
        seen |= set(page.locator(".ns-drawn li").all_text_contents())
    assert seen == best


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["", "data-theme=dark"])
def test_axe_finds_nothing_and_a_phone_shows_all(shown, open_page, violations, theme):
    made = "".join(shown(call).html for call in (masks, merges, sampler))
    page = open_page("<h1>steppers</h1>" + made, width=360, theme=theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for box in page.locator(".course-stepper").all():
        before = box.bounding_box()["height"]
        box.get_by_role("button", name="Last").click()
        assert box.bounding_box()["height"] == before
    page.get_by_label("Top-k").fill("2")
    assert violations(page) == []
