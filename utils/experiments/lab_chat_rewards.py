"""The reward model of the lab: pairs of answers, a labeller's choices, a model fitted to them, and what it got wrong.

`pairs` lets a tuned model answer and the labeller choose; `reward` fits a model to the choices; `examined` measures it
on people whom it was not fitted on: how often it agrees with the labeller and with the gold judge, whether it is as
right as it is sure, and whether it mistakes length for quality.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from utils.data.batches import BucketedBatches, pad
from utils.data.lab import judge
from utils.data.lab.chat import Question
from utils.experiments.lab_chat_stages import TEMPERATURE, Answer, Lab, write
from utils.models.gpt import GPT
from utils.models.reward import RewardModel
from utils.training.optimizers import MuonAdamW
from utils.training.preferences import RewardLoss, calibration, pair_accuracy
from utils.training.schedules import schedule, warmup_linear
from utils.training.trainer import Plan, Step, fit

TEMPERATURES = (TEMPERATURE, 1.0)
DRAWN, TOGETHER = 3, 140  # answers to a question at each temperature; questions that are answered together


@dataclass(frozen=True)
class RewardSettings:
    """`pairs` choices; how steady the labeller's hand is (`care`); whether both answers of a pair are equally long."""

    pairs: int = 6_000
    care: float = 4.0
    equal_length: bool = False
    steps: int = 250
    batch: int = 64
    rate: float = 5e-4


@dataclass(frozen=True)
class Pair:
    """Two answers to a question: the one that the labeller chose, and the other one."""

    question: Question
    chosen: Answer
    rejected: Answer


class Reward(nn.Module):
    """A reward model whose scores have mean 0 and deviation 1 over the answers that it was fitted to.

    As Ziegler et al. 2019 do (section 2.1, "normalized"): a loss over pairs leaves the zero open, and PPO's penalty for
    an answer without an end, and the weight of its KL, mean nothing without a scale.
    """

    def __init__(self, model: RewardModel, mean: float = 0.0, deviation: float = 1.0):
        super().__init__()
        self.model, self.mean, self.deviation = model, mean, deviation

    def forward(self, tokens: Tensor) -> Tensor:
        """tokens (B, T), padded behind -> scores (B,)."""
        return (self.model(tokens) - self.mean) / self.deviation


def pairs(model: GPT, lab: Lab, questions: Sequence[Question], settings: RewardSettings, seed: int = 0) -> list[Pair]:
    """Different answers to the same question, drawn at two temperatures, and the labeller's choice.

    With `equal_length` both have the same number of words, so that length can decide nothing.
    """
    rng = random.Random(f"lab pairs {seed}")
    found: list[Pair] = []
    while len(found) < settings.pairs:
        some, before = rng.sample(questions, min(len(questions), TOGETHER)), len(found)
        drawn = [write(model, lab, some, t, rng.randrange(2**31), DRAWN) for t in TEMPERATURES]
        for place, question in enumerate(some):
            rows = slice(DRAWN * place, DRAWN * (place + 1))
            answers = list(dict.fromkeys(one for column in drawn for one in column[rows]))
            rng.shuffle(answers)
            found += _choices(rng, question, answers, settings)
        if len(found) == before:
            raise ValueError(f"no pair among the answers to {len(some)} questions: the model always writes the same")
    return found[: settings.pairs]


def _choices(rng: random.Random, question: Question, answers: list[Answer], settings: RewardSettings) -> Iterator[Pair]:
    """Each answer is in one pair at most."""
    while answers:
        first = answers.pop()
        partners = [a for a in answers if not settings.equal_length or len(a[0]) == len(first[0])]
        if partners:
            second = partners[0]
            answers.remove(second)
            better = judge.prefers_first(rng, question, first, second, settings.care)
            yield Pair(question, first, second) if better else Pair(question, second, first)


def fit_reward(
    model: RewardModel, lab: Lab, labelled: Sequence[Pair], settings: RewardSettings, seed: int = 0
) -> Iterator[Step]:
    """Fit the scores to the choices (Bradley and Terry).

    Pairs are batched at random: in batches of similar length each step would only ask whether longer is better.
    """
    texts = [(lab.chat(p.question, p.chosen)[0], lab.chat(p.question, p.rejected)[0]) for p in labelled]
    batches = BucketedBatches(texts, settings.batch, seed, pool=1)
    optimizer = MuonAdamW(model, settings.rate, outer=("score",))
    steps = settings.steps
    rates = schedule(optimizer, warmup_linear(min(10, steps - 1), steps))
    plan = Plan(epochs=-(-steps // len(batches)), steps=steps, device="cpu")
    return fit(model, RewardLoss(), batches, optimizer, plan, scheduler=rates)


def standardised(model: RewardModel, lab: Lab, labelled: Sequence[Pair]) -> Reward:
    """The fitted model, frozen, with scores of mean 0 and deviation 1 over the answers of the pairs."""
    raw = Reward(model.eval().requires_grad_(False))
    values = torch.cat([scores(raw, lab, labelled, side) for side in ("chosen", "rejected")])
    return Reward(model, float(values.mean()), float(values.std()))


def reward(start: GPT, lab: Lab, labelled: Sequence[Pair], settings: RewardSettings, seed: int = 0) -> Reward:
    """A reward model that begins as a copy of the tuned model."""
    torch.manual_seed(seed)
    model = RewardModel(copy.deepcopy(start))
    for _ in fit_reward(model, lab, labelled, settings, seed):
        pass
    return standardised(model, lab, labelled)


@torch.no_grad()
def scores(model: Reward, lab: Lab, labelled: Sequence[Pair], side: str) -> Tensor:
    """The scores of the chosen or of the rejected answers, (N,)."""
    return model(pad([lab.chat(p.question, getattr(p, side))[0] for p in labelled]))


def examined(model: Reward, lab: Lab, labelled: Sequence[Pair]) -> dict[str, float]:
    """How good a reward model is on pairs that it was not fitted to.

    `agrees`: with the labeller's choices; `steady`: how often the labeller chose what she likes better, which nobody
    can beat by much; `longer`: how often she chose the longer answer, the dumbest baseline; `gold`: how often the model
    prefers what the gold judge prefers. `calibration error`: mean distance between how sure and how right. `fooled by
    longer`: of the pairs whose longer answer the gold judge likes less, the share in which the model prefers it;
    `fooled by shorter` likewise. Without a bias of length the two are alike.
    """
    chosen, rejected = (scores(model, lab, labelled, side) * model.deviation for side in ("chosen", "rejected"))
    margin = (chosen - rejected).tolist()
    rows = [
        (m, _difference(judge.pleasure, p), _difference(judge.gold, p), len(p.chosen[0]) - len(p.rejected[0]))
        for m, p in zip(margin, labelled, strict=True)
    ]
    found = {
        "agrees": pair_accuracy(chosen, rejected),
        "steady": _share([liked > 0 for _, liked, _, _ in rows if abs(liked) > 1e-6]),
        "longer": _share([longer > 0 for _, _, _, longer in rows if longer]),
        "gold": _share([m * worth > 0 for m, _, worth, _ in rows if abs(worth) > 1e-6]),
        "calibration error": calibration(chosen, rejected)[1],
        "fooled by longer": _share([m * worth < 0 for m, _, worth, n in rows if worth * n < -1e-6]),
        "fooled by shorter": _share([m * worth < 0 for m, _, worth, n in rows if worth * n > 1e-6]),
    }
    return {name: round(value, 4) for name, value in found.items()}


def _difference(value: Callable[..., float], pair: Pair) -> float:
    return float(value(pair.question, *pair.chosen) - value(pair.question, *pair.rejected))


def _share(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else float("nan")
