"""Texts to ids and back: what comes back, what is counted as unknown, what is refused."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from utils.data import sources
from utils.data.tokens import BOS, EOS, PAD, SPECIALS, UNK, Vocabulary, WordPieces

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZäöüÄÖÜßéèêçñ"
MARKS = "0123456789.,;:!?-'\"()&%/€„“”’…<>_"
TRAINING = [
    "Ein Mann mit einem orangefarbenen Hut, der etwas anstarrt.",
    "A man in an orange hat, staring at something.",
    "Zwei Männer stehen am Herd und bereiten Essen zu; die Kinder spielen Fußball.",
    "Two men are at the stove preparing food, the children play football.",
    " ".join(LETTERS),
    " ".join(MARKS),
]


@pytest.fixture(scope="module")
def pieces() -> WordPieces:
    return WordPieces.train(TRAINING, 250)


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def test_the_four_special_ids_differ():
    assert len({PAD, UNK, BOS, EOS}) == len(SPECIALS) == 4


def test_vocabulary_gives_words_back_and_ends_with_eos():
    vocabulary = Vocabulary.from_texts([["the", "cat", "sat"], ["the", "dog"]])
    ids = vocabulary.encode(["the", "dog", "sat"])
    assert ids[-1] == EOS
    assert PAD not in ids
    assert vocabulary.decode([BOS, *ids, PAD, 5]) == ["the", "dog", "sat"]
    assert len(vocabulary) == 4 + 4


def test_vocabulary_orders_by_frequency_and_drops_rare_words():
    vocabulary = Vocabulary.from_texts([["b", "a", "a", "c", "c", "c"]], min_count=2)
    assert vocabulary.words == (*SPECIALS, "c", "a")


def test_words_unseen_in_training_are_unknown_and_counted():
    """Museum 21: a vocabulary built on the test texts too would know them."""
    vocabulary = Vocabulary.from_texts([["a", "cat", "sat"]])
    assert vocabulary.encode(["a", "zebra", "sat", "zebra"]) == [vocabulary.encode(["a"])[0], UNK, 6, UNK, EOS]
    assert vocabulary.unknown == {"zebra": 2}
    assert vocabulary.decode(vocabulary.encode(["a", "zebra"])) == ["a", "<unk>"]


@pytest.mark.parametrize("special", SPECIALS)
def test_a_special_word_typed_by_a_reader_is_an_unknown_word(special):
    vocabulary = Vocabulary.from_texts([["a", "cat"]])
    assert vocabulary.encode(["a", special, "cat"]) == [4, UNK, 5, EOS]
    assert vocabulary.unknown == {special: 1}


@pytest.mark.parametrize("words", [[], "", "a cat"])
def test_vocabulary_refuses_what_is_no_list_of_words(words):
    with pytest.raises(ValueError, match=r"at least one word|list of words"):
        Vocabulary(["a", "cat"]).encode(words)


def test_vocabulary_refuses_reserved_words_and_plain_strings():
    with pytest.raises(ValueError, match="reserved"):
        Vocabulary(["a", "<eos>"])
    with pytest.raises(ValueError, match=r"list of words.*'a cat'"):
        Vocabulary.from_texts(["a cat"])


@pytest.mark.parametrize("wrong", [-1, 6])
def test_vocabulary_refuses_ids_that_it_does_not_have(wrong):
    with pytest.raises(ValueError, match=f"id {wrong}.*5"):
        Vocabulary(["a", "cat"]).decode([4, wrong])


@settings(max_examples=200, deadline=None)
@example("Straßenbahn - (zwei)  Leerzeichen!")
@example("cafe\u0301 und das <eos> am <pad>-Ende")
@given(st.text(alphabet=LETTERS + MARKS + " ", min_size=1).filter(lambda text: text.strip() != ""))
def test_word_pieces_give_raw_text_back(pieces, text):
    ids = pieces.encode(text)
    assert ids[-1] == EOS
    assert {PAD, UNK, BOS, EOS} & set(ids[:-1]) == set()
    assert pieces.decode([BOS, *ids, PAD, PAD]) == nfc(text.strip())


def test_word_pieces_of_the_real_texts(pieces):
    for text in TRAINING[:4]:
        assert pieces.decode(pieces.encode(text)) == text
        assert "".join(pieces.pieces(text)).replace("▁", " ").strip() == text
    assert not pieces.unknown


def test_a_character_unseen_in_training_is_unknown_counted_and_visible():
    pieces = WordPieces.train(TRAINING, 250)
    assert pieces.encode("a 猫 b").count(UNK) == 1
    assert pieces.unknown == {"猫": 1}
    pieces.encode("a\tb")
    assert pieces.unknown == {"猫": 1, "\t": 1}
    assert pieces.decode(pieces.encode("a 猫 b")) == "a <unk> b"


@pytest.mark.parametrize("text", ["", "  ", "\n", None, 3, ["a"]])
def test_word_pieces_refuse_what_holds_no_word(pieces, text):
    with pytest.raises(ValueError, match="is empty"):
        pieces.encode(text)


@pytest.mark.parametrize(("texts", "size"), [(TRAINING, 4), (TRAINING, -1), ("one string", 100), ([], 100)])
def test_word_pieces_refuse_bad_training(texts, size):
    with pytest.raises(ValueError, match=r"size|list of texts|no text"):
        WordPieces.train(texts, size)


def test_training_is_deterministic_and_json_gives_the_same_pieces(pieces):
    again = WordPieces.train(TRAINING, 250)
    copy = WordPieces.from_json(pieces.to_json())
    for text in [*TRAINING, "Ganz neue Wörter <bos> hier."]:
        assert pieces.encode(text) == again.encode(text) == copy.encode(text)
    assert len(pieces) == len(copy) == 250
    assert not {PAD, UNK, BOS, EOS} & set(copy.encode("<eos> <pad>")[:-1])


@pytest.mark.real_data
@pytest.mark.skipif(not sources.available("multi30k"), reason="Multi30k is not in the cache: set COURSE_DATA")
def test_the_translation_experiment_learns_its_pieces_on_training_texts_only():
    from utils.experiments.multi30k import Settings, texts

    data = texts(Settings(epochs=1, pieces=400, examples=200))
    only = WordPieces.train((text for pair in data.train for text in pair), 400)
    assert data.pieces.to_json() == only.to_json()
    seen = set("".join(text for pair in data.train for text in pair))
    test = "".join(text for pair in data.test for text in pair)
    unseen = next(character for character in test if character not in seen)
    assert data.pieces.encode(unseen)[-2:] == [UNK, EOS]
