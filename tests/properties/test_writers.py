"""A writer of characters, words or pieces keeps its prompt, survives its file, and stops where its context ends."""

import pytest
import torch

from utils import pretrained
from utils.data.tokens import EOS, Vocabulary, WordPieces
from utils.models.awd_lstm import AWDLanguageModel, AWDLSTMConfig
from utils.models.gpt import GPT, GPTConfig
from utils.pretrained import Writer

TEXT = "the cat sat on the mat and the dog sat on the cat"


def words() -> Writer:
    torch.manual_seed(0)
    vocabulary = Vocabulary.from_texts([TEXT.split()])
    model = AWDLanguageModel(AWDLSTMConfig(len(vocabulary), embedding=8, hidden=8, layers=2))
    return Writer(model, vocabulary, "words")


def pieces(context: int = 64) -> Writer:
    torch.manual_seed(0)
    vocabulary = WordPieces.train([TEXT], 40)
    return Writer(GPT(GPTConfig(len(vocabulary), context, layers=1, heads=2, width=8)), vocabulary)


@pytest.mark.parametrize("make", [words, pieces])
def test_a_writer_survives_its_file(make, tmp_path) -> None:
    pretrained.save(make(), tmp_path / "w.safetensors")
    first = pretrained.load(tmp_path / "w.safetensors")
    pretrained.save(first, tmp_path / "again.safetensors")
    after = pretrained.load(tmp_path / "again.safetensors")
    assert isinstance(after, Writer)
    assert after.unit == make().unit
    text = after("the cat", 12, seed=3)
    assert text.startswith("the cat")
    assert text == first("the cat", 12, seed=3) != after("the cat", 12, seed=4)


@pytest.mark.parametrize("make", [words, pieces])
def test_encoding_has_no_end_and_decoding_gives_the_text_back(make) -> None:
    writer = make()
    assert EOS not in writer.encode(TEXT)
    assert writer.decode(writer.encode(TEXT)) == TEXT


def test_a_word_that_follows_stands_apart() -> None:
    text = words()("the cat", 5, seed=1)
    assert text.split()[:2] == ["the", "cat"]
    assert text.count("  ") == 0
    assert len(text.split()) > 2


def test_a_prompt_keeps_its_spelling_also_where_a_word_is_unknown() -> None:
    assert words()("the zebra", 5, seed=1).startswith("the zebra")


def test_writing_ends_where_the_context_does() -> None:
    writer = pieces(context=12)
    text = writer("the cat sat", 100, seed=5)
    assert text.startswith("the cat sat")
    with pytest.raises(ValueError, match="fills the context of 12"):
        writer(TEXT, 5)


def test_cuts_reach_the_sampling() -> None:
    writer = pieces()
    greedy = {writer("the cat", 10, seed=seed, top_k=1) for seed in range(4)}
    assert len(greedy) == 1
    with pytest.raises(ValueError, match="top_p"):
        writer("the cat", 5, top_p=2.0)


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="unit 'sentences'"):
        Writer(words().model, words().vocabulary, "sentences")
