"""Character language models on real text: parts that share nothing, scores that agree with a closed form, files."""

from __future__ import annotations

import math

import pytest
import torch

from utils import pretrained
from utils.data import sources
from utils.data.tokens import Vocabulary
from utils.experiments import text_lm
from utils.experiments.text_lm import Settings, bits, by_context, encode, nats_of_text
from utils.models.ngram import NGram
from utils.models.rnn_heads import LanguageModel, RecurrentConfig

needs_text = pytest.mark.skipif(
    not sources.available("tinyshakespeare"), reason="the text is not in the cache: set COURSE_DATA or fetch it once"
)


class Knows(torch.nn.Module):
    """Gives 1/2 to the character that follows in the cycle of ids 4 to 7, and shares the rest out evenly."""

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        following = (words - 4 + 1) % 4 + 4
        one_hot = torch.nn.functional.one_hot(following, 8).float()
        return torch.log(one_hot * 0.5 + (1 - one_hot) * 0.5 / 7)


def writer() -> pretrained.Writer:
    torch.manual_seed(0)
    vocabulary = Vocabulary.from_texts([list("to be or not to be\n")])
    return pretrained.Writer(LanguageModel(RecurrentConfig(len(vocabulary), embedding=8, hidden=8)), vocabulary)


def test_bits_per_character_agree_with_what_the_model_knows() -> None:
    text = torch.arange(4_112) % 4 + 4
    nats = nats_of_text(Knows(), text, rows=16)
    assert len(nats) == len(text)
    assert bits(nats) == pytest.approx(1, abs=0.02), "all but the first character of each piece cost one bit"
    rows = by_context(Knows(), text)
    assert [row["to"] for row in rows] == list(text_lm.CONTEXTS)
    assert all(row["bits"] == pytest.approx(1, abs=1e-3) for row in rows)


def test_a_long_context_can_pay_only_if_the_model_reads_it() -> None:
    class Counts(torch.nn.Module):
        """Knows nothing before it has read 64 characters."""

        def forward(self, words: torch.Tensor) -> torch.Tensor:
            late = (torch.arange(words.shape[1]) >= 64)[None, :, None]
            return torch.where(late, Knows()(words), torch.zeros(8))

    rows = {row["to"]: row["bits"] for row in by_context(Counts(), torch.arange(4_112) % 4 + 4)}
    assert rows[64] == pytest.approx(3, abs=1e-3)
    assert rows[96] == pytest.approx(1, abs=1e-3)


@needs_text
@pytest.mark.real_data
def test_the_three_parts_are_the_whole_text_and_do_not_overlap() -> None:
    parts = text_lm.texts(Settings(1))
    assert "".join(parts) == sources.load("tinyshakespeare")
    assert [round(len(part) / len("".join(parts)), 3) for part in parts] == [0.9, 0.05, 0.05]


def test_a_writer_survives_its_file_and_draws_the_same_text_for_the_same_seed(tmp_path) -> None:
    before = writer()
    pretrained.save(before, tmp_path / "w.safetensors")
    after = pretrained.load(tmp_path / "w.safetensors")
    assert isinstance(after, pretrained.Writer)
    assert after.vocabulary.words == before.vocabulary.words
    text = after("to", 30, seed=3)
    assert text.startswith("to")
    assert text == after("to", 30, seed=3) == before("to", 30, seed=3)
    assert text != after("to", 30, seed=4)


def test_a_prompt_must_not_be_empty() -> None:
    with pytest.raises(ValueError, match="at least one"):
        writer()("")


def test_an_n_gram_writes_what_it_has_read() -> None:
    model = NGram(3, 30).fit(["abcabcabcabc" * 5])
    text = text_lm.write_with_n_gram(model, "ab", 40, seed=0)
    assert text.count("abc") > 5
    assert set(text) == set("abc")


def test_an_encoded_text_has_no_end() -> None:
    vocabulary = Vocabulary("ab")
    assert encode(vocabulary, "abba").tolist() == [4, 5, 5, 4]
    assert bits([math.log(2)]) == 1
