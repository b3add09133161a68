"""The real text that language models read: readable again, cut once, and free of what others are tested with."""

from __future__ import annotations

import pytest

from utils.data import sources
from utils.data.loaders import overlap_key
from utils.experiments import real_text, text_lm
from utils.experiments.real_text import PARTS, SOURCES, held_keys, leaks, parts, readable, sst2_held_out, texts

SETS = ("brown", "treebank", "abc", "state_union", "inaugural", "genesis", "tinyshakespeare", "webtext", "multi30k",
        "movie_reviews", "sentence_polarity", "sst2")  # fmt: skip
needs_text = pytest.mark.skipif(
    not all(map(sources.available, SETS)), reason="the texts are not in the cache: set COURSE_DATA or fetch them once"
)


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ("`` Only a handful '' , the jury said .", '"Only a handful", the jury said.'),
        ("Do n't you know ? ? He 's gone ( again ) .", "Don't you know? He's gone (again)."),
        ('and " sorta " find out . . .', 'and "sorta" find out...'),
        ("a loss of $ 4.5 million -LRB- 12 % -RRB- ;", "a loss of $4.5 million (12%);"),
        ("the lord of the rings", "the lord of the rings"),
        ("dogs ' tails", "dogs ' tails"),
    ],
)
def test_tokens_become_text_as_one_would_write_it(tokens: str, text: str) -> None:
    assert readable(tokens) == text


def test_a_hidden_sentence_is_found_whatever_its_dress_and_a_short_one_is_not_looked_for() -> None:
    held = held_keys(["it 's a lovely film -lrb- indeed -rrb- .", "bad ."])
    assert leaks("He said: It's a LOVELY film (indeed)! Then he left.", held)
    assert not leaks("It's a lovely, bad film.", held)
    kept = real_text.without_lines("one line\nit's a lovely film (indeed)\nthe last line", held)
    assert kept == "one line\nthe last line"


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="browne"):
        texts("browne")
    with pytest.raises(ValueError, match="poems"):
        parts(("poems",))
    with pytest.raises(ValueError, match="dev"):
        real_text.general("dev")


@needs_text
@pytest.mark.real_data
def test_no_held_out_sentence_of_sst2_is_left() -> None:
    held = held_keys(sst2_held_out())
    assert sum(map(len, held.values())) > 2_600, "nearly all sentences are long enough to be looked for"
    found = parts(("general", "books", "lists", "reviews"))
    every = [text for part in found.values() for several in part.values() for text in several]
    assert sum(map(len, every)) > 20_000_000
    assert not [key for text in every for key in leaks(text, held)]
    raw = " ".join(text for text, _ in sources.load("sentence_polarity", without_sst2=False)[:2_000])
    assert leaks(raw, held), "where they have not been taken out, they are found"


@needs_text
@pytest.mark.real_data
def test_parts_share_no_long_text_and_are_the_same_each_time() -> None:
    for name in ("brown", "abc", "inaugural", "multi30k captions"):
        cut = texts(name)
        assert cut == texts(name)
        keys = {part: {overlap_key(text) for text in cut[part] if len(text) > 100} for part in PARTS}
        assert not keys["train"] & (keys["validation"] | keys["test"])
        assert all(cut[part] for part in PARTS)


@needs_text
@pytest.mark.real_data
def test_plays_are_cut_where_the_character_model_cuts_them_and_genesis_is_not_scored() -> None:
    assert tuple(texts("tinyshakespeare")[part][0] for part in PARTS) == text_lm.texts(text_lm.Settings(1))
    assert [len(texts("genesis")[part]) for part in PARTS] == [2, 0, 0]


@needs_text
@pytest.mark.real_data
def test_captions_of_held_out_pictures_are_left_out() -> None:
    rows = (sources.load("multi30k", split=split, languages=("en",)) for split in ("val", "test_2016_flickr"))
    held = {overlap_key(text) for part in rows for (text,) in part}
    assert not held & {overlap_key(text) for part in texts("multi30k captions").values() for text in part}


@needs_text
@pytest.mark.real_data
def test_general_text_is_that_of_its_sources() -> None:
    general = [name for name, source in SOURCES.items() if source.genre == "general"]
    assert real_text.general("test") == [text for name in general for text in texts(name)["test"]]
