"""Byte-pair encoding by hand: the merges and pieces of the library, and the example of the paper."""

import json
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from utils.data.pieces import as_bytes, decode, encode, from_bytes, join, learn_merges, merging, words

WORDS = st.text(alphabet="abcdeé", min_size=1, max_size=6)
TEXTS = st.lists(st.lists(WORDS, min_size=1, max_size=8).map(" ".join), min_size=1, max_size=6)


def library(texts, size):
    """`tokenizers` on the same texts: its model, and its merges in order."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=size, show_progress=False))
    merges = [tuple(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]
    return tokenizer, merges


@settings(deadline=None, max_examples=60)
@given(TEXTS, st.lists(WORDS, min_size=1, max_size=5).map(" ".join))
def test_merges_and_pieces_are_the_librarys(texts, unseen):
    """Dies if pairs are counted once a word type, across words, if ties fall otherwise, or if merges come too early."""
    tokenizer, theirs = library(texts, 60)
    if not theirs:
        return
    ours = learn_merges(texts, len(theirs))
    assert ours == theirs
    for text in (*texts, unseen):
        known = set("".join(words(" ".join(texts))))
        if set("".join(words(text))) <= known:  # the library drops a letter that it never saw
            assert encode(text, ours) == tokenizer.encode(text).tokens


def test_the_example_of_the_paper():
    """Sennrich et al. 2016, algorithm 1: low, lower, newest, widest; e s, es t, l o, lo w come first."""
    texts = ["low"] * 5 + ["lower"] * 2 + ["newest"] * 6 + ["widest"] * 3
    found = [(merge.pair, merge.times) for merge in islice(merging(texts), 5)]
    # The paper's words bear a sign at their end, ours at their beginning: so the third to fifth differ from its own.
    expected = [("e", "s", 9), ("es", "t", 9), ("l", "o", 7), ("▁", "lo", 7), ("▁lo", "w", 7)]
    assert [(*pair, times) for pair, times in found] == expected
    merges = learn_merges(texts, 20)
    assert encode("lowest", merges) == ["▁low", "est"]


@given(st.lists(WORDS, min_size=1, max_size=6).map(" ".join), st.integers(1, 30))
def test_pieces_give_the_text_back(text, count):
    assert decode(encode(text, learn_merges([text], count))) == text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_bytes_give_any_text_back(text):
    assert from_bytes(as_bytes(text)) == text
    assert all(ord(letter) < 256 for letter in as_bytes(text))


def test_pairs_join_from_the_left_and_only_inside_words():
    assert join(list("aaab"), ("a", "a")) == ["aa", "a", "b"]
    assert all(" " not in a + b for a, b in learn_merges(["ab ab ab"], 10))
    assert learn_merges(["ab ba"], 50) == [("a", "b"), ("b", "a"), ("▁", "ab"), ("▁", "ba")]


@pytest.mark.parametrize(
    ("call", "message"),
    [(lambda: learn_merges("one text", 2), "not the string"), (lambda: learn_merges(["a b"], 0), "at least 1")],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
