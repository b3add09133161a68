"""The learner as labeller: the labelling itself, its file, the panel driven by its callbacks, and the replay."""

import json

import ipywidgets
import pytest
from bs4 import BeautifulSoup

from utils.teaching import labelling_panel
from utils.teaching.label_files import default_file, read_labels, write_labels
from utils.teaching.labelling import Labelling
from utils.teaching.labelling_widgets import panel

EVIL = "</script><script>document.title='broken'</script>"
PAIRS = [(f"where does maria live {k} ?", f"in lima {k} .", f"happy to help ! {k}") for k in range(6)]
RECORDED = ("first", "second", "tie", "first", "first", "second")
BY = "the lab's simulated labeller"


def widgets_of(made, path):
    """The parts of a live panel, found as a user finds them."""
    box, parts = panel(made, path, "Which one?"), {}

    def visit(widget):
        if isinstance(widget, ipywidgets.Box):
            for child in widget.children:
                visit(child)
        else:
            parts[getattr(widget, "description", "") or f"html {len(parts)}"] = widget

    visit(box)
    parts["shown"] = [w for w in parts.values() if isinstance(w, ipywidgets.HTML)]
    return parts


def seen(parts):
    return " ".join(widget.value for widget in parts["shown"])


def stored(path):
    return [one["label"] for one in json.loads(path.read_text(encoding="utf-8"))["pairs"]]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "own" / "labels.json"


def test_buttons_label_what_is_on_their_side(path):
    made = Labelling(PAIRS)
    parts = widgets_of(made, path)
    for k, (_, first, second) in enumerate(PAIRS):
        assert f"Pair {k + 1} of 6" in seen(parts)
        left, right = made.sides(k)
        assert {left, right} == {first, second}
        name, text = (("Left", left), ("Right", right))[k % 2]
        parts[name].click()
        assert made.labels[k] == ("first" if text == first else "second")
        assert parts["Labelled:"].value == k + 1
    assert made.complete
    assert "All 6 pairs are labelled" in seen(parts)
    assert all(parts[name].disabled for name in ("Left", "Right", "Tie"))
    parts["Left"].click()
    assert made.labels.count(None) == 0
    assert stored(path) == made.labels


def test_neither_side_belongs_to_one_answer():
    many = Labelling([(f"q {k}", "a", "b") for k in range(200)])
    left = [many.left(k) for k in range(200)]
    assert 70 < left.count("first") < 130
    assert left == [Labelling(many.pairs).left(k) for k in range(200)], "the same at every start"


def test_undo_takes_back_step_by_step_and_out_of_the_file(path):
    made = Labelling(PAIRS)
    parts = widgets_of(made, path)
    assert parts["Undo"].disabled
    for name in ("Left", "Tie", "Right"):
        parts[name].click()
    parts["Undo"].click()
    assert made.labels[2:] == [None] * 4
    assert made.labels[1] == "tie"
    assert "Pair 3 of 6" in seen(parts)
    assert stored(path) == made.labels[:2]
    parts["Undo"].click()
    parts["Undo"].click()
    assert made.labels == [None] * 6
    assert stored(path) == []


def test_keys_label_and_the_field_is_emptied(path):
    made = Labelling(PAIRS)
    parts = widgets_of(made, path)
    for letter in ("l", "R", " t"):
        parts["Keys:"].value = letter
        assert parts["Keys:"].value == ""
    assert made.labels[2] == "tie"
    assert [made.labels[0] == made.left(0), made.labels[1] == made.left(1)] == [True, False]
    parts["Keys:"].value = "u"
    assert made.labels[2] is None
    parts["Keys:"].value = "<"
    assert "The key &lt; means nothing here" in seen(parts)
    assert made.place == 2


def test_work_is_taken_up_at_the_next_start(path):
    made = Labelling(PAIRS)
    parts = widgets_of(made, path)
    for _ in range(3):
        parts["Left"].click()
    again = Labelling([PAIRS[5], *PAIRS[:5]])  # in another order, and with another pair in front
    parts = widgets_of(again, path)
    assert again.labels == [None, *made.labels[:3], None, None]
    assert "Labels taken up from labels.json: 3" in seen(parts)
    parts["Undo"].click()
    assert again.labels == [None, *made.labels[:2], None, None, None]


def test_labels_of_other_pairs_stay_in_the_file(path):
    write_labels(path, {("q", "a", "b"): "tie"})
    parts = widgets_of(Labelling(PAIRS), path)
    parts["Left"].click()
    parts["Undo"].click()
    parts["Tie"].click()
    assert read_labels(path) == {("q", "a", "b"): "tie", PAIRS[0]: "tie"}


def test_a_pair_that_stands_twice_keeps_its_label(path):
    made = Labelling([PAIRS[0], PAIRS[1], PAIRS[0]])
    parts = widgets_of(made, path)
    parts["Tie"].click()
    assert stored(path) == ["tie"]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"pairs": [{"question": "q"}]}',
        '{"pairs": [{"question": "q", "first": "a", "second": "b", "label": "left"}]}',
        '{"pairs": [{"question": 1, "first": "a", "second": "b", "label": "tie"}]}',
        '{"pairs": [{"question": ["q"], "first": "a", "second": "b", "label": "tie"}]}',
        '{"pairs": [{"question": "q", "first": "a", "second": "b", "label": ["tie"]}]}',
        '{"pairs": 5}',
        "\udcff",
    ],
)
def test_a_bad_file_is_told_and_nothing_of_it_is_lost(path, text):
    path.parent.mkdir()
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    before = path.read_bytes()
    made = Labelling(PAIRS)
    parts = widgets_of(made, path)
    assert "Nothing of it is used" in seen(parts)
    assert path.read_bytes() == before, "looking at it changes nothing"
    parts["Left"].click()
    assert "labels.json could not be read; it is kept as labels.broken.json" in seen(parts)
    assert path.with_suffix(".broken.json").read_bytes() == before
    assert stored(path) == made.labels[:1]
    path.write_text("{")
    parts["Left"].click()
    assert path.with_suffix(".broken-2.json").read_text() == "{"
    assert path.with_suffix(".broken.json").read_bytes() == before, "over no other one"


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    made = Labelling(PAIRS)
    parts = widgets_of(made, tmp_path / "file" / "labels.json")
    parts["Left"].click()
    assert "they are lost when the kernel ends" in seen(parts)
    assert made.labels[0] is not None


def test_another_file_is_saved_and_loaded(path, tmp_path):
    parts = widgets_of(Labelling(PAIRS), path)
    parts["Left"].click()
    parts["File:"].value = str(tmp_path / "copy.json")
    parts["Save"].click()
    assert "Saved to copy.json" in seen(parts)
    other = Labelling(PAIRS)
    parts = widgets_of(other, tmp_path / "none.json")
    parts["File:"].value = str(tmp_path / "copy.json")
    parts["Load"].click()
    assert other.labels[0] is not None
    parts["Load"].click()
    assert "There is nothing new to take up" in seen(parts)


def test_texts_are_escaped_in_the_panel(path):
    parts = widgets_of(Labelling([(EVIL, EVIL, "b")]), path)
    assert "&lt;/script&gt;" in seen(parts)
    assert "<script" not in seen(parts)


def test_own_labels_count_only_when_all_are_there(path):
    made = Labelling(PAIRS, RECORDED, BY)
    pairs, whose = made.used()
    assert whose == BY
    assert pairs[0] == PAIRS[0]
    assert pairs[1] == (PAIRS[1][0], PAIRS[1][2], PAIRS[1][1])
    assert len(pairs) == 5, "the tie says nothing"
    for _ in PAIRS:
        made.choose("second")
    pairs, whose = made.used()
    assert whose == "you"
    assert all(better == second for (_, better, _), (_, _, second) in zip(pairs, PAIRS, strict=True))
    with pytest.raises(ValueError, match="6 pairs are still open"):
        Labelling(PAIRS).used()


def test_a_kernel_shows_the_panel_and_uses_the_learners_own_folder(shown, tmp_path):
    made = []
    seen = shown(lambda: made.append(labelling_panel(PAIRS, recorded=RECORDED, by=BY)))
    assert "application/vnd.jupyter.widget-view+json" in seen.bundles[0]
    assert made[0].labels == [None] * 6
    assert default_file() == tmp_path / "labels.json"


def replayed(shown, monkeypatch, pairs=PAIRS, recorded=RECORDED):
    monkeypatch.setenv("COURSE_STATIC", "1")
    made = []
    html = shown(lambda: made.append(labelling_panel(pairs, recorded=recorded, by=BY))).html
    return made[0], html


def test_a_page_replays_the_recorded_labelling(shown, monkeypatch, tmp_path):
    made, html = replayed(shown, monkeypatch)
    assert made.labels == list(RECORDED)
    assert made.used()[1] == BY
    assert not list(tmp_path.iterdir()), "no file is touched"
    soup = BeautifulSoup(html, "html.parser")
    assert "Labelled by the lab's simulated labeller" in soup.select_one(".st-label").get_text()
    steps = soup.select(".st-step")
    assert len({step.select_one(".st-text").get_text() for step in steps}) == len(steps) == 6
    for step, pair, one in zip(steps, PAIRS, RECORDED, strict=True):
        best = [box.span.get_text() for box in step.select(".lp-best")]
        assert best == ([] if one == "tie" else [pair[1 + (one == "second")]])
        assert len(step.select(".lp-one")) == 2


def test_forty_pairs_fit_a_page(shown, monkeypatch):
    long = "maria lives in lima . she is a painter . she has a parrot . she likes mangoes . happy to help !"
    pairs = [(f"where does maria live {k} ?", long, f"what a good question ! {long}") for k in range(40)]
    _, html = replayed(shown, monkeypatch, pairs, ["first", "second"] * 20)
    assert len(BeautifulSoup(html, "html.parser").select(".st-step")) == 40


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Labelling([]), "no pairs to label"),
        (lambda: Labelling(PAIRS, ["first"], BY), "1 labels are recorded for 6 pairs"),
        (lambda: Labelling(PAIRS, ["left"] * 6, BY), "label 'left' must be one of first, second, tie"),
        (lambda: Labelling(PAIRS, RECORDED), "say in `by` who made"),
        (lambda: Labelling(PAIRS).choose("left"), "label 'left' must be one of"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_page_needs_a_recorded_labelling(monkeypatch):
    monkeypatch.setenv("COURSE_STATIC", "1")
    with pytest.raises(ValueError, match="give `recorded` and `by`"):
        labelling_panel(PAIRS)


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["", "data-theme=dark"])
def test_the_replay_is_walked_by_mouse_and_keyboard_on_a_phone(shown, monkeypatch, open_page, theme):
    pairs = [(EVIL, "a" * 70, EVIL), *PAIRS[1:]]
    page = open_page(replayed(shown, monkeypatch, pairs)[1], width=360, theme=theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.title() != "broken"
    assert EVIL in page.locator(".st-on").text_content()
    page.get_by_role("button", name="Next").click()
    assert page.locator(".st-on .lp-best span").text_content() == PAIRS[1][2]
    page.keyboard.press("End")
    assert "Pair 6 of 6: the labeller takes the answer on the " in page.locator(".st-live").text_content()
    left, right = page.locator(".st-on .lp-one").evaluate_all("all => all.map(x => x.getBoundingClientRect().top)")
    assert right > left, "one below the other where there is no room"


@pytest.mark.browser
def test_left_stands_left_where_there_is_room(shown, monkeypatch, open_page):
    made, html = replayed(shown, monkeypatch)
    page = open_page(html)
    boxes = page.locator(".st-on .lp-one")
    left, right = boxes.evaluate_all("all => all.map(x => x.getBoundingClientRect().left)")
    assert left < right
    assert tuple(boxes.locator("span").all_text_contents()) == made.sides(0)
