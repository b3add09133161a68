"""Learning from right and wrong alone: sums, a small GPT that gets some of them right, and GRPO.

A question is `<bos> 4 7 + 8 5 =`; the answer is the sum, its last digit first, and an end. A demonstration costs
somebody's work, a check costs a line of code: the reward is 1 for the right answer, 0 for any other. No reward model,
no value model. The control gets the same rewards, dealt out at random among the answers to a question.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from utils.data.tokens import BOS, EOS, PAD, SPECIALS
from utils.decoding import greedy, sample
from utils.models.gpt import GPT, GPTConfig
from utils.training.completions import before_completions, join
from utils.training.group_policy import group_advantages, grpo_loss
from utils.training.preferences import sft_loss, token_log_probabilities

SIGNS = "0123456789+="
PLUS, IS = (len(SPECIALS) + SIGNS.index(sign) for sign in "+=")
ANSWER = 4  # tokens of the longest answer: three digits and an end


@dataclass(frozen=True)
class SumSettings:
    """The sizes of the model, its demonstrations, and GRPO: `questions` a step, `group` answers to each."""

    largest: int = 49
    width: int = 64
    layers: int = 2
    heads: int = 4
    demonstrations: int = 120
    steps: int = 400
    batch: int = 64
    rate: float = 2e-3
    tests: int = 300
    iterations: int = 100
    questions: int = 32
    group: int = 8
    epochs: int = 2
    policy_rate: float = 5e-4
    clip: float = 0.2
    beta: float = 0.02


@dataclass(frozen=True)
class Sums:
    """Questions (N, 7) and their answers (N, 4): some demonstrated, some only asked, some for the test."""

    shown: tuple[Tensor, Tensor]
    asked: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]


def prepare(settings: SumSettings, seed: int = 0) -> Sums:
    """All sums of two numbers up to the largest, in three parts drawn by the seed."""
    one, other = torch.cartesian_prod(*[torch.arange(settings.largest + 1)] * 2).T  # (N,)
    order = torch.randperm(len(one), generator=torch.Generator().manual_seed(seed))
    questions, answers = written(one[order], other[order])
    first, last = settings.demonstrations, len(one) - settings.tests
    if not 0 < first < last:
        raise ValueError(f"{first} demonstrations and {settings.tests} tests are too many for {len(one)} sums")
    shown, asked, test = (
        (questions[part], answers[part]) for part in (slice(first), slice(first, last), slice(last, None))
    )
    return Sums(shown, asked, test)


def written(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Two numbers (N,) below 100 -> the question (N, 7) and the answer (N, 4), padded behind its end."""
    digit = len(SPECIALS)
    signs = [torch.full_like(one, sign) for sign in (BOS, PLUS, IS)]
    tens = [one // 10 + digit, one % 10 + digit, other // 10 + digit, other % 10 + digit]
    question = torch.stack([signs[0], *tens[:2], signs[1], *tens[2:], signs[2]], dim=1)
    answer = torch.full((len(one), ANSWER), PAD)
    for row, total in enumerate((one + other).tolist()):
        digits = [int(sign) + digit for sign in reversed(str(total))]
        answer[row, : len(digits) + 1] = torch.tensor([*digits, EOS])
    return question, answer


def text(tokens: Tensor) -> str:
    """Tokens as they are read, up to the end."""
    kept = [int(t) for t in tokens if int(t) >= len(SPECIALS)]
    return "".join(SIGNS[token - len(SPECIALS)] for token in kept)


def right(found: Tensor, answers: Tensor) -> Tensor:
    """The whole reward: 1 for the right answer with its end, else 0; found (N, T), answers (N, 4) -> (N,)."""
    whole = torch.full_like(answers, PAD)
    whole[:, : found.shape[1]] = found
    return (whole == answers).all(dim=1).double()


@torch.no_grad()
def accuracy(model: GPT, part: tuple[Tensor, Tensor], generator: torch.Generator | None = None) -> float:
    """The share of sums that are right: the most probable answers, or with a generator drawn ones."""
    model.eval()
    questions, answers = part
    found = (
        greedy(model, questions, ANSWER) if generator is None else sample(model, questions, ANSWER, generator=generator)
    )
    return float(right(found, answers).mean())


def seeded(settings: SumSettings, seed: int = 0) -> GPT:
    """The untrained GPT of a seed."""
    torch.manual_seed(seed)
    return GPT(GPTConfig(len(SPECIALS) + len(SIGNS), 12, settings.layers, settings.heads, settings.width))


def shown(model: GPT, settings: SumSettings, sums: Sums, steps: int, seed: int = 0) -> GPT:
    """A copy of the model after `steps` batches of the demonstrations (SFT)."""
    model = copy.deepcopy(model).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.rate)
    generator = torch.Generator().manual_seed(seed)
    tokens, mask = join(*sums.shown)
    for _ in range(steps):
        rows = torch.randint(len(tokens), (settings.batch,), generator=generator)
        optimizer.zero_grad()
        sft_loss(model(tokens[rows]), tokens[rows], mask[rows]).backward()
        optimizer.step()
    return model.eval()


def log_probabilities(model: GPT, questions: Tensor, answers: Tensor) -> Tensor:
    """Of each token of the answers: (B, T)."""
    return token_log_probabilities(before_completions(model, questions, answers), answers)


def grpo(policy: GPT, settings: SumSettings, sums: Sums, seed: int = 0, dealt: bool = False) -> Iterator[float]:
    """Train the policy in place; after each iteration, the share of its drawn answers that were right.

    With `dealt` the rewards of a group are shuffled among its answers: as many of them, but for nothing.
    """
    reference = copy.deepcopy(policy).requires_grad_(False).eval()
    optimizer = torch.optim.AdamW(policy.parameters(), lr=settings.policy_rate, weight_decay=0.0)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(settings.iterations):
        rows = torch.randint(len(sums.asked[0]), (settings.questions,), generator=generator)
        questions, answers = (part[rows].repeat_interleave(settings.group, dim=0) for part in sums.asked)
        found = sample(policy, questions, ANSWER, generator=generator)
        rewards = right(found, answers).view(-1, settings.group)  # (N, G)
        if dealt:
            rewards = rewards.gather(1, torch.rand(rewards.shape, generator=generator).argsort(dim=1))
        _update(policy, reference, optimizer, settings, questions, found, group_advantages(rewards).flatten().float())
        yield float(rewards.mean())


def _update(
    policy: GPT,
    reference: GPT,
    optimizer: torch.optim.Optimizer,
    settings: SumSettings,
    questions: Tensor,
    found: Tensor,
    advantages: Tensor,
) -> None:
    """A few steps on one batch of answers."""
    with torch.no_grad():
        old, anchor = (log_probabilities(model, questions, found) for model in (policy, reference))
    for _ in range(settings.epochs):
        new = log_probabilities(policy, questions, found)
        loss = grpo_loss(new, old, anchor, advantages, found != PAD, settings.clip, settings.beta)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
        optimizer.step()
