"""ULMFiT on real text: what its language models may read, how they are scored, and runs from data to record."""

from __future__ import annotations

import math

import pytest
import torch

from utils import pretrained
from utils.data import penn, sources
from utils.data.tokens import EOS, UNK
from utils.experiments import real_text, sentiment, ulmfit, ulmfit_text

SETS = ("brown", "treebank", "abc", "state_union", "inaugural", "sentence_polarity", "sst2", "qc")
needs_text = pytest.mark.skipif(
    not all(map(sources.available, SETS)), reason="the texts are not in the cache: set COURSE_DATA or fetch them once"
)


class Cycle(torch.nn.Module):
    """Knows that 5 follows 4 and so on up to 7, by 1/2, but only after it has counted 8 words."""

    def unroll(self, words, state=None):
        seen = torch.zeros(len(words)) if state is None else state
        place = seen[:, None] + torch.arange(words.shape[1])
        one_hot = torch.nn.functional.one_hot((words - 3) % 4 + 4, 8).float()
        known = torch.log(one_hot * 0.5 + (1 - one_hot) * 0.5 / 7)
        return torch.where((place >= 8)[..., None], known, torch.zeros(8)), seen + words.shape[1]


def test_perplexity_carries_the_state_from_window_to_window():
    text = torch.arange(4 * 401) % 4 + 4  # four pieces of 401, so 400 words each to predict
    expected = math.exp((8 * math.log(8) + 392 * math.log(2)) / 400)
    for length in (5, 64, 1000):
        assert ulmfit_text.perplexity(Cycle(), text, rows=4, length=length) == pytest.approx(expected, abs=0.006)


def test_n_grams_are_scored_in_the_same_words():
    text = torch.tensor([4, 5, 6] * 40)
    rows = ulmfit.n_grams((1, 2), {"train": text, "validation": text, "test": text[:60]}, 10)
    assert [row["order"] for row in rows] == [1, 2]
    assert rows[0]["test"] == pytest.approx(3, abs=0.2)
    assert rows[1]["validation"] < 1.3


def test_words_of_the_target_text_come_first_and_a_stream_ends_every_sentence():
    words = ulmfit_text.vocabulary([["a"] * 9 + ["b"] * 5 + ["c"]], [["z", "z", "y", "a"]], 7, target_count=2)
    assert set(words.words[4:]) == {"z", "a", "b"}
    assert ulmfit_text.stream(words, [["a", "c"], ["z"]]).tolist() == [*words.encode(["a"])[:1], UNK, EOS,
                                                                      *words.encode(["z"])[:1], EOS]  # fmt: skip


@needs_text
@pytest.mark.real_data
def test_no_sst2_dev_or_test_sentence_is_in_the_target_text_and_none_stands_twice():
    target = [" ".join(words) for words in ulmfit_text.film_reviews()]
    held = real_text.held_keys(real_text.sst2_held_out())
    assert not [key for text in target for key in real_text.leaks(text, held)]
    keys = [real_text.overlap_key(text) for text in target]
    known = {real_text.overlap_key(" ".join(words)) for words, _ in sentiment.rows("train")}
    assert known <= set(keys), "every training sentence is there"
    assert sum(key in known for key in keys) < 1.02 * len(known), "and once"
    cut_again = sum(penn.words(text) != text.split() for text in target[:500])
    assert cut_again <= 1, "text that is cut already stays as it is, but for a word between single quotes"


@needs_text
@pytest.mark.real_data
@pytest.mark.parametrize("name", [f"ulmfit/{name}" for name in ulmfit.EXPERIMENTS])
def test_an_experiment_runs_from_data_to_record(smoke, name, tmp_path):
    record = smoke(name)
    assert record.metrics
    assert record.curves
    if name == "ulmfit/general":
        writer = pretrained.load(tmp_path / name / "smoke-0/weights.safetensors")
        assert writer("the film", 5, seed=1).startswith("the film ")
        assert record.metrics["test, perplexity"] > 1
