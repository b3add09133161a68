"""The GPT on real text: rows of pieces, scores that agree with what a model knows, and a run from text to record."""

from __future__ import annotations

import math

import pytest
import torch

from utils import pretrained
from utils.data import sources
from utils.data.tokens import EOS, WordPieces
from utils.experiments import __main__ as command
from utils.experiments import gpt_pretraining, gpt_scaling, real_text
from utils.experiments.gpt_pretraining import Pretraining, baselines, bits_per_character, encode, nats, prepare, score
from utils.models.gpt import GPT, GPTConfig

TEXTS = ["a cat sat on a mat.", "a dog sat on a cat.", "no cat sat."]
PARTS = {"train": {"one": TEXTS}, "validation": {"one": TEXTS[:1]}, "test": {"one": TEXTS[1:], "two": TEXTS[:1]}}
needs_text = pytest.mark.skipif(
    not all(sources.available(name.partition(" ")[0].strip(",").partition(",")[0]) for name in real_text.SOURCES),
    reason="the texts are not in the cache: set COURSE_DATA or fetch them once",
)


class Counts(GPT):
    """Gives each piece 1/8 when it has at least four pieces of the past to look at, else 1/2 to piece 0."""

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        logits = torch.zeros(*tokens.shape, 8)
        early = torch.zeros(8)
        early[0] = math.log(7)
        logits[:, :4] = early
        return logits


def test_every_piece_but_the_first_is_scored_once_whatever_the_overlap() -> None:
    model = Counts(GPTConfig(8, 10, 1, 1, 4))
    row = torch.arange(47) % 7 + 1
    for overlap in (0, 3, 5, 9):
        assert nats(model, row, overlap)[1] == 46
    total, count = nats(model, row, overlap=5)
    poor = [math.log(14)] * 4  # a piece other than 0 has 1/14 while little has been read: only where the row begins
    assert total == pytest.approx(sum(poor) + (count - 4) * math.log(8), rel=1e-5)
    assert nats(model, row, 0)[0] > total, "without overlap, every window begins with little to look at"
    assert nats(model, row, every=2)[1] < 30
    with pytest.raises(ValueError, match="overlap 10"):
        nats(model, row, 10)


def test_bits_count_the_end_of_each_text_as_a_character() -> None:
    assert bits_per_character(8 * math.log(2), ["abc", "def"]) == 1
    assert bits_per_character(8 * math.log(2), ["abcdefg"]) == 1


def test_rows_hold_all_texts_with_their_ends_and_are_made_once(tmp_path, monkeypatch) -> None:
    pieces, rows = prepare(tmp_path, PARTS, 40)
    assert set(rows) == {"train/one", "validation/one", "test/one", "test/two"}
    assert rows["train/one"].tolist().count(EOS) == 3
    first = rows["train/one"].tolist()
    assert pieces.decode(first[: first.index(EOS)]) == TEXTS[0]
    monkeypatch.setattr(WordPieces, "train", None)
    again, same = prepare(tmp_path, PARTS, 40)
    assert again.to_json() == pieces.to_json()
    assert all(torch.equal(rows[name], same[name]) for name in rows)
    assert list(same) == list(rows), "a run that is taken up again reads the sources in the same order"


def test_the_score_of_all_lies_between_those_of_the_sources(tmp_path) -> None:
    pieces, rows = prepare(tmp_path, PARTS, 40)
    torch.manual_seed(0)
    found = score(GPT(GPTConfig(len(pieces), 16, 1, 1, 8)), rows, PARTS["test"], "test")
    assert min(found["one"], found["two"]) <= found["all"] <= max(found["one"], found["two"])
    expected = [score(GPT(GPTConfig(len(pieces), 16, 1, 1, 8)), rows, PARTS["test"], "test")["all"] for _ in range(3)]
    uniform = math.log2(len(pieces)) * sum(len(encode(pieces, part)) for part in PARTS["test"].values())
    characters = sum(len(text) + 1 for part in PARTS["test"].values() for text in part)
    assert all(value == pytest.approx(uniform / characters, rel=0.1) for value in expected), "nothing learned, no idea"


def test_an_n_gram_of_order_one_knows_frequencies_and_longer_ones_know_more_of_what_they_read(tmp_path) -> None:
    pieces, rows = prepare(tmp_path, PARTS, 40)
    found = baselines((1, 2, 3), rows, PARTS, len(pieces))
    assert [row["order"] for row in found] == [1, 2, 3]
    assert found[0]["validation"] > found[1]["validation"] > found[2]["validation"]


def test_texts_are_cut_to_the_characters_asked_for() -> None:
    assert gpt_pretraining._first(["abcd", "ef", "ghi"], 5) == ["abcd", "e"]


@needs_text
@pytest.mark.real_data
def test_a_run_goes_from_text_to_a_writer_that_can_be_loaded(smoke, tmp_path) -> None:
    record, folder = smoke("gpt/real_text"), tmp_path / "gpt/real_text/smoke-0"
    assert [point["step"] for point in record.curves["validation"]] == [4, 8]
    assert record.curves["validation"][-1]["loss"] < record.curves["validation"][0]["loss"]
    assert [row["step"] for row in record.samples] == [0, 1, 2, 4, 8]
    assert set(gpt_pretraining.PROMPTS) < set(record.samples[0])
    writer = pretrained.load(folder / "weights.safetensors")
    assert record.sizes["parameters"] == pretrained.parameters(writer.model)
    assert writer("The jury", 5, seed=1).startswith("The jury")


def test_the_settings_that_ship_fit_the_largest_file() -> None:
    plan: Pretraining = command.catalogue()["gpt/real_text"][1]["cpu"]
    model = GPT(GPTConfig(plan.vocabulary, plan.context, plan.layers, plan.heads, plan.width))
    assert pretrained.parameters(model) <= 6_000_000


def test_a_power_law_is_found_again_and_foretells_the_largest() -> None:
    points = [
        {"parameters": n, "loss": 5 * n**-0.07, "seed": seed} for n in (10, 100, 1_000, 10_000) for seed in (0, 1)
    ]
    found = gpt_scaling.fitted(points, "parameters")
    assert found["factor"] == pytest.approx(5, abs=1e-3)
    assert found["exponent"] == found["lowest of a seed"] == found["highest of a seed"] == pytest.approx(0.07)
    assert found["farthest point off the line, in %"] < 0.01
    assert found["largest, foretold"] == pytest.approx(found["largest, seen"], abs=1e-3)
    points[-1]["loss"] *= 1.1
    bent = gpt_scaling.fitted(points, "parameters")
    assert bent["largest, foretold"] < bent["largest, seen"]
    assert bent["farthest point off the line, in %"] > 3
    with pytest.raises(ValueError, match="two different sizes"):
        gpt_scaling.power_law([3, 3], [1, 2])


def test_sizes_count_what_is_beside_the_embeddings() -> None:
    small, wide = (GPT(GPTConfig(pieces, 16, 2, 2, 8)) for pieces in (50, 5_000))
    assert gpt_scaling.hidden(small) == gpt_scaling.hidden(wide) < pretrained.parameters(small) < 5_000


@needs_text
@pytest.mark.real_data
def test_a_scaling_run_measures_every_size_and_amount_on_every_seed(smoke) -> None:
    record = smoke("gpt/scaling")
    assert {(row["parameters"], row["seed"]) for row in record.curves["sizes"]} == {
        (row["parameters"], seed) for row in record.curves["sizes"] for seed in (0, 1)
    }
    assert len({row["parameters"] for row in record.curves["sizes"]}) == 3
    assert {row["tokens"] for row in record.curves["data"]} == {250, 500, 1_000}
    assert all(row["loss"] < record.metrics["no idea"] * 1.05 for row in record.curves["sizes"])
