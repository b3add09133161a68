"""The exercises of chapter 06: the package and torch agree with the solutions, and what the texts tell is true."""

import math

import numpy as np
import pytest
import torch

from utils.data.loaders import without
from utils.metrics import perplexity
from utils.models.awd_lstm import concat_pool
from utils.teaching.exercises import exercises, find
from utils.training.finetune import GradualUnfreezing, discriminative_rates
from utils.training.schedules import slanted_triangular


def test_chapter_06_has_its_eight():
    assert [exercise.id for exercise in exercises("06")] == [f"6.{k}" for k in range(1, 9)]


def library_weight_drop(x, weight, draw, p):
    """torch's own RNN, whose input passes through unchanged."""
    width = x.shape[-1]
    rnn = torch.nn.RNN(width, width, bias=False, batch_first=True)
    rnn.weight_ih_l0.data = torch.eye(width)
    rnn.weight_hh_l0.data = weight * draw() / (1 - p)
    return rnn(x)[0].detach()


def library_labels(counts, scores, target):
    """numpy's interpolation, on as much of the curve as leads to the target."""
    reached = next((k for k, score in enumerate(scores) if score >= target), None)
    if reached is None:
        return math.inf
    first = max(reached - 1, 0)
    part = slice(first, reached + 1)
    return float(np.exp(np.interp(target, scores[part], np.log(counts[part]))))


def library_forgetting(before, after, vocabulary):
    was, now = (sum(nats) / len(nats) for nats in (before, after))
    knows_nothing = torch.nn.functional.cross_entropy(torch.zeros(1, vocabulary), torch.tensor([0])).item()
    return perplexity(before), perplexity(after), (now - was) / (knows_nothing - was)


class NoBatches:
    """Batches of an epoch without any."""

    def __len__(self):
        return 0

    def epoch(self, number, skip=0):
        return iter(())


def library_thawed(layers, epochs):
    groups = [[torch.nn.Parameter(torch.zeros(1))] for _ in layers]
    batches, plan = GradualUnfreezing(NoBatches(), groups), []
    for epoch in range(epochs):
        list(batches.epoch(epoch))
        plan.append([name for name, group in zip(layers, groups, strict=True) if group[0].requires_grad])
    return plan


LIBRARY = {
    "6.1": lambda step, steps, cut=0.1, ratio=32: slanted_triangular(steps, cut, ratio)(step),
    "6.2": lambda layers, rate, factor=2.6: discriminative_rates(layers, rate, factor),
    "6.3": library_weight_drop,
    "6.4": concat_pool,
    "6.5": library_labels,
    "6.6": library_forgetting,
    "6.7": library_thawed,
    "6.8": lambda texts, test, shortest=12: [text for text, _ in without([(t, 0) for t in texts], test, shortest)],
}


@pytest.mark.parametrize("name", LIBRARY)
def test_the_library_solves_the_exercise(solves, name):
    """So the solutions agree with what the chapter uses, and a learner's shorter way passes."""
    solves(name, LIBRARY[name])


def test_the_formula_as_printed_turns_negative_where_the_text_says():
    printed = next(wrong.answer for wrong in find("6.1").wrong if "as the paper prints it" in wrong.message)
    rates = [printed(step, 25) for step in range(25)]
    assert rates[19] > 0 > rates[24]
    assert all(printed(step, 50) == pytest.approx(find("6.1").solution(step, 50)) for step in range(50))
    assert min(find("6.1").solution(step, 25) for step in range(25)) == 1 / 32


def test_the_rates_of_five_layers_are_as_the_explanation_says():
    rates = [group["lr"] for group in find("6.2").solution([[]] * 5, 0.01)]
    assert f"learns {rates[-1] / rates[0]:.0f} times slower" in find("6.2").explanation


def test_weight_drop_keeps_the_sum_on_average():
    """With tiny weights tanh is nearly straight: the mean over many masks is the state without drop."""
    x, weight = torch.full((1, 2, 3), 0.01), torch.full((3, 3), 0.01)
    generator = torch.Generator().manual_seed(0)
    solution = find("6.3").solution
    many = [solution(x, weight, lambda: (torch.rand(3, 3, generator=generator) >= 0.5).float(), 0.5)
            for _ in range(4000)]  # fmt: skip
    whole = solution(x, weight, lambda: torch.ones(3, 3), 0.0)
    lifted = whole[:, 1] - whole[:, 0]
    assert torch.stack(many).mean(0)[:, 1] - whole[:, 0] == pytest.approx(lifted, rel=0.05)


def test_the_example_of_the_label_budget_is_the_one_told():
    curve = find("6.5").cases[0].arguments()
    worth = find("6.5").solution(*curve) / 100
    assert worth == pytest.approx(3.5, abs=0.05)
    assert f"needs\n{100 * worth:.0f} for that, three and a half times as many" in find("6.5").explanation


def test_the_share_forgotten_can_be_above_one():
    assert find("6.6").solution([1.0, 1.0], [9.0, 9.0], 100)[2] > 1
    assert find("6.6").solution([1.0, 2.0], [2.0, 1.0], 100)[2] == 0
    assert find("6.6").solution([1.0], [math.log(100)], 100)[2] == pytest.approx(1)
