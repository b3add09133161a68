"""Two exercises of chapter 04 on what attention hands over: a mixture of states, and the same by products."""

from __future__ import annotations

import torch

from utils.teaching.exercises.model import Case, Exercise, Wrong


def numbers(*shape, seed=0):
    """Random numbers of this shape, the same at every call."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def context(weights, states):
    """Weights (T, S) of T written words, states (S, H) of the source -> what each of them is given: (T, H)."""
    return weights @ states


def _hard(weights, states):
    return states[weights.argmax(dim=-1)]


def _average(weights, states):
    return states.mean(dim=0).expand(len(weights), -1)


def _divided_again(weights, states):
    return weights @ states / len(states)


def _turned(weights, states):
    return weights.T @ states


CONTEXT = Exercise(
    id="4.3",
    title="The context",
    task=r"""
Chapter 3 gave the decoder one context for the whole sentence. Now each written word $t$ gets its own,
$c_t = \sum_s \alpha_{ts} h_s$: a mixture of the source's states $h_s$ in which $\alpha_{ts}$ is the share of word $s$.
Write `context` for all written words at once, without a loop.
""",
    difficulty=1,
    minutes=4,
    solution=context,
    cases=(
        Case("4 written words over 4 states of 3 numbers", lambda: (numbers(4, 4).softmax(-1), numbers(4, 3, seed=1))),
        Case("3 written words over 3 states", lambda: (numbers(3, 3, seed=2).softmax(-1), numbers(3, 5, seed=3))),
    ),
    hints=(
        "One written word first: multiply each state by its share, and add up over the source words.",
        "A sum of products over s, for every t and every number of the state: that is one product of matrices.",
    ),
    wrong=(
        Wrong(
            _hard,
            "you take only the state with the largest share; the context is a mixture of all, which has a gradient",
        ),
        Wrong(_average, "that is the plain average of the states: the shares do nothing, and every word gets the same"),
        Wrong(
            _divided_again, "the shares sum to 1 already; dividing by the number of words makes the context too small"
        ),
        Wrong(_turned, "row t of the weights belongs to written word t; you have turned the table round"),
    ),
)


def attend(query, key, value):
    """Query (T, D), key (S, D), value (S, V) -> context (T, V) of scaled dot-product attention."""
    scores = query @ key.T / key.shape[-1] ** 0.5
    return torch.softmax(scores, dim=-1) @ value


def _with(query, key, value, scale=0.5, dim=-1):
    return torch.softmax(query @ key.T / key.shape[-1] ** scale, dim=dim) @ value


def _unscaled(query, key, value):
    return _with(query, key, value, scale=0.0)


def _too_much(query, key, value):
    return _with(query, key, value, scale=1.0)


def _over_queries(query, key, value):
    return _with(query, key, value, dim=0)


def _returns_keys(query, key, value):
    return _with(query, key, key)


def _by_words(query, key, value):
    return torch.softmax(query @ key.T / len(key) ** 0.5, dim=-1) @ value


DOT = Exercise(
    id="4.4",
    title="Attention in one go",
    task=r"""
The cheaper way to compare two vectors is their product, divided by $\sqrt{D}$:
$\mathrm{softmax}(Q K^\top / \sqrt{D})\, V$. Here what is compared (the key) and what is handed over (the value) need
not be the same. Write `attend`. (Why the root: without it the products grow with D, and the softmax becomes nearly
all-or-nothing.)
""",
    difficulty=2,
    minutes=8,
    solution=attend,
    cases=(
        Case("2 queries over 5 keys", lambda: (numbers(2, 9), numbers(5, 9, seed=1), numbers(5, 3, seed=2))),
        Case("4 queries over 3 keys", lambda: (numbers(4, 6, seed=3), numbers(3, 6, seed=4), numbers(3, 6, seed=5))),
    ),
    hints=(
        "`query @ key.T` holds every product of a query with a key: (T, S).",
        "D is the width of a key, `key.shape[-1]`, not the number of keys.",
        "Each row belongs to one query and must sum to 1: softmax over the last dimension, then `@ value`.",
    ),
    wrong=(
        Wrong(_unscaled, "the scores are not divided by the root of D"),
        Wrong(_too_much, "you divide by D itself; the products grow with its root, so divide by `D ** 0.5`"),
        Wrong(_by_words, "you divide by the root of the number of keys; D is the *width* of a key"),
        Wrong(_over_queries, "your softmax runs over the queries; each query shares its attention over the *keys*"),
        Wrong(_returns_keys, "you mix the keys; they only say where to look, what is handed over are the values"),
    ),
    explanation="`torch.nn.functional.scaled_dot_product_attention` does the same, and chapter 5 is built on it.",
)
