"""Chapter 08's lab: parts share nobody, answers alone are learned, choices follow the labeller, scores have a scale."""

from __future__ import annotations

import copy
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from utils import pretrained
from utils.data.lab import judge
from utils.data.lab.chat import UNKNOWN
from utils.data.tokens import BOS, EOS, PAD
from utils.experiments import lab_chat
from utils.experiments import lab_chat_policies as policies
from utils.experiments import lab_chat_rewards as rewards
from utils.experiments import lab_chat_stages as stages
from utils.experiments.lab_chat_stages import Answer, Lab
from utils.experiments.run import Run
from utils.models.gpt import GPT
from utils.models.reward import RewardModel

TINY = lab_chat.PRESETS["frontier"]["smoke"]


@pytest.fixture(scope="module")
def lab() -> Lab:
    return stages.prepare(TINY.chat)


@pytest.fixture(scope="module")
def model(lab: Lab) -> GPT:
    """A model that has seen enough to write words, and not enough to answer."""
    return stages.tuned(stages.base(replace(TINY.chat, steps=30), lab, 1), replace(TINY.chat, tune_steps=30), lab, 1)


def words(text: str) -> Answer:
    return tuple(text.split()), True


def test_no_question_of_the_test_is_asked_in_training(lab: Lab) -> None:
    parts = {
        name: {q.name for q in getattr(lab, name)} for name in ("shown", "train", "validation", "test", "admitted")
    }
    parts["strangers"] = {q.name for q in lab.strangers}
    names = [name for part in parts.values() for name in part]
    assert len(names) == len(set(names)) == 144
    assert {q.name for q in lab.asked} == parts["train"] | parts["admitted"]


def test_only_answers_are_learned(lab: Lab) -> None:
    question = lab.shown[0]
    ids, mask = lab.chat(question, words("i do not know ."))
    assert [i for i, learned in zip(ids, mask, strict=True) if learned] == lab.vocabulary.encode(UNKNOWN)
    assert ids[0] == BOS
    assert ids[: len(question.prompt) + 1] == lab.prompts([question])[0].tolist()
    open_ids, open_mask = lab.chat(question, (UNKNOWN, False))
    assert open_ids == ids[:-1]
    assert open_mask == mask[:-1]
    whole, seen = lab.text(UNKNOWN)
    assert seen == [False, *[True] * 6]
    assert whole[-1] == EOS


def test_answers_are_read_back(lab: Lab) -> None:
    written = torch.tensor(
        [[*lab.vocabulary.encode(UNKNOWN), PAD], [*lab.vocabulary.encode([*UNKNOWN, "london"])[:-1], 5]]
    )
    found = lab.answers(written)
    assert found[0] == (UNKNOWN, True)
    assert found[1][1] is False


def test_a_base_model_gets_the_bare_question_behind_examples(lab: Lab) -> None:
    bare, shown = (stages.base_prompts(lab, lab.test[:3], n) for n in (0, 2))
    assert lab.vocabulary.decode(bare[0].tolist()) == list(lab.test[0].words)
    text = lab.vocabulary.decode(shown[0].tolist())
    assert text[-len(lab.test[0].words) :] == list(lab.test[0].words)
    assert text.count("?") == 3
    assert shown.shape[1] + stages.LONGEST <= stages.CONTEXT
    assert stages.first_sentence([words("he sleeps . he works ."), (("he",), False)]) == [
        words("he sleeps ."),
        (("he",), False),
    ]


def test_means_are_over_all_answers(lab: Lab) -> None:
    first, second = lab.test[:2]
    assert first.truth is not None
    true = ((*first.truth.fact(first.relation).statement, "."), True)
    found = stages.judged([first, second], [true, (UNKNOWN, True), (UNKNOWN, False), (UNKNOWN, True)])
    assert found["right"] == 0.25
    assert found["ended"] == 0.75
    assert found["gold"] == pytest.approx((1.3 + 0 - 0.5 + 0) / 4, abs=1e-4)


def test_the_labeller_chooses_what_she_likes(lab: Lab, model: GPT) -> None:
    settings = rewards.RewardSettings(pairs=200, care=150)
    found = rewards.pairs(model, lab, lab.asked, settings)
    assert len(found) == 200
    for pair in found:
        assert pair.question in lab.asked
        assert pair.chosen != pair.rejected
        assert judge.pleasure(pair.question, *pair.chosen) >= judge.pleasure(pair.question, *pair.rejected)
    assert found == rewards.pairs(model, lab, lab.asked, settings)
    assert found != rewards.pairs(model, lab, lab.asked, settings, 1)
    level = rewards.pairs(model, lab, lab.asked, replace(settings, pairs=50, equal_length=True))
    assert all(len(p.chosen[0]) == len(p.rejected[0]) for p in level)


class Counting(nn.Module):
    """Likes long texts, whatever they say."""

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return (tokens != PAD).sum(dim=1).float()


def test_a_judge_of_length_is_found_out(lab: Lab) -> None:
    """Fooled by every longer answer and by no shorter one; agrees as often as the longer one was chosen."""
    rng, asked = random.Random(0), [q for q in lab.test if judge.labeller_knows(q)]
    held_out = []
    for question in asked:
        assert question.truth is not None
        fact = question.truth.fact(question.relation).statement
        answers = [
            ((*fact, "."), True),
            (("what", "a", "good", "question", "!", *fact, "."), True),
            ((fact[-1], "."), True),
        ]
        rng.shuffle(answers)
        held_out += list(rewards._choices(rng, question, answers, rewards.RewardSettings(care=150)))
    found = rewards.examined(rewards.Reward(Counting(), 3.0, 2.0), lab, held_out)  # type: ignore[arg-type]
    assert found["fooled by longer"] == 1
    assert found["fooled by shorter"] == 0
    assert found["agrees"] == found["longer"] == 1
    assert found["steady"] == 1


def test_scores_have_mean_0_and_deviation_1(lab: Lab, model: GPT) -> None:
    labelled = rewards.pairs(model, lab, lab.asked, rewards.RewardSettings(pairs=100))
    torch.manual_seed(0)
    found = rewards.standardised(RewardModel(copy.deepcopy(model)), lab, labelled)
    values = torch.cat([rewards.scores(found, lab, labelled, side) for side in ("chosen", "rejected")])
    assert float(values.mean()) == pytest.approx(0, abs=1e-3)
    assert float(values.std()) == pytest.approx(1, abs=1e-3)


def test_what_is_measured_of_the_tuned_model_itself(lab: Lab, model: GPT) -> None:
    reward = rewards.Reward(Counting(), 0.0, 1.0)  # type: ignore[arg-type]
    found = policies.measured(model, model, reward, lab, lab.test[:8], 2)
    assert found["kl"] == pytest.approx(0, abs=1e-4)
    lengths = sum(len(lab.prompts([q])[0]) for q in lab.test[:8]) / 8
    tokens = lengths + found["words"] + found["ended"]
    assert found["proxy"] == pytest.approx(tokens, abs=0.13)  # it has learned so little that it may draw BOS
    best = policies.best_of(4, model, reward, lab, lab.test[:8], 2)
    assert best["proxy"] > found["proxy"]
    assert best["kl"] == pytest.approx(0.6363, abs=1e-3)  # ln 4 - 3/4


def test_ppo_and_dpo_move_the_policy_and_nothing_else(lab: Lab, model: GPT) -> None:
    labelled = rewards.pairs(model, lab, lab.asked, rewards.RewardSettings(pairs=60))
    reward = rewards.standardised(RewardModel(copy.deepcopy(model)), lab, labelled)
    settings = policies.PolicySettings(iterations=2, answers=16, dpo_steps=4)
    frozen = [p.clone() for p in (*model.parameters(), *reward.parameters())]
    for train in ("ppo", "dpo"):
        policy = copy.deepcopy(model)
        if train == "ppo":
            steps = list(policies.train_ppo(policy, reward, lab, settings))
            assert len(steps) == 2
            assert steps[0].mismatch < 1e-3
            assert abs(steps[0].kl) < 1e-4
        else:
            losses = [step.loss for step in policies.train_dpo(policy, lab, labelled, settings, 0.1)]
            assert losses[0] == pytest.approx(0.6931, abs=1e-3)
        assert policies.measured(policy, model, reward, lab, lab.test[:8])["kl"] != 0
        assert all(torch.equal(a, b) for a, b in zip(frozen, (*model.parameters(), *reward.parameters()), strict=True))


@pytest.mark.parametrize("name", sorted(lab_chat.EXPERIMENTS))
def test_each_experiment_leaves_its_rows(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(f"lab_chat/{name}", "smoke", lab_chat.PRESETS[name]["smoke"], tmp_path, "cpu")
    lab_chat.EXPERIMENTS[name](run)
    record = run.record()
    assert all(rows for rows in record.curves.values())
    if name == "base":
        loaded = pretrained.load(tmp_path / "weights.safetensors")
        assert loaded.unit == "words"
        assert 0 <= record.metrics["recall"] <= 1
    elif name == "frontier":
        assert {row["stage"] for row in record.curves["stages"]} == {
            "base", "demonstrations", "SFT", "best of n", "PPO", "DPO",
        }  # fmt: skip
        assert pretrained.load(tmp_path / "dpo_0.1.safetensors").model.config.width == 16
        again = Run(f"lab_chat/{name}", "smoke", run.settings, tmp_path, "cpu", memory=dict(run.memory))
        lab_chat.EXPERIMENTS[name](again)  # taken up again: nothing is left to do, and nothing is lost
        assert again.record().curves == record.curves
