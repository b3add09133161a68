"""The solutions of chapter 01 against other implementations of the same."""

import math
import random

import pytest
import torch

from utils.models.rnn import LSTMCell, RNNCell
from utils.teaching.exercises import exercises, find
from utils.teaching.exercises.chapter_01 import lstm_step, rnn_step
from utils.teaching.exercises.counting_01 import add_one
from utils.teaching.exercises.judge import judge
from utils.teaching.exercises.language_01 import draw, perplexity
from utils.teaching.exercises.memory_01 import clip, half_life


def arguments(name):
    return [case.arguments() for case in find(name).cases]


def test_the_seven_in_order():
    assert [exercise.id for exercise in exercises("01")] == [f"1.{k}" for k in range(1, 8)]


@pytest.mark.parametrize(("x", "h", "W", "U", "b"), arguments("1.1"))
def test_the_rnn_step_is_torchs_and_the_chapters(x, h, W, U, b):
    size = len(h)
    theirs = torch.nn.RNNCell(size, size)
    theirs.load_state_dict({"weight_ih": W, "weight_hh": U, "bias_ih": b, "bias_hh": torch.zeros(size)})
    ours = RNNCell(size, size)
    ours.load_state_dict({"W.weight": W, "U.weight": U, "W.bias": b, "U.bias": torch.zeros(size)})
    torch.testing.assert_close(rnn_step(x, h, W, U, b), theirs(x, h))
    torch.testing.assert_close(rnn_step(x, h, W, U, b), ours(x, (h,))[0])


@pytest.mark.parametrize(("x", "h", "c", "W", "U", "b"), arguments("1.2"))
def test_the_lstm_step_is_torchs_and_the_chapters(x, h, c, W, U, b):
    theirs = torch.nn.LSTMCell(len(x), len(h))
    theirs.load_state_dict({"weight_ih": W, "weight_hh": U, "bias_ih": b, "bias_hh": torch.zeros_like(b)})
    ours = LSTMCell(len(x), len(h))
    ours.load_state_dict({"W.weight": W, "U.weight": U, "W.bias": b, "U.bias": torch.zeros_like(b)})
    torch.testing.assert_close(lstm_step(x, h, c, W, U, b), theirs(x, (h, c)))
    torch.testing.assert_close(lstm_step(x, h, c, W, U, b), ours(x, (h, c)))


def test_a_learner_may_write_the_lstm_gate_by_gate():
    def by_rows(x, h, c, W, U, b):
        size = len(h)
        sums = W.matmul(x) + U.matmul(h) + b
        i, f = 1 / (1 + torch.exp(-sums[:size])), 1 / (1 + torch.exp(-sums[size : 2 * size]))
        g, o = sums[2 * size : 3 * size].tanh(), sums[3 * size :].sigmoid()
        c = f * c + i * g
        return [o * c.tanh(), c]

    assert judge(find("1.2"), by_rows).passed


@pytest.mark.parametrize(("gradients", "limit"), arguments("1.4"))
def test_clipping_is_torchs(gradients, limit):
    parameters = [torch.nn.Parameter(torch.zeros_like(gradient)) for gradient in gradients]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient.clone()
    torch.nn.utils.clip_grad_norm_(parameters, limit)
    torch.testing.assert_close(clip(gradients, limit), [parameter.grad for parameter in parameters])
    assert clip([torch.zeros(3)], limit)[0].tolist() == [0, 0, 0]


@pytest.mark.parametrize("bias", [-1.0, 0.0, 1.0, 2.0, 4.97])
def test_after_a_half_life_half_is_left(bias):
    gate = torch.tensor(bias, dtype=torch.float64).sigmoid().item()
    assert gate ** half_life(bias) == pytest.approx(0.5)
    assert half_life(4.97) == pytest.approx(100, abs=0.5), "the number of the explanation"


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_equally_spaced_numbers_draw_the_probabilities(temperature):
    logits = torch.tensor([1.0, 2.0, 0.0, -1.0])
    drawn = [draw(logits, temperature, (k + 0.5) / 2000) for k in range(2000)]
    shares = torch.bincount(torch.tensor(drawn), minlength=4) / 2000
    torch.testing.assert_close(shares, (logits / temperature).softmax(dim=0), atol=1e-3, rtol=0)
    assert draw(torch.randn(7), temperature, 1 - 1e-16) == 6


def test_the_shares_behind_a_word_add_up_to_one():
    choose = random.Random(0)
    words = list("abcdef")
    sentences = [choose.choices(words, k=choose.randint(1, 6)) for _ in range(30)]
    for before in words:
        shares = [add_one(sentences, before, after, len(words)) for after in words]
        assert sum(shares) == pytest.approx(1)
        assert min(shares) > 0
    assert add_one([["man", "bites", "dog"]], "man", "bites", 3) == 2 / 4


def test_hesitating_between_ten_is_a_perplexity_of_ten():
    assert perplexity([[math.log(10)] * 2, [math.log(10)] * 7]) == pytest.approx(10)
