"""Exercises of chapter 09: thin matrices, turned pairs, a smaller cache, answers that judge each other."""

from __future__ import annotations

from statistics import mean, pstdev, stdev

from utils.teaching.exercises import attention_09, lora_09
from utils.teaching.exercises.model import Case, Exercise, Wrong


def group_advantages(rewards):
    """A list of groups, each a list of rewards -> the advantages in the same shape; zeros where all are equal."""
    from statistics import mean, stdev

    found = []
    for group in rewards:
        expected, spread = mean(group), stdev(group)
        found.append([(reward - expected) / spread if spread else 0.0 for reward in group])
    return found


def _whole_batch(rewards):
    flat = iter(group_advantages([[reward for group in rewards for reward in group]])[0])
    return [[next(flat) for _ in group] for group in rewards]


def _centred_only(rewards):
    return [[reward - mean(group) for reward in group] for group in rewards]


def _not_centred(rewards):
    return [[r / stdev(g) if stdev(g) else 0.0 for r in g] for g in rewards]


def _best_alone(rewards):
    return [[1.0 if r == max(g) and len(set(g)) > 1 else 0.0 for r in g] for g in rewards]


def _with_n(rewards):
    return [[(r - mean(g)) / pstdev(g) if pstdev(g) else 0.0 for r in g] for g in rewards]


ADVANTAGES = Exercise(
    id="9.5",
    title="Answers judge each other",
    task="""
GRPO draws several answers to one question and rewards each. The advantage of an answer is its reward, less the mean of
its own group, divided by the deviation of its own group (`statistics.stdev`, which divides by n - 1). A group whose
answers all got the same has nothing to learn from: its advantages are 0. Write `group_advantages`.
""",
    difficulty=2,
    minutes=8,
    solution=group_advantages,
    cases=(
        Case("one right answer of four", lambda: ([[1.0, 0.0, 0.0, 0.0]],)),
        Case("an easy and a hard question", lambda: ([[1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 1.0, 0.0]],)),
        Case("a question that all answers got right", lambda: ([[1.0, 1.0, 1.0], [0.0, 1.0, 0.5]],)),
    ),
    hints=(
        "Go through the groups one by one; no group needs to know another.",
        "`statistics.mean(group)` and `statistics.stdev(group)`.",
        "Where the deviation is 0, put zeros instead of dividing.",
    ),
    wrong=(
        Wrong(
            _whole_batch, "you take mean and deviation over all groups: then every answer to a hard question looks bad"
        ),
        Wrong(_centred_only, "the division by the deviation is missing"),
        Wrong(_not_centred, "the mean is not taken off: then also a wrong answer can never be pushed down"),
        Wrong(_best_alone, "you keep the best and push nothing down; an advantage says how much better or worse"),
        Wrong(_with_n, "nearly: `stdev` divides by n - 1, `pstdev` by n"),
    ),
    explanation="""
One right answer of four gets 1.5, the wrong ones -0.5 each: the rarer the success, the more it counts. The mean of the
group does what the value model does in PPO: it says what was to be expected.
""",
)

EXERCISES = (lora_09.NUMBERS, lora_09.MERGE, attention_09.TURN, attention_09.CACHE, ADVANTAGES)
