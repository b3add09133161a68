"""The drawings of the four shapes and their stepper."""

import pytest
from bs4 import BeautifulSoup

from utils.data.lab.shapes import SHAPES as NAMES
from utils.data.lab.shapes import shape_of
from utils.teaching import page, shapes_stepper
from utils.teaching.shape_drawings import SHAPES, drawings
from utils.teaching.steppers.frame import LIMIT


def test_each_drawing_shows_what_its_name_says():
    assert tuple(shape.name for shape in SHAPES) == NAMES
    for shape in SHAPES:
        pair = [m.read for m in shape.moments if m.read], [m.written for m in shape.moments if m.written]
        assert shape_of([pair]) == shape.name


@pytest.mark.parametrize("name", drawings())
def test_the_files_are_those_that_the_code_draws(name):
    assert page.asset(f"pictures/{name}.svg") == drawings()[name].strip(), "run python -m utils.teaching.shape_drawings"


def boxes(step, kind):
    """The words in the boxes of a kind that are not faint."""
    found = step.select(f"g:not([opacity]) > rect.sh-{kind}")
    return [text.get_text() if (text := box.find_next_sibling("text")) else "" for box in found]


@pytest.fixture
def soup(shown):
    html = shown(shapes_stepper).html
    assert len(html.encode()) < LIMIT
    return BeautifulSoup(html, "html.parser")


def test_moments_follow_each_other(soup):
    steps = soup.select(".st-step")
    assert len(steps) == sum(len(shape.moments) for shape in SHAPES) == 16
    assert [door["data-step"] for door in soup.select(".st-choices button")] == ["0", "1", "4", "7", "10"]
    assert [len(step.select("rect.sh-in")) for step in (steps[0], steps[1], steps[4], steps[7], steps[10])] == [
        1,
        1,
        3,
        3,
        4,
    ]
    said = [step.select_one(".st-text").get_text().replace("\u2068", "").replace("\u2069", "") for step in steps]
    assert said[0].startswith("A picture goes in, “square” comes out.")
    assert said[3].startswith("Nothing goes in any more. From the state comes “square”. It knows from the dashed arrow")
    assert "Three went in, one came out" in said[6]
    assert said[9].startswith("“Rome” goes in, “LOC” comes out. As many come out as go in")
    assert said[10] == "“je” goes in, nothing comes out: the state keeps what is needed later."
    assert "Four went in, two came out" in said[15]


def test_what_is_still_to_come_is_faint(soup):
    reading, writing = soup.select(".st-step")[12], soup.select(".st-step")[14]
    assert len(reading.select("g[opacity]")) == 3
    assert len(boxes(reading, "in")) == 3
    assert boxes(reading, "out") == []
    assert len(boxes(writing, "in")) == 4
    assert len(boxes(writing, "out")) == 1


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["", "data-theme=dark"])
def test_the_buttons_lead_to_the_shapes_also_on_a_phone(shown, open_page, theme):
    page_ = open_page(shown(shapes_stepper).html, width=360, theme=theme)
    assert page_.evaluate("document.documentElement.scrollWidth") <= 360
    box = page_.locator(".course-stepper")
    before = box.bounding_box()["height"]
    for name, count in [("asynchronous", "11 of 16"), ("many to one", "5 of 16"), ("one to one", "1 of 16")]:
        page_.get_by_role("button", name=name, exact=True).click()
        assert page_.locator(".st-count").text_content() == count
        assert page_.get_by_role("button", name=name, exact=True).get_attribute("aria-pressed") == "true"
        assert box.bounding_box()["height"] == before
    page_.get_by_role("button", name="many to one", exact=True).press("Enter")
    box.get_by_role("button", name="Next").click()
    assert page_.locator(".st-count").text_content() == "6 of 16"
    letters = page_.evaluate(
        "Math.min(...[...document.querySelectorAll('.st-on text')].map(t => t.getBoundingClientRect().height))"
    )
    assert letters >= 13, "words stay legible on a phone"


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["", "data-theme=dark"])
def test_axe_finds_nothing_in_the_shapes(shown, open_page, violations, theme):
    page_ = open_page("<h1>shapes</h1>" + shown(shapes_stepper).html, theme=theme)
    for name in ("one to many", "asynchronous"):
        page_.get_by_role("button", name=name, exact=True).click()
        assert violations(page_) == []
