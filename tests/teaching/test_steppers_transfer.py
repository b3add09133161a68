"""The stepper of chapter 06: its rates are those that a model is trained with, and it says and draws them."""

import re

import pytest
import torch
from bs4 import BeautifulSoup

from utils.models.awd_lstm import AWDLSTMConfig, ULMFiTClassifier
from utils.teaching import thawing_stepper
from utils.teaching.steppers.frame import LIMIT
from utils.teaching.steppers.thawing import VIEWS, rates
from utils.training.finetune import discriminative_rates, slanted_triangular, thaw
from utils.training.schedules import schedule

STARTS = ["1 of 19", "2 of 19", "6 of 19", "7 of 19", "13 of 19"]


@pytest.fixture
def soup(shown):
    html = shown(thawing_stepper).html
    assert len(html.encode()) < LIMIT
    return BeautifulSoup(html, "html.parser")


def texts(soup):
    return [step.get_text() for step in soup.select(".st-step .st-text")]


def numbers(step):
    """What stands beside each chart, from the head down to the embedding."""
    return [span.get_text() for span in step.select(".th-rows span:not(.th-name)")]


def test_the_rates_are_those_of_a_classifier_that_is_tuned():
    """All three tricks on a real model: what its optimizer holds where a gradient can flow."""
    model = ULMFiTClassifier(AWDLSTMConfig(12, 4, 6, layers=3), classes=2)
    groups = model.groups()
    optimizer = torch.optim.SGD(discriminative_rates(groups, 0.02), lr=0.02)
    along = schedule(optimizer, slanted_triangular(12))
    expected = []
    for step in range(12):
        thaw(groups, step // 2 + 1)
        learn = [all(p.requires_grad for p in group) for group in groups]
        expected.append([g["lr"] * on for g, on in zip(optimizer.param_groups, learn, strict=True)])
        optimizer.step()
        along.step()
    assert rates(VIEWS[-1], len(groups), 6, 2, 0.02, 2.6) == expected


def test_each_trick_alone_changes_what_it_should():
    plain, triangle, by_layer, thaws, _ = (rates(tricks, 4, 5, 10, 0.01, 2.0) for tricks in VIEWS)
    assert plain == [[0.01] * 4] * 50
    assert all(len(set(row)) == 1 for row in triangle)
    assert [triangle[step][0] for step in (0, 5, 49)] == pytest.approx([0.01 / 32, 0.01, 0.01 * (1 + 31 / 45) / 32])
    assert by_layer == [pytest.approx([0.00125, 0.0025, 0.005, 0.01])] * 50
    assert [sum(rate > 0 for rate in thaws[step]) for step in range(0, 50, 10)] == [1, 2, 3, 4, 4]
    assert thaws[9] == [0, 0, 0, 0.01]


def test_it_tells_what_it_shows(soup):
    said = texts(soup)
    assert said[0].startswith("No trick, step 1 of 48, in epoch 1. All layers learn at 0.01; nothing is frozen.")
    assert said[6] == (
        "Gradual unfreezing, step 1 of 48, in epoch 1. Only the head learns, at 0.01; frozen: embedding, LSTM 1, "
        "LSTM 2, LSTM 3."
    )
    assert said[7].startswith("Gradual unfreezing, step 9 of 48, in epoch 2. 2 of 5 layers learn at 0.01;")
    for text, step in zip(said, soup.select(".st-step"), strict=True):
        shown_frozen = [n for n, rate in zip(step.select(".th-name"), numbers(step), strict=True) if rate == "frozen"]
        told = re.search(r"frozen: ([^.]+)\.", text)
        assert [n.get_text() for n in shown_frozen][::-1] == (told[1].split(", ") if told else [])
        assert numbers(step)[0] in text, "the head's rate is told"


def test_the_rates_beside_the_charts_are_rounded_not_made_up(soup):
    table = rates(VIEWS[-1], 5, 6, 8, 0.01, 2.6)
    for step, text in zip(soup.select(".st-step")[12:], texts(soup)[12:], strict=True):
        row = table[int(re.search(r"step (\d+) of", text)[1]) - 1]
        read = [0.0 if number == "frozen" else float(number) for number in numbers(step)][::-1]
        assert read == pytest.approx(row, rel=0.05)


def test_the_sums_compare_with_training_without_tricks(soup):
    last = texts(soup)[-1]
    table, plain = (rates(VIEWS[k], 5, 6, 8, 0.01, 2.6) for k in (-1, 0))
    shares = [100 * sum(row[k] for row in table) / sum(row[k] for row in plain) for k in (0, -1)]
    assert f"of the embedding come to {shares[0]:.1f}\u00a0%" in last
    assert f"those of the head to {shares[1]:.0f}\u00a0%" in last


def test_a_chart_is_empty_where_its_layer_is_frozen_and_high_where_it_learns_fast(soup):
    charts = soup.select(".st-step")[-1].select(".th-area")
    head, embedding = charts[0]["d"], charts[-1]["d"]
    assert min(float(v) for v in re.findall(r"V(\d+)", head)) == 0, "the head reaches the highest rate"
    assert re.match(r"M0 20V20H128V", embedding), "the embedding learns from step 33 on: 32 steps of width 4 are empty"
    assert "V20H192V20z" not in embedding, "and is not drawn as frozen at the end"


@pytest.mark.parametrize(
    "sizes", [{"layers": ["a"]}, {"epochs": 1}, {"batches": 1}], ids=["one layer", "one epoch", "one batch"]
)
def test_too_little_to_show_is_named(sizes):
    with pytest.raises(ValueError, match="give at least two of each"):
        thawing_stepper(**sizes)


def test_other_layers_keep_their_names(shown):
    soup = BeautifulSoup(shown(lambda: thawing_stepper(["<words>", "top"], epochs=3)).html, "html.parser")
    assert [n.get_text() for n in soup.select(".st-step")[0].select(".th-name")] == ["top", "<words>"]


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["", "data-theme=dark"])
def test_the_buttons_lead_to_the_tricks_also_on_a_phone(shown, open_page, theme):
    page = open_page(shown(thawing_stepper).html, width=360, theme=theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    box = page.locator(".course-stepper")
    before = box.bounding_box()["height"]
    for tricks, count in zip(VIEWS, STARTS, strict=True):
        page.get_by_role("button", name=tricks.name, exact=True).click()
        assert page.locator(".st-count").text_content() == count
        assert page.get_by_role("button", name=tricks.name, exact=True).get_attribute("aria-pressed") == "true"
        assert page.locator(".st-on .st-text").text_content().startswith(tricks.name.capitalize())
        assert box.bounding_box()["height"] == before
    page.get_by_role("button", name="all three").press("ArrowRight")
    assert page.locator(".st-count").text_content() == "14 of 19"
    lines = page.evaluate("[...document.querySelectorAll('.st-on .th-now')].map(l => l.getBoundingClientRect().x)")
    assert len(lines) == 5
    assert len(set(lines)) == 1, "the moment stands at the same place in all charts"


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["", "data-theme=dark"])
def test_axe_finds_nothing_in_the_thawing(shown, open_page, violations, theme):
    page = open_page("<h1>thawing</h1>" + shown(thawing_stepper).html, theme=theme)
    for name in ("gradual unfreezing", "all three"):
        page.get_by_role("button", name=name, exact=True).click()
        assert violations(page) == []
