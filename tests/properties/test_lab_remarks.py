"""Remarks: what praises stands with what praises, by a rule of the test's own, and no two parts share one."""

import importlib
from itertools import pairwise

import pytest

from utils.data import lab
from utils.data.lab.tasks import BAD as BLAME
from utils.data.lab.tasks import GOOD as PRAISE

GOOD, BAD = set(PRAISE), set(BLAME)
source = importlib.import_module("utils.data.lab.remarks")  # the package names its function so too


def opinion(words: tuple[str, ...]) -> bool:
    """Whether some words praise: they hold one word that judges, and "not" turns it round."""
    judged = (GOOD | BAD) & set(words)
    assert len(judged) == 1
    return (judged <= GOOD) != ("not" in words)


def test_what_joins_two_opinions_says_whether_they_agree():
    joints = {"and": True, "because": True, "but": False, "while": False}
    seen = set()
    for words, _ in lab.remarks(2000, 3):
        joint = next((word for word in words if word in joints), None)
        if joint is None:
            assert opinion(words) == (words[1] in source.LIKED)
            assert words[1] in source.LIKED + source.DISLIKED
        else:
            at = words.index(joint)
            assert (opinion(words[:at]) == opinion(words[at + 1 :])) == joints[joint]
        seen.add(joint)
    assert seen == {None, *joints}


def test_words_keep_company_with_their_kind():
    for words, _ in lab.remarks(1000, 5):
        for before, word in pairwise(words):
            assert before not in source.PRAISING or word in GOOD
            assert before not in source.BLAMING or word in BAD


def test_every_word_has_a_tag_and_the_parts_share_nothing():
    train, test = lab.remarks(1500, 1, "train"), lab.remarks(300, 2, "test")
    assert all(len(words) == len(tags) for words, tags in train)
    assert not {words for words, _ in train} & {words for words, _ in test}
    tags = {(word, tag) for words, row in train for word, tag in zip(words, row, strict=True)}
    assert {tag for word, tag in tags if word in GOOD | BAD} == {"ADJ"}
    assert len(tags) == len({word for word, _ in tags})  # each word has one tag here


def test_no_remark_is_a_review():
    reviewed = {words for words, _ in lab.reviews(3000, 1)}
    assert not reviewed & {words for words, _ in lab.remarks(3000, 1)}


def test_remarks_keep_their_seed_and_refuse_wrong_use():
    assert lab.remarks(10, 7) == lab.remarks(30, 7)[:10]
    assert lab.remarks(30, 7) != lab.remarks(30, 8)
    with pytest.raises(ValueError, match="count is -1"):
        lab.remarks(-1)
    with pytest.raises(ValueError, match="unknown part 'dev'"):
        lab.remarks(1, part="dev")
