"""Exercises of chapter 08 on preferences: Bradley and Terry's loss, and the one of DPO that follows from it."""

from __future__ import annotations

import torch

from utils.teaching.exercises.model import Case, Exercise, Wrong


def pair_loss(chosen, rejected):
    """Scores of the better answers (B,) and of the worse ones (B,) -> mean of -log p(the better one wins)."""
    return -torch.nn.functional.logsigmoid(chosen - rejected).mean()


def _swapped(chosen, rejected):
    return pair_loss(rejected, chosen)


def _overflows(chosen, rejected):
    return -torch.log(torch.sigmoid(chosen - rejected)).mean()


def _probability(chosen, rejected):
    return torch.sigmoid(chosen - rejected).mean()


def _log_of_mean(chosen, rejected):
    return -torch.log(torch.sigmoid((chosen - rejected).double()).mean()).float()


def _each_alone(chosen, rejected):
    logsigmoid = torch.nn.functional.logsigmoid
    return -(logsigmoid(chosen) + logsigmoid(-rejected)).mean()


def _scores(*pairs):
    return tuple(torch.tensor(column) for column in zip(*pairs, strict=True))


PAIRS = Exercise(
    id="8.2",
    title="Bradley and Terry's loss",
    task=r"""
A labeller preferred one of two answers. Bradley and Terry's model says with which probability the first wins, from the
scores $r$ of both:

$$p(\text{first wins}) = \sigma(r_1 - r_2), \qquad \sigma(x) = \frac{1}{1 + e^{-x}}$$

Write `pair_loss`: the mean of $-\log p$ over the pairs, where $p$ belongs to the answer that was preferred. It must
stay finite if a score is wildly wrong, such as -60 for the better and 60 for the worse answer.

Then think: all scores grow by 5. What happens to the loss?
""",
    difficulty=1,
    minutes=6,
    solution=pair_loss,
    cases=(
        Case("three pairs", lambda: _scores((1.0, 0.0), (0.5, 0.7), (-1.0, -3.0))),
        Case("equal scores", lambda: _scores((2.0, 2.0), (0.0, 0.0))),
        Case("scores that are wildly wrong", lambda: _scores((-60.0, 60.0), (1.0, 0.0))),
    ),
    hints=(
        "The better answer's score comes first: `chosen - rejected`. Then sigmoid, logarithm, minus, mean.",
        "Equal scores must cost ln 2 = 0.693: the model says one half.",
        "`torch.nn.functional.logsigmoid` takes both steps at once, and never takes the logarithm of 0.",
    ),
    wrong=(
        Wrong(_swapped, "the difference is the wrong way round: the loss falls when the *worse* answer scores higher"),
        Wrong(
            _overflows,
            "the formula is right, but sigmoid(-120) is 0 in float32, and its logarithm infinite: use `logsigmoid`",
        ),
        Wrong(_probability, "that is the probability that the better answer wins; the loss is minus its logarithm"),
        Wrong(_log_of_mean, "take the logarithm of each pair first and then the mean, not the other way round"),
        Wrong(
            _each_alone,
            "you say of each answer alone whether it is good; a labeller only said which of the two is the better one",
        ),
    ),
    explanation="""
Nothing happens: only differences enter. So a reward model's zero means nothing, and scores of answers to *different*
questions were never compared by anybody. InstructGPT therefore shifts its rewards until the demonstrations score 0 on
average ([Ouyang et al. 2022](https://arxiv.org/abs/2203.02155), section 3.5).
""",
)


def dpo_pair_loss(policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta):
    """Log-probabilities of whole answers, four times (B,) -> the mean DPO loss over the pairs."""
    better = beta * (policy_chosen - reference_chosen)
    worse = beta * (policy_rejected - reference_rejected)
    return -torch.nn.functional.logsigmoid(better - worse).mean()


def _no_reference(policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta):
    return pair_loss(beta * policy_chosen, beta * policy_rejected)


def _reference_learns(policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta):
    return dpo_pair_loss(reference_chosen, reference_rejected, policy_chosen, policy_rejected, beta)


def _beta_outside(policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta):
    return beta * dpo_pair_loss(policy_chosen, policy_rejected, reference_chosen, reference_rejected, 1.0)


def _quotients(policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta):
    return pair_loss(beta * policy_chosen / reference_chosen, beta * policy_rejected / reference_rejected)


def _answers(*rows):
    return (*_scores(*(row[:4] for row in rows)), rows[0][4])


DPO = Exercise(
    id="8.6",
    title="DPO: the policy is its own reward model",
    task=r"""
The policy that earns most, and pays $\beta$ for each nat of KL from the reference, is known: its reward can be read off
from its own probabilities, up to a term that depends on the question alone,

$$r(x, y) = \beta \log \frac{\pi(y \mid x)}{\pi_\text{ref}(y \mid x)}$$

Put this reward into the loss of exercise 8.2, where the term of the question cancels, and no reward model is left. That
is DPO. Write `dpo_pair_loss` from the log-probabilities of whole answers, under the policy and under the reference.
""",
    difficulty=2,
    minutes=8,
    solution=dpo_pair_loss,
    cases=(
        Case("a policy that moved", lambda: _answers((-4.0, -9.0, -6.0, -7.0, 0.5), (-8.0, -5.0, -7.5, -6.0, 0.5))),
        Case("the policy is the reference", lambda: _answers((-4.0, -9.0, -4.0, -9.0, 0.1))),
        Case("a small beta", lambda: _answers((-30.0, -12.0, -33.0, -11.0, 0.1))),
    ),
    hints=(
        "The logarithm of a quotient is a difference of logarithms, and logarithms are what you are given.",
        "Work out two rewards, one for the better and one for the worse answer; the rest is exercise 8.2.",
        "As long as the policy is the reference, both rewards are 0, so the loss is ln 2 = 0.693.",
    ),
    wrong=(
        Wrong(
            _no_reference,
            "the reference is missing: a common answer is not better because it is common, so compare with the start",
        ),
        Wrong(_reference_learns, "policy and reference have changed places: the loss pulls the policy the wrong way"),
        Wrong(_beta_outside, "beta belongs inside the sigmoid, into the rewards; outside it only scales the step size"),
        Wrong(
            _quotients,
            "you divide logarithms; the quotient of probabilities is the *difference* of their logarithms",
        ),
    ),
    explanation="""
A small beta means a long leash: the policy must go far before the loss is content. Note that the loss only asks for a
*distance* between the two answers. It can be won by making both less probable, the worse one faster.
""",
)
