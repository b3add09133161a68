"""Heat maps: every weight in its cell, words in their own direction, on a phone, in the dark and by keyboard."""

import pytest
from bs4 import BeautifulSoup

from utils.teaching import heat_map, show_table

EVIL = "</script><script>document.title='broken'</script>"
ENGLISH, FRENCH, URDU = ["the", "cat", "sleeps"], ["le", EVIL], ["بلی", "سوتی", "ہے"]
WEIGHTS = [[0.9, 0.1, 0.0], [0.001, 0.25, 0.749]]
SQUARE = [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]
ALT = "Weights of two French words over three English ones"


def french(**options):
    heat_map(FRENCH, ENGLISH, WEIGHTS, "One row, `one` word.", ALT, **options)


def table(html):
    """Row words, column words, and for each row the cells as (text, opacity, classes)."""
    soup = BeautifulSoup(html, "html.parser").select_one("table")
    rows = soup.select("tbody tr")
    cells = [[(td.get_text(), td.get("style"), td.get("class")) for td in row.select("td")] for row in rows]
    return [row.th.get_text() for row in rows], [th.get_text() for th in soup.select("thead th")], cells


def test_every_weight_stands_in_its_cell(shown):
    seen = shown(french, gold=[(0, 0)], possible={(0, 0), (1, 0)})
    rows, columns, cells = table(seen.html)
    assert (rows, columns) == (FRENCH, ENGLISH)
    assert cells[0] == [("0.90, gold", "--w:0.90", ["hm-g"]), ("0.10", "--w:0.10", None), ("", None, None)]
    assert cells[1] == [("0, possible", None, ["hm-p"]), ("0.25", "--w:0.25", None), ("0.75", "--w:0.75", None)]
    assert seen.bundles[0]["text/plain"] == f"heat map: {ALT}"
    soup = BeautifulSoup(seen.html, "html.parser")
    assert soup.find("script") is None
    assert [i["class"][0] for i in soup.select(".hm-key i")] == ["hm-scale", "hm-g", "hm-p"]
    assert soup.select("p")[-1].code.get_text() == "one"


def test_without_gold_there_is_no_frame(shown):
    soup = BeautifulSoup(shown(french).html, "html.parser")
    assert not soup.select(".hm-g, .hm-p")


@pytest.mark.browser
def test_urdu_columns_begin_on_the_right(shown, open_page):
    html = shown(heat_map, ENGLISH, URDU, SQUARE, "Urdu above.", ALT).html
    html += shown(heat_map, URDU, ENGLISH, SQUARE, "Urdu beside.", ALT).html
    page = open_page(html)
    lefts = page.locator("thead th").evaluate_all("all => all.map(th => th.getBoundingClientRect().left)")
    assert lefts[:3] == sorted(lefts[:3], reverse=True)
    assert lefts[3:] == sorted(lefts[3:])
    # Either way the words of the rows stand at the edge where the first column begins, and touch their cells.
    for k, nearer in ((0, 1), (1, -1)):
        body = page.locator("tbody").nth(k)
        word, cell = body.locator("th span").first.bounding_box(), body.locator("td").first.bounding_box()
        gap = word["x"] - cell["x"] - cell["width"] if nearer == 1 else cell["x"] - word["x"] - word["width"]
        assert 0 <= gap < 12


def test_the_direction_can_be_said(shown):
    soup = BeautifulSoup(shown(french, right_to_left_columns=True, right_to_left_rows=True).html, "html.parser")
    assert soup.select_one(".cc-scroll")["dir"] == "rtl"
    assert {span["dir"] for span in soup.select("th span")} == {"rtl"}
    mixed = shown(heat_map, URDU, ENGLISH, SQUARE, "x", ALT, right_to_left_rows=False).html
    assert {span["dir"] for span in BeautifulSoup(mixed, "html.parser").select("th span")} == {"ltr"}


@pytest.mark.browser
@pytest.mark.parametrize("words", [ENGLISH, URDU])
@pytest.mark.parametrize("theme", ["", "data-theme=dark"])
def test_a_phone_scrolls_and_keeps_the_words_in_sight(shown, open_page, words, theme):
    many = [f"{word}{k}" for k in range(8) for word in words]
    html = shown(heat_map, FRENCH, many, [[0.5] * 24] * 2, "Wide.", ALT).html
    page = open_page(html, width=360, theme=theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    region, first = page.get_by_role("region", name=ALT), page.get_by_role("columnheader").first
    seen = "(th) => {const r = th.getBoundingClientRect(); return r.left >= 0 && r.right <= innerWidth}"
    assert first.evaluate(seen), "it opens at the first word"
    region.focus()
    for _ in range(30):
        page.keyboard.press("ArrowLeft" if words is URDU else "ArrowRight")
    page.wait_for_function("th => {const r = th.getBoundingClientRect(); return r.right < 0 || r.left > innerWidth}",
                           arg=first.element_handle())  # fmt: skip
    assert page.get_by_role("rowheader", name="le", exact=True).evaluate(seen)


@pytest.mark.browser
def test_a_later_card_does_not_change_how_a_map_looks(shown, open_page):
    """Every card brings the common style along, and the last rule of equal weight wins."""
    look = """[...document.querySelectorAll(".course-heatmap th, .course-heatmap td")].map(e => {
        const s = getComputedStyle(e); return [s.fontWeight, s.padding, s.borderBottomWidth, s.width].join()})"""
    one, two = shown(french).html, shown(show_table, [{"a": 1}], "a table").html
    assert open_page(one).evaluate(look) == open_page(one + two).evaluate(look)


@pytest.mark.browser
def test_more_weight_is_more_colour_in_both_modes(shown, open_page):
    for theme in ("", "data-theme=dark"):
        page = open_page(shown(french).html, theme=theme)
        opacity = "td => getComputedStyle(td, '::before').opacity"
        cells = page.locator("tbody td")
        assert [cells.nth(k).evaluate(opacity) for k in (0, 1, 2)] == ["0.9", "0.1", "0"]
        assert page.title() != "broken"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alt": "short"}, "write a sentence"),
        ({"weights": WEIGHTS[:1]}, "1 rows of .3. weights for 2 row words and 3 column words"),
        ({"weights": [[0.5, 0.5], [0.5, 0.5, 0.0]]}, "must pair up"),
        ({"weights": [[2.0, 0.0, 0.0], [0.0, 0.0, 0.0]]}, "2.0 does not lie between 0 and 1"),
        ({"weights": [[float("nan"), 0.0, 0.0], [0.0, 0.0, 0.0]]}, "nan does not lie"),
        ({"rows": [], "weights": []}, "must pair up"),
        ({"gold": {(2, 0)}}, r"cell \(2, 0\) lies outside 2 rows and 3 columns"),
        ({"possible": {(0, 3)}}, r"cell \(0, 3\) lies outside"),
        ({"rows": ["w"] * 60, "columns": ["w"] * 60, "weights": [[0.5] * 60] * 60}, "show fewer words"),
    ],
)
def test_bad_input_is_named(options, message):
    good = {"rows": FRENCH, "columns": ENGLISH, "weights": WEIGHTS, "caption": "x", "alt": ALT}
    with pytest.raises(ValueError, match=message):
        heat_map(**good | options)
