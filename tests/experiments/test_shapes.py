"""The tasks of the four shapes: right answers, parts that share nothing, and baselines that do what they say."""

import pytest
import torch

from utils.data import lab
from utils.data.lab.shapes import ASYNCHRONOUS, MANY_TO_ONE, SYNCHRONOUS, shape_of
from utils.experiments import aligned_tasks, shape_tasks
from utils.experiments.labelled import predict
from utils.experiments.shape_tasks import Size

SMALL = Size(train=300, test=100, steps=3, hidden=8, embedding=8)


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("quarter to six pm", "17 45"),
        ("twenty past twelve am", "00 20"),
        ("one to twelve am", "23 59"),
        ("five past twelve pm", "12 05"),
        ("ten to one pm", "12 50"),
    ],
)
def test_four_words_are_the_right_time(said, moment):
    train, test = shape_tasks.clock(Size(train=900, test=200))
    known = dict(train + test)
    assert known[tuple(said.split())] == tuple(moment.split())
    assert shape_of(list(known.items())) == ASYNCHRONOUS


@pytest.mark.parametrize(
    "draw", [f for _, f, _ in shape_tasks.WRITTEN.values()] + [shape_tasks.reviews, shape_tasks.promoters]
)
def test_no_input_of_the_test_was_in_training(draw):
    train, test = draw(SMALL, 0)
    assert len(train) == SMALL.train
    assert 50 < len(test) <= 2 * SMALL.test
    assert not {given for given, _ in train} & {given for given, _ in test}
    assert draw(SMALL, 0) == (train, test)
    assert draw(SMALL, 1)[0] != train


def test_labelled_tasks_are_many_to_one_and_tags_are_synchronous():
    for draw, *_ in shape_tasks.LABELLED.values():
        assert shape_of(draw(SMALL, 0)[0]) == MANY_TO_ONE
    assert shape_of(aligned_tasks.tagged(SMALL)[0]) == SYNCHRONOUS


def test_runs_of_six_letters():
    assert shape_tasks.sixes("ACGTACG") == ("ACGTAC", "CGTACG")


def test_the_relation_of_two_sides():
    some = lab.sentences(400, 0, (3, 7))
    for sentence in some:
        more = len(sentence.french) - len(sentence.english)
        kind = aligned_tasks.relation(sentence)
        assert (kind == "longer") == (more > 0)
        assert (kind == "shorter") == (more < 0)
        if kind == "straight":
            assert {i for i, _ in sentence.alignment("french").sure} == {
                j for _, j in sentence.alignment("french").sure
            }
    assert {aligned_tasks.relation(sentence) for sentence in some} == set(aligned_tasks.RELATIONS)
    red = next(s for s in some if "red" in s.english[:-1] and len(s.french) == len(s.english))
    assert aligned_tasks.relation(red) == "crossed"  # the French adjective stands behind its noun


def test_a_tagger_writes_at_most_one_word_for_each_that_it_reads():
    train, test = aligned_tasks.sentences(SMALL)
    pairs = aligned_tasks.pairs(train)
    tagger = aligned_tasks.train_tagger(pairs, SMALL)
    texts = [s.english for s in test]
    assert all(len(out) <= len(words) for out, words in zip(tagger.write(texts), texts, strict=True))
    assert all(len(out) == len(words) for out, words in zip(tagger.tag(texts), texts, strict=True))
    rows = {row["relation"]: row for row in aligned_tasks.by_relation(tagger.write(texts), test)}
    assert rows["longer"]["right"] == 0
    assert sum(row["sentences"] for row in rows.values()) == len(test)


def test_a_tagger_learns_to_copy_and_to_leave_out():
    """Two letters; only the first one of a text is kept: one output, then nothing."""
    pairs = [((a, b), (a,)) for a in "xy" for b in "xy"] * 40
    tagger = aligned_tasks.train_tagger(pairs, Size(hidden=8, embedding=8, steps=60, rate=2e-2))
    assert tagger.write([("x", "y"), ("y", "x")]) == [("x",), ("y",)]


def test_words_that_the_word_before_leaves_open():
    train = [(("a", "light"), ("D", "N")), (("a", "light", "box"), ("D", "A", "N")), (("the", "light"), ("D", "N"))]
    assert aligned_tasks.left_open(train) == {("a", "light")}
    found = aligned_tasks.commonest_labels(train, [("a", "light"), ("new",)])
    assert found == [("D", "N"), ("D",)]
    scores = aligned_tasks.tag_scores(
        [("D", "N"), ("D", "N")], train, [(("a", "light"), ("D", "A")), (("the", "light"), ("D", "N"))]
    )
    assert scores["all words"] == 75
    assert scores["words with two labels"] == 50
    assert scores["left open by the word before"] == 0


def test_predictions_come_back_in_the_order_of_the_inputs():
    model = torch.nn.Sequential(torch.nn.Embedding.from_pretrained(torch.eye(6)))
    texts = [[1, 2, 3], [4], [5, 1], [2]]
    assert [row.tolist() for row in predict(model, texts, size=2)] == texts
