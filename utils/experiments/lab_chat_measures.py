"""What chapter 08's sweeps have in common: where all policies of a seed begin, and what is written down of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from utils.data.lab.chat import Question
from utils.experiments import lab_chat_stages as stages
from utils.experiments.lab_chat_policies import PolicySettings, measured, train_ppo
from utils.experiments.lab_chat_rewards import Pair, Reward, RewardSettings, examined, pairs, reward
from utils.experiments.lab_chat_stages import Answer, ChatSettings, Lab, write
from utils.models.gpt import GPT


@dataclass(frozen=True)
class Plan:
    """The settings of all stages, and what is varied. The judges are asked at every `every`-th iteration of PPO."""

    chat: ChatSettings = field(default_factory=ChatSettings)
    rewards: RewardSettings = field(default_factory=RewardSettings)
    policies: PolicySettings = field(default_factory=PolicySettings)
    seeds: tuple[int, ...] = (0, 1, 2)
    betas: tuple[float, ...] = (0.0, 0.05, 0.15, 0.4)
    dpo_betas: tuple[float, ...] = (0.1, 0.3, 1.0)
    best: tuple[int, ...] = (2, 4, 16)
    held_out_pairs: int = 600
    times: int = 2
    every: int = 10
    variants: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Start:
    """What all policies of a seed begin with."""

    lab: Lab
    base: GPT
    tuned: GPT
    labelled: list[Pair]
    reward: Reward


def started(plan: Plan, seed: int) -> Start:
    """Base, tuned model, pairs and reward model of a seed."""
    lab = stages.prepare(plan.chat)
    base = stages.base(plan.chat, lab, seed)
    tuned = stages.tuned(base, plan.chat, lab, seed)
    return Start(lab, base, tuned, *_preferred(tuned, lab, plan.rewards, seed))


def rewarded(start: Start, settings: RewardSettings, seed: int) -> Start:
    """The same with pairs and a reward model of other settings."""
    labelled, model = _preferred(start.tuned, start.lab, settings, seed)
    return replace(start, labelled=labelled, reward=model)


def _preferred(tuned: GPT, lab: Lab, settings: RewardSettings, seed: int) -> tuple[list[Pair], Reward]:
    labelled = pairs(tuned, lab, lab.compared, settings, seed)
    return labelled, reward(tuned, lab, labelled, settings, seed)


def exams(plan: Plan, start: Start, seed: int) -> list[dict[str, Any]]:
    """What the reward model has learned: of new pairs about the people of its own, and about people it never met."""
    asked = {"other people": (*start.lab.test, *start.lab.validation), "the same people, new pairs": start.lab.compared}
    settings = RewardSettings(pairs=plan.held_out_pairs, care=plan.rewards.care)
    found = []
    for place, (name, questions) in enumerate(asked.items(), start=1):
        fresh = pairs(start.tuned, start.lab, questions, settings, seed + 100 * place)
        found.append({"on": name} | examined(start.reward, start.lab, fresh))
    return found


def of_base(plan: Plan, start: Start, asked: Sequence[Question], examples: int) -> list[Answer]:
    """What the base model goes on with; behind worked examples, its first sentence."""
    prompts = stages.base_prompts(start.lab, asked, examples)
    answers = write(start.base, start.lab, asked, times=plan.times, prompts=prompts)
    return stages.first_sentence(answers) if examples else answers


def ppo_rows(
    plan: Plan, start: Start, policy: GPT, settings: PolicySettings, seed: int, mark: dict[str, Any]
) -> list[dict[str, Any]]:
    """Train a policy; what PPO saw at every iteration, and now and then what the judges say of test and validation."""
    rows: list[dict[str, Any]] = [mark | {"iteration": 0} | _both(plan, start, policy)]
    for step in train_ppo(policy, start.reward, start.lab, settings, seed):
        names = ("score", "length", "ended", "entropy", "explained", "clipped", "gradient_norm", "beta")
        row = mark | {"iteration": step.number, "kl seen": round(step.kl, 4)}
        row |= {f"{name} seen": round(getattr(step, name), 4) for name in names}
        if step.number % plan.every == 0 or step.number == settings.iterations:
            row |= _both(plan, start, policy)
        rows.append(row)
    return rows


def _both(plan: Plan, start: Start, policy: GPT) -> dict[str, float]:
    test, validation = (
        measured(policy, start.tuned, start.reward, start.lab, part, plan.times)
        for part in (start.lab.test, start.lab.validation)
    )
    return test | {"validation gold": validation["gold"], "validation proxy": validation["proxy"]}
