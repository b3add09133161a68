"""An exercise of chapter 05: several heads, split and merged."""

from __future__ import annotations

import torch

from utils.teaching.exercises.model import Case, Exercise, Wrong


def heads_attend(query, key, value, heads):
    """query (B, T, D), key and value (B, S, D) -> (B, T, D): each head looks with its own D / heads numbers."""
    query, key, value = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (query, key, value))
    weights = torch.softmax(query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5, dim=-1)
    return (weights @ value).transpose(1, 2).flatten(2)


def _split(x, heads):
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def _attend(parts, scale):
    query, key, value = parts
    return torch.softmax(query @ key.transpose(-2, -1) / scale, dim=-1) @ value


def _heads_with(scale):
    def attend(query, key, value, heads):
        parts = (_split(x, heads) for x in (query, key, value))
        return _attend(parts, scale(query.shape[-1], heads)).transpose(1, 2).flatten(2)

    return attend


def _cut_across(query, key, value, heads):
    parts = (x.reshape(x.shape[0], heads, -1, x.shape[2] // heads) for x in (query, key, value))
    return _attend(parts, (query.shape[2] / heads) ** 0.5).transpose(1, 2).reshape(query.shape)


def _not_turned_back(query, key, value, heads):
    parts = (_split(x, heads) for x in (query, key, value))
    return _attend(parts, (query.shape[2] / heads) ** 0.5).reshape(query.shape)


def _one_head(query, key, value, heads):
    return heads_attend(query, key, value, 1)


def _words(*sizes):
    """Query, key and value, the same at every call: sizes B, T, S, D."""
    B, T, S, D = sizes
    generator = torch.Generator().manual_seed(T + 10 * S)
    return tuple(2 * torch.randn(B, length, D, generator=generator) for length in (T, S, S))


HEADS = Exercise(
    id="5.3",
    title="Several heads: split and merge",
    task=r"""
Several heads look side by side. The learned matrices, which are left out here, give every head a query, key and value
made of the *whole* word, laid out side by side: of 8 numbers and 2 heads the first head has 0 to 3, the second 4 to 7.
Write `heads_attend`: split query, key and value, let each head attend,
$\mathrm{softmax}(q k^\top / \sqrt{d})\, v$, where $d$ is the width *of a head*, and put what the heads found side by
side again.
""",
    difficulty=2,
    minutes=15,
    solution=heads_attend,
    cases=(
        Case("2 sentences, 3 queries, 5 keys, 8 numbers, 2 heads", lambda: (*_words(2, 3, 5, 8), 2)),
        Case("1 sentence, 4 queries, 4 keys, 6 numbers, 3 heads", lambda: (*_words(1, 4, 4, 6), 3)),
    ),
    hints=(
        "`x.unflatten(-1, (heads, -1))` cuts each word's numbers into heads: (B, T, heads, d). Which axis must move?",
        "With `.transpose(1, 2)` it is (B, heads, T, d): then `@` works on words and numbers, for each head alone.",
        "The way back is the same in reverse: `.transpose(1, 2)`, then `.flatten(2)`.",
    ),
    wrong=(
        Wrong(
            _cut_across,
            "`view` to (B, heads, T, d) without a transpose cuts across the words: a head gets pieces of other words",
        ),
        Wrong(
            _not_turned_back,
            "on the way back the heads must move behind the words first; reshaped as they are, words get mixed",
        ),
        Wrong(
            _heads_with(lambda width, heads: width**0.5),
            "you divide by the root of D; each head's products have D / heads terms, so take the root of that",
        ),
        Wrong(
            _heads_with(lambda width, heads: 1.0),
            "the scores are not divided: with many numbers they grow, and the softmax picks one word for good",
        ),
        Wrong(_one_head, "that is one head over all numbers: the number of heads has no effect"),
    ),
    explanation="""
Several ways to cut and join give the right shape, and only one the right numbers: nothing stops, so compare with one
head at a time, written out.
""",
)
