"""Real data of chapter 02: no sentence in two parts, few labels half and half, and what the baselines answer."""

import pytest

from utils import metrics
from utils.data import sources
from utils.experiments import labelled, naming, sentiment, tagged_text

needs = {
    name: pytest.mark.skipif(not sources.available(name), reason=f"{name} is not in the cache: set COURSE_DATA")
    for name in ("sst2", "wnut17", "names", "brown")
}


def test_few_labels_are_half_and_half_and_grow():
    rows = [((str(i),), i % 3 == 0) for i in range(300)]
    small, large = (sentiment.few(rows, count, seed=1) for count in (20, 60))
    assert [label for _, label in small].count(True) == 10
    assert small == large[:20]
    assert sentiment.few(rows, None) == rows
    assert sentiment.few(rows, 20, seed=2) != small
    for wrong in (3, 0, 302, 300):
        with pytest.raises(ValueError, match="must be an even number"):
            sentiment.few(rows, wrong)


@pytest.mark.real_data
@needs["sst2"]
def test_a_score_is_of_one_split_and_a_row_has_all_fields():
    from utils.teaching.scoreboards import FIELDS

    gold = [label for _, label in sentiment.rows("test")]
    assert sentiment.score(gold) == (100.0, *metrics.share([True] * 1821)[1:])
    assert 49 < sentiment.score([1] * 1821).value < 51
    with pytest.raises(ValueError, match="zip"):
        sentiment.score(gold, "dev")
    cost = {"parameters": 1, "pretraining_data": "none", "seconds": 1, "device": "cpu"}
    assert set(FIELDS) <= set(sentiment.board_row("x", "02", sentiment.score(gold), **cost))


@pytest.mark.parametrize(
    ("word", "seen"),
    [("@you", "<name>"), ("#now", "<topic>"), ("http://t.co/x", "<link>"), ("1,250.5", "<number>"), ("?!", "<sign>"),
     ("Running", "<capital -ing>"), ("USA", "<upper>"), ("walked", "<lower -ed>"), ("mp3", "<lower with digit>"),
     ("I", "<capital>")],
)  # fmt: skip
def test_what_is_seen_of_an_unknown_word(word, seen):
    assert tagged_text.signature(word) == seen


def test_the_dumbest_taggers():
    train = [(("New", "York", "is", "big"), ("B-loc", "I-loc", "O", "O")), (("New", "hats"), ("O", "O")),
             (("York",), ("B-person",)), (("York",), ("B-person",))]  # fmt: skip
    find = tagged_text.known_entities(train)
    assert find(("see", "New", "York", "York")) == ("O", "B-loc", "I-loc", "B-person")
    capital = tagged_text.capital_runs(train)
    assert capital(("See", "Old", "Bill", "in", "USA")) == ("O", "B-person", "I-person", "O", "O")
    tag = labelled.commonest_tags(train)
    assert tag(("York", "never")) == ("B-person", "O")


def test_a_lexicon_reads_rare_words_by_their_look():
    train = [(("a", "a", "Roma"), ("D", "D", "N"))]
    lexicon = tagged_text.Lexicon(train)
    assert lexicon.read(("Roma",)) == lexicon.read(("Delhi",)) != lexicon.read(("a",))
    ids, tags = lexicon.example(train[0])
    assert len(ids) == 3
    assert lexicon.write(tags) == ("D", "D", "N")
    assert 0 not in tags


@pytest.mark.real_data
@needs["brown"]
@needs["wnut17"]
def test_parts_of_brown_are_blocks_and_wnut_is_as_published():
    parts = tagged_text.brown()
    assert sum(map(len, parts.values())) == 57_340
    assert 0.09 < len(parts["test"]) / 57_340 < 0.11
    whole = [tuple(zip(*s, strict=True)) for s in sources.load("brown")]
    assert parts["test"][:100] == whole[900:1000]
    assert {part: len(rows) for part, rows in tagged_text.wnut17().items()} == {
        "train": 3394,
        "dev": 1009,
        "test": 1287,
    }


@pytest.mark.real_data
@needs["names"]
def test_names_are_cut_in_three_and_the_judge_knows_its_kinds():
    known, theirs, held_out = naming.names()
    sets = [{name for name, _ in part} for part in (known, theirs, held_out)]
    assert not (sets[0] & sets[1] | sets[0] & sets[2] | sets[1] & sets[2])
    verdict = naming.judge(theirs)
    assert sum(verdict(name) == kind for name, kind in held_out) / len(held_out) > 0.75
    assert naming.write_by_chance(known, 5, 0) == naming.write_by_chance(known, 5, 0)


def test_new_names_are_those_that_nobody_learned_from():
    found = naming.measure({"female": ["ana", "bea"], "male": ["tom", "tom"]}, [("ana", "female")], lambda name: "male")
    assert found == {"new": 75.0, "different": 75.0, "of their kind, of the new": 66.7}
