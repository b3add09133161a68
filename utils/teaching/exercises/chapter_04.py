"""Exercises of chapter 04, look back at every word."""

from __future__ import annotations

import torch

from utils.teaching.exercises import aligning_04, mixing_04
from utils.teaching.exercises.mixing_04 import numbers
from utils.teaching.exercises.model import Case, Exercise, Wrong


def masked_softmax(scores, mask):
    """Scores (T, S), mask (T, S) with True = may be looked at -> weights (T, S); a row without any True is all 0."""
    lowest = torch.finfo(scores.dtype).min
    weights = torch.softmax(scores.masked_fill(~mask, lowest), dim=-1)
    return weights.masked_fill(~mask, 0.0)


def _score_of_zero(scores, mask):
    return torch.softmax(scores.masked_fill(~mask, 0.0), dim=-1)


def _masked_afterwards(scores, mask):
    return torch.softmax(scores, dim=-1) * mask


def _blind_row_looks(scores, mask):
    return torch.softmax(scores.masked_fill(~mask, -1e9), dim=-1)


def _inverted(scores, mask):
    return masked_softmax(scores, ~mask)


def _downwards(scores, mask):
    return masked_softmax(scores.T, mask.T).T


MASK = Exercise(
    id="4.1",
    title="A softmax that does not see the padding",
    task="""
In a batch short sentences are filled up with PAD, and nobody may look at PAD. Write `masked_softmax`: each row of
`scores` becomes weights that sum to 1 over the places where `mask` is True, and are exactly 0 elsewhere. A row that may
look at nothing becomes zeros: no NaN, and no looking at PAD either.
""",
    difficulty=2,
    minutes=8,
    solution=masked_softmax,
    cases=(
        Case(
            "three rows, the last word of two of them hidden",
            lambda: (numbers(3, 4), torch.tensor([[True] * 4, [True, True, True, False], [True, False, True, False]])),
        ),
        Case(
            "a row that may look at nothing",
            lambda: (numbers(2, 3, seed=1), torch.tensor([[False] * 3, [True, True, False]])),
        ),
        Case(
            "a hidden word with a score of 1,000",
            lambda: (torch.tensor([[1.0, 1000.0, 2.0]]), torch.tensor([[True, False, True]])),
        ),
    ),
    hints=(
        "The hidden words must not be in the sum below the fraction: their scores have to change *before* the softmax.",
        "`scores.masked_fill(~mask, value)` puts a very low value there, such as `torch.finfo(scores.dtype).min`.",
        "If a whole row is that low, softmax gives 1/S to each of its words: set hidden weights to 0 at the end.",
    ),
    wrong=(
        Wrong(_score_of_zero, "a score of 0 is a score like any other, exp(0) is 1: hidden words still get weight"),
        Wrong(
            _masked_afterwards,
            "hidden words are 0, but they were in the sum below, so the others do not sum to 1: mask first",
        ),
        Wrong(
            _blind_row_looks,
            "where everything is hidden all scores are equally low, so each word gets the same weight; it must be 0",
        ),
        Wrong(_inverted, "you look at the places where the mask is False; here True means: may be looked at"),
        Wrong(
            _downwards,
            "your columns sum to 1; each *row* is one word that looks: softmax over the last dimension",
        ),
    ),
    explanation="""
With `-inf` instead of the lowest finite number a blind row is 0/0, NaN, and one NaN spoils the whole training. Such
rows are rare, but a batch with an empty sentence has one.
""",
)


def additive_scores(query, keys, W, U, v):
    """Query (Q,), keys (S, K), W (A, Q), U (A, K), v (A,) -> one score for each key: (S,)."""
    return torch.tanh(W @ query + keys @ U.T) @ v


def _no_tanh(query, keys, W, U, v):
    return (W @ query + keys @ U.T) @ v


def _tanh_last(query, keys, W, U, v):
    return torch.tanh((W @ query + keys @ U.T) @ v)


def _two_tanhs(query, keys, W, U, v):
    return (torch.tanh(W @ query) + torch.tanh(keys @ U.T)) @ v


def _roles_changed(query, keys, W, U, v):
    return torch.tanh(U @ query + keys @ W.T) @ v


def _weights_already(query, keys, W, U, v):
    return torch.softmax(additive_scores(query, keys, W, U, v), dim=0)


def _five(width, words, seed):
    return tuple(numbers(*shape, seed=seed + k) for k, shape in enumerate(
        [(width,), (words, width), (6, width), (6, width), (6,)]
    ))  # fmt: skip


ADDITIVE = Exercise(
    id="4.2",
    title="Additive scores",
    task=r"""
How well does the decoder's state $q$ fit the encoder's state $k_s$? Bahdanau, Cho and Bengio ask a small network with
one hidden layer:

$$e_s = v \cdot \tanh(W q + U k_s)$$

Write `additive_scores`: the scores of all keys at once, without a loop.
""",
    difficulty=1,
    minutes=6,
    solution=additive_scores,
    cases=(
        Case("5 keys of 3 numbers", lambda: _five(3, 5, 10)),
        Case("1 key of 4 numbers", lambda: _five(4, 1, 20)),
    ),
    hints=(
        "`W @ query` has A numbers. Which product gives A numbers for *each* of the S keys?",
        "`keys @ U.T` is (S, A); adding `W @ query`, (A,), adds it to every row.",
        "Last, `tanh`, and one number a row: `@ v`.",
    ),
    wrong=(
        Wrong(
            _no_tanh,
            "without tanh the query adds the same to every score, and softmax cancels it: it never looks elsewhere",
        ),
        Wrong(_tanh_last, "tanh belongs inside, before v: outside it squeezes every score into -1 to 1"),
        Wrong(
            _two_tanhs,
            "take tanh of the sum: with two separate tanhs the query adds the same to every score",
        ),
        Wrong(_roles_changed, "W belongs to the query and U to the keys; you have exchanged them"),
        Wrong(_weights_already, "those are weights: they sum to 1; scores come before the softmax"),
    ),
    explanation="`U k_s` does not depend on the query, so our model computes it once a sentence and keeps it.",
)


EXERCISES = (
    MASK,
    ADDITIVE,
    mixing_04.CONTEXT,
    mixing_04.DOT,
    aligning_04.ERROR,
    aligning_04.LOCAL,
    aligning_04.COVERAGE,
)
