"""The steppers of the Transformer: what they say and draw, and choosing by mouse and keyboard."""

import inspect
import math
import re
from importlib import import_module

import pytest
import torch
from bs4 import BeautifulSoup

from utils.course import RELEASE, REPOSITORY
from utils.models.attention import causal_mask
from utils.models.transformer import Transformer, TransformerConfig, sinusoids
from utils.teaching import Step, heads_stepper, masks_stepper, paper_figure_stepper, positions_stepper, stepper
from utils.teaching.steppers.frame import LIMIT, choices
from utils.teaching.steppers.paper_figure import STACKS
from utils.teaching.steppers.paper_texts import PARTS

TOKENS = ["the", "<dog>", "sleeps"]
WEIGHTS = [[[[0.7, 0.3, 0.0], [0.1, 0.1, 0.8], [0.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]] * 3]]  # one layer of two heads
CALLS = {
    "heads": lambda: heads_stepper(TOKENS, WEIGHTS),
    "masks": masks_stepper,
    "positions": positions_stepper,
    "figure": paper_figure_stepper,
}


def page_of(shown, call):
    return BeautifulSoup(shown(call).html, "html.parser")


def texts(soup):
    return [step.get_text() for step in soup.select(".st-step .st-text")]


def test_heads_show_the_shares_of_the_chosen_word(shown):
    soup = page_of(shown, CALLS["heads"])
    assert [button.get_text() for button in soup.select(".st-choices button")] == TOKENS
    assert texts(soup)[1] == (
        "“\u2068<dog>\u2069” looks. Layer 1: head 1 most at “\u2068sleeps\u2069” (80\u00a0%), "
        "head 2 most at “\u2068the\u2069” (100\u00a0%)."
    )
    rows = soup.select(".st-step")[1].select("tbody tr")
    assert [[cell.get_text() for cell in row.select("td")] for row in rows] == [["10", "100"], ["10", ""], ["80", ""]]
    assert [row.th.get_text() for row in rows if "st-picked" in row.get("class", [])] == ["<dog>"]


def test_heads_take_the_trace_of_the_model(shown):
    torch.manual_seed(0)
    model = Transformer(TransformerConfig(12, 12, width=8, heads=2, layers=2, feed_forward=8)).eval()
    weights = model.start(torch.tensor([[5, 6, 7]]), trace=True).trace["encoder"][0]
    soup = page_of(shown, lambda: heads_stepper(TOKENS, weights))
    cells = soup.select(".st-step")[2].select("tbody tr")[0].select("td:not(.st-gap)")
    assert [cell.get_text() for cell in cells] == [f"{100 * share:.0f}" for share in weights[:, :, 2, 0].flatten()]


def test_a_sentence_of_eleven_words_with_eight_heads_fits(shown):
    weights = torch.rand(2, 4, 11, 11).softmax(-1)  # no share below half a per cent: the largest case
    assert len(shown(lambda: heads_stepper(["word"] * 11, weights)).html.encode()) <= LIMIT


def test_masks_are_those_of_the_models(shown):
    steps = page_of(shown, CALLS["masks"]).select(".st-step")
    masks = []
    for step in steps:
        rows = step.select("tbody tr")
        masks.append(torch.tensor([[cell.get_text() == "True" for cell in row.select("td")] for row in rows]))
    every, padding, causal, off, both, cross, cached = masks
    assert every.all()
    assert padding.tolist() == [[True, True, True, False, False]] * 5
    assert torch.equal(causal, causal_mask(4))
    assert torch.equal(off, causal & ~torch.eye(4, dtype=torch.bool))
    assert torch.equal(both, causal_mask(5) & torch.tensor([True, True, True, True, False]))
    assert cross.tolist() == [[True, True, True, False, False]] * 4
    assert torch.equal(cached, causal[-1:])
    assert "15 of 25 pairs are True" in steps[1].get_text()


def test_each_position_says_the_same_of_the_distance(shown):
    soup = page_of(shown, CALLS["positions"])
    table = sinusoids(torch.arange(13.0), 16)
    for position, text in enumerate(texts(soup)):
        said = re.search(r"turned by (\d+)°, the last by ([\d.]+)°, and the dot product .* is ([\d.]+):", text)
        assert said[1] == f"{math.degrees(3):.0f}"
        assert said[2] == f"{math.degrees(3 * 10000 ** (-14 / 16)):.2f}"
        assert said[3] == f"{table[position] @ table[position + 3] / 8:.3f}"
    patches = soup.select(".st-table g")[5].select("path")
    assert [float(p["opacity"]) for p in patches] == pytest.approx(
        [abs(v) for v in table[5].tolist() if abs(v) >= 0.005], abs=0.006
    )
    assert sum("st-minus" in p.get("class", []) for p in patches) == sum(v <= -0.005 for v in table[5].tolist())


def test_a_dial_turns_by_its_rate_from_every_position(shown):
    """The hands as drawn: the angle from the solid to the dashed one is the caption, whatever the position."""
    for step in page_of(shown, CALLS["positions"]).select(".st-step"):
        for dial in step.select(".st-dials figure"):
            _, ahead, here = (p["d"] for p in dial.select("path"))
            angles = [math.atan2(*(f * float(n) for f, n in zip((1, -1), d[5:].split(), strict=True)))
                      for d in (here, ahead)]  # fmt: skip
            turn = math.degrees(angles[1] - angles[0])
            assert abs((turn - float(dial.get_text().strip("+°")) + 180) % 360 - 180) < 0.5


def test_every_box_of_the_figure_has_its_step_and_every_step_its_box(shown):
    soup = page_of(shown, CALLS["figure"])
    boxes = {int(box["data-step"]): box.get_text() for box in soup.select("svg.st-paper [data-step]")}
    assert sorted(boxes) == list(range(len(PARTS)))
    assert len(soup.select("svg.st-paper [data-step]")) == sum(map(len, STACKS.values())) + 2
    assert {PARTS[k].key: word for k, word in boxes.items()}["masked"] == "Masked attention"


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.key)
def test_each_step_of_the_figure_leads_to_its_code(part, shown):
    step = page_of(shown, CALLS["figure"]).select(".st-step")[PARTS.index(part)]
    links = [a["href"] for a in step.select("a")]
    assert len(links) == len(part.code) > 0
    for place, address in zip(part.code, links, strict=True):
        module, _, names = place.partition(":")
        lines = inspect.getsource(import_module(module)).splitlines()
        root, first = f"{REPOSITORY}/blob/{RELEASE}/", int(re.search(r"#L(\d+)-L", address)[1])
        assert address.startswith(root + module.replace(".", "/") + ".py#")
        head = next(line for line in lines[first - 1 :] if not line.startswith("@"))
        assert re.match(rf"\s*(class|def) {names.split('.')[-1]}\b", head)
    assert len(step.select(".st-eq")) == len(part.equations)
    assert "ection" in part.theirs


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: heads_stepper(["a"], [[[[1.0]]]]), "1 words and layers of"),
        (lambda: heads_stepper(["a", "b"], [[], []]), "layers of \\[0\\] heads"),
        (lambda: heads_stepper(["a", "b"], WEIGHTS), "head 1 is not 2 x 2"),
        (lambda: heads_stepper(TOKENS, [[[[0.5, 0.3, 0.0]] * 3]]), "shares of 'the' sum to 0.8, not 1"),
        (lambda: masks_stepper(padding=0), "0 places of padding"),
        (lambda: masks_stepper(target=["BOS", "le"]), "2 target words"),
        (lambda: positions_stepper(width=7), "width 7 must be even"),
        (lambda: positions_stepper(length=1), "length 1 at least 2"),
    ],
)
def test_bad_input_of_the_new_steppers_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["", "data-theme=dark"])
def test_the_new_steppers_fit_a_phone_and_keep_their_height(shown, open_page, theme):
    page = open_page("".join(shown(call).html for call in CALLS.values()), width=360, theme=theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for box in page.locator(".course-stepper").all():
        before = box.bounding_box()["height"]
        box.get_by_role("button", name="Last").click()
        assert box.bounding_box()["height"] == before
        assert box.locator(".st-live").text_content().endswith(box.locator(".st-on .st-text").text_content())


@pytest.mark.browser
def test_a_box_of_the_figure_and_a_row_of_the_table_can_be_clicked(shown, open_page):
    page = open_page("".join(shown(CALLS[name]).html for name in ("figure", "positions")))
    figure, positions = page.locator(".course-stepper").all()
    figure.locator("svg text", has_text="Masked attention").click()
    assert figure.locator(".st-live").text_content().split(". ")[1] == "Masked self-attention"
    assert figure.locator("svg .st-here").all_text_contents() == ["Masked attention"]
    figure.locator("svg text", has_text="Add & norm").last.click()
    assert figure.locator("svg .st-here").all_text_contents() == ["Add & norm"] * 5
    positions.locator(".st-table g").nth(7).click()
    assert positions.locator(".st-on .st-text").text_content().startswith("Position 7.")
    assert positions.locator(".st-choices [aria-pressed=true]").text_content() == "7"


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


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["", "data-theme=dark"])
def test_axe_finds_nothing_in_the_new_steppers(shown, open_page, violations, theme):
    page = open_page("<h1>steppers</h1>" + "".join(shown(call).html for call in CALLS.values()), theme=theme)
    for name in ("First", "Next"):
        for button in page.get_by_role("button", name=name, exact=True).all():
            button.click(force=True)
        assert violations(page) == []


@pytest.mark.browser
def test_the_words_of_the_figure_fit_their_boxes_and_stay_legible_on_a_phone(shown, open_page):
    page = open_page(shown(paper_figure_stepper).html, width=360)
    for k, part in enumerate(PARTS):
        page.get_by_role("slider").fill(str(k + 1))
        sizes = page.evaluate(
            """() => [...document.querySelectorAll('svg .st-here')].map(g => [g.querySelector('rect'),
            g.querySelector('text')].map(e => e.getBoundingClientRect()).map(r => [r.width, r.height]))"""
        )
        assert sizes, part.key
        for box, words in sizes:
            assert words[0] <= box[0], part.key
            assert words[1] >= 12, part.key
