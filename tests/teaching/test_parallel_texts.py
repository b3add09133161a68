"""Two columns: each language in its own direction, with its licence, on a phone too."""

import pytest
from bs4 import BeautifulSoup

from utils.data.catalogue import dataset
from utils.records import read
from utils.teaching import parallel_text, show_table, udhr_table

EVIL = "</script><script>document.title='broken'</script>"


def two(rows, **options):
    parallel_text(rows, ("English", "en"), ("Urdu", "ur"), "Two columns", **options)


def test_the_declaration_stands_side_by_side_with_its_licence(shown):
    seen = shown(udhr_table, articles=(9, 1))
    soup = BeautifulSoup(seen.html, "html.parser")
    held = {row["article"]: row for row in read("declaration/english_urdu").samples}
    rows = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in soup.select("tbody tr")]
    assert rows == [[f"Art. {k}", held[k]["english"], held[k]["urdu"]] for k in (9, 1)]
    assert [(td["lang"], td["dir"]) for td in soup.select("tbody td")] == [("en", "ltr"), ("ur", "rtl")] * 2
    assert [th["dir"] for th in soup.select("thead th")] == ["ltr", "rtl"]
    said = soup.select_one(".cc-muted").get_text()
    assert dataset("udhr2").licence in said
    assert "United Nations (1948)" in said
    assert seen.bundles[0]["text/plain"] == "English | Urdu: One column English, second column Urdu, rows: 2"


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["", "data-theme=dark"])
def test_urdu_begins_on_the_right_and_both_fit_a_phone(shown, open_page, theme):
    page = open_page(shown(udhr_table).html + shown(two, [("a", "b", EVIL)]).html, width=360, theme=theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    starts = """td => {const range = document.createRange(); range.setStart(td.firstChild, 0);
        range.setEnd(td.firstChild, 1); const letter = range.getBoundingClientRect(), box = td.getBoundingClientRect();
        return (letter.left + letter.right - box.left - box.right) / box.width}"""
    english, urdu = page.locator("tbody td").nth(0), page.locator("tbody td").nth(1)
    assert english.evaluate(starts) < -0.5
    assert urdu.evaluate(starts) > 0.5
    assert urdu.bounding_box()["x"] > english.bounding_box()["x"]
    assert urdu.bounding_box()["x"] + urdu.bounding_box()["width"] <= 360
    assert page.title() != "broken"


@pytest.mark.browser
def test_a_later_card_does_not_change_how_the_columns_look(shown, open_page):
    look = """[...document.querySelectorAll('.course-parallel td, .course-parallel th')].map(e => {
        const s = getComputedStyle(e); return [s.textAlign, s.fontWeight, s.fontSize, s.lineHeight].join()})"""
    one, two = shown(udhr_table).html, shown(show_table, [{"a": 1}], "a table").html
    assert open_page(one).evaluate(look) == open_page(one + two).evaluate(look)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: two([]), "has 0 rows"),
        (lambda: two([("a", "text", " ")]), "a text on both sides"),
        (lambda: udhr_table((1, 2)), "no text of article 2; there are: 1, 3, 4, 6, 9"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
