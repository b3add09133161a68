"""Policies that a reward model or pairs have shaped: best of n, PPO, DPO, and how far each went for what.

Each is measured on questions about people whom no training asked about: the score of the reward model (proxy), what the
labeller and the gold judge say, and the KL from the tuned model, in nats an answer, at the temperature of all answers.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from utils.data.batches import BucketedBatches
from utils.data.lab.chat import Question
from utils.decoding import sample
from utils.experiments.lab_chat_rewards import Pair, Reward
from utils.experiments.lab_chat_stages import LONGEST, TEMPERATURE, Lab, judged
from utils.models.gpt import GPT
from utils.models.reward import ValueModel
from utils.training.best_of_n import best_of_n, best_of_n_kl
from utils.training.completions import join
from utils.training.optimizers import adamw
from utils.training.ppo import PPOStep, completion_kl, ppo
from utils.training.ppo_config import PPOConfig
from utils.training.preferences import DPOLoss
from utils.training.schedules import schedule, warmup_linear
from utils.training.trainer import Plan, Step, fit


@dataclass(frozen=True)
class PolicySettings:
    """PPO: `iterations` of `answers` answers each, with its details in `config`. DPO: `steps` batches of pairs.

    The value model begins as the tuned model with a head of zeros; `zero_value` off starts the head at random.
    """

    config: PPOConfig = field(
        default_factory=lambda: PPOConfig(length=LONGEST, temperature=TEMPERATURE, beta=0.15, epochs=2)
    )
    iterations: int = 40
    answers: int = 192
    rate: float = 3e-4
    zero_value: bool = True
    dpo_steps: int = 150
    dpo_batch: int = 32
    dpo_rate: float = 2e-4

    def with_details(self, **changes: Any) -> PolicySettings:
        """The settings with some details of PPO changed."""
        return replace(self, config=replace(self.config, **changes))


def train_ppo(policy: GPT, reward: Reward, lab: Lab, settings: PolicySettings, seed: int = 0) -> Iterator[PPOStep]:
    """PPO in place, on questions about the people of the training part and some strangers."""
    torch.manual_seed(seed)
    value = ValueModel(copy.deepcopy(policy))
    if not settings.zero_value:
        nn.init.normal_(value.value.weight, std=1.0)
    optimizer = adamw([*policy.parameters(), *value.parameters()], settings.rate, 0.0, (0.9, 0.95))
    prompts, generator = lab.prompts(lab.asked), torch.Generator().manual_seed(seed)
    draws = (torch.randint(len(prompts), (settings.answers,), generator=generator) for _ in range(settings.iterations))
    return ppo(policy, value, reward, (prompts[rows] for rows in draws), optimizer, settings.config, generator)


def train_dpo(
    policy: GPT, lab: Lab, labelled: Sequence[Pair], settings: PolicySettings, beta: float, seed: int = 0
) -> Iterator[Step]:
    """DPO in place, on the pairs that the reward model was fitted to."""
    texts = [(*lab.chat(p.question, p.chosen), *lab.chat(p.question, p.rejected)) for p in labelled]
    batches = BucketedBatches(texts, settings.dpo_batch, seed, pool=1)
    optimizer = adamw(policy.parameters(), settings.dpo_rate, 0.0)
    steps = settings.dpo_steps
    rates = schedule(optimizer, warmup_linear(min(10, steps - 1), steps))
    plan = Plan(epochs=-(-steps // len(batches)), steps=steps, device="cpu")
    return fit(policy, DPOLoss(copy.deepcopy(policy), beta), batches, optimizer, plan, scheduler=rates)


@torch.no_grad()
def measured(
    policy: GPT, tuned: GPT, reward: Reward, lab: Lab, questions: Sequence[Question], times: int = 4
) -> dict[str, float]:
    """Proxy, KL from the tuned model and the judges' means over `times` sampled answers to each question."""
    policy.eval()
    prompts = lab.prompts(questions).repeat_interleave(times, dim=0)
    written = sample(policy, prompts, LONGEST, TEMPERATURE, generator=torch.Generator().manual_seed(0))
    kl = completion_kl(policy, tuned, prompts, written, TEMPERATURE)
    return _report(reward(join(prompts, written)[0]), kl, lab, questions, written)


@torch.no_grad()
def best_of(
    n: int, tuned: GPT, reward: Reward, lab: Lab, questions: Sequence[Question], times: int = 4
) -> dict[str, float]:
    """The same for the best of n answers of the tuned model; its KL is the bound ln n - (n - 1) / n."""
    prompts = lab.prompts(questions).repeat_interleave(times, dim=0)
    generator = torch.Generator().manual_seed(0)
    written, scores = best_of_n(tuned, reward, prompts, n, LONGEST, TEMPERATURE, generator)
    return _report(scores, best_of_n_kl(n), lab, questions, written)


def _report(scores: Tensor, kl: float, lab: Lab, questions: Sequence[Question], written: Tensor) -> dict[str, float]:
    return {"proxy": round(float(scores.mean()), 4), "kl": round(kl, 4)} | judged(questions, lab.answers(written))
