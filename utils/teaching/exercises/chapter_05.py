"""Exercises of chapter 05, all words at once."""

from __future__ import annotations

import torch

from utils.teaching.exercises import bugs_05, heads_05, training_05
from utils.teaching.exercises.model import Case, Exercise, Wrong


def sinusoid_table(length, width):
    """Positions 0 to length - 1 as sines and cosines: a tensor (length, width)."""
    positions = torch.arange(length)[:, None]
    rates = 10000.0 ** (-torch.arange(0, width, 2) / width)
    angles = positions * rates
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)


def _table(angles):
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)


def _angles(length, width, power=1.0, start=0):
    rates = 10000.0 ** (-power * torch.arange(0, width, 2) / width)
    return torch.arange(start, start + length)[:, None] * rates


def _halves(length, width):
    angles = _angles(length, width)
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def _cosine_first(length, width):
    return _table(_angles(length, width)).unflatten(1, (-1, 2)).flip(-1).flatten(1)


def _half_exponent(length, width):
    return _table(_angles(length, width, power=0.5))


def _double_exponent(length, width):
    return _table(_angles(length, width, power=2.0))


def _upside_down(length, width):
    return _table(_angles(length, width, power=-1.0))


def _from_one(length, width):
    return _table(_angles(length, width, start=1))


SINUSOIDS = Exercise(
    id="5.1",
    title="Sinusoids",
    task=r"""
Attention does not know the order of what it looks at, so the place of a word is added to it as a row of numbers:

$$PE(pos, 2i) = \sin(pos / 10000^{2i/D}) \qquad PE(pos, 2i + 1) = \cos(pos / 10000^{2i/D})$$

Write `sinusoid_table`: one row for each position from 0 on, `width` = D numbers in it, sine and cosine in turn.
""",
    difficulty=1,
    minutes=8,
    solution=sinusoid_table,
    cases=(
        Case("6 positions of 8 numbers", lambda: (6, 8)),
        Case("3 positions of 4 numbers", lambda: (3, 4)),
        Case("1 position of 2 numbers", lambda: (1, 2)),
    ),
    hints=(
        "There are D/2 rates, one for each pair: `torch.arange(0, width, 2)` holds the even numbers 2i.",
        "`positions[:, None] * rates` gives all angles at once, a tensor (length, width / 2).",
        "`torch.stack([sines, cosines], dim=-1)` puts each sine beside its cosine; `flatten(1)` makes one row of them.",
    ),
    wrong=(
        Wrong(_halves, "your rows hold all sines and then all cosines; here each sine stands beside its own cosine"),
        Wrong(_cosine_first, "sine and cosine are exchanged: the even columns are sines, so position 0 is 0, 1, 0, 1"),
        Wrong(
            _half_exponent,
            "the exponent is 2i/D, where 2i runs over the even columns 0, 2, 4; yours grows half as fast",
        ),
        Wrong(_double_exponent, "the even column number is 2i already; you have doubled it once more"),
        Wrong(_upside_down, "the position is *divided* by the power: later pairs turn more slowly, yours turn faster"),
        Wrong(_from_one, "positions count from 0: the first row is 0, 1, 0, 1"),
    ),
    explanation="""
The authors' own code (tensor2tensor) put all sines first, as some libraries still do: a model that learns does not
mind, since the order of columns means nothing to it. But the weights of one do not fit the other.
""",
)


def causal(length, past=0):
    """Who may look at whom: (length, past + length), bool, True = may be looked at."""
    return torch.ones(length, past + length, dtype=torch.bool).tril(diagonal=past)


def _strict(length, past=0):
    return torch.ones(length, past + length, dtype=torch.bool).tril(diagonal=past - 1)


def _inverted(length, past=0):
    return ~causal(length, past)


def _forgets_past(length, past=0):
    return torch.ones(length, past + length, dtype=torch.bool).tril()


def _transposed(length, past=0):
    return torch.ones(length, past + length, dtype=torch.bool).triu(diagonal=past)


def _to_be_added(length, past=0):
    return torch.zeros(length, past + length).masked_fill(~causal(length, past), float("-inf"))


CAUSAL = Exercise(
    id="5.2",
    title="A causal mask, also behind a cache",
    task="""
The decoder learns all places at once, and no place may see the words behind it. Write `causal`: row t says which
words the t-th new word may look at, itself and all before it. With `past` words already in the cache the row is that
much longer, and all of the past may be looked at: `causal(1, past=3)` is `[[True, True, True, True]]`.
""",
    difficulty=1,
    minutes=6,
    solution=causal,
    cases=(
        Case("4 words and no past", lambda: (4,)),
        Case("3 words behind a past of 2", lambda: (3, 2)),
        Case("1 word behind a past of 5", lambda: (1, 5)),
    ),
    hints=(
        "`torch.ones(rows, columns, dtype=torch.bool)` allows everything; then take away what lies in the future.",
        "`tril()` keeps the diagonal and what lies below it. Where does the diagonal begin if there is a past?",
        "Row t belongs to word `past + t`: `tril(diagonal=past)`.",
    ),
    wrong=(
        Wrong(
            _strict, "no word may look at itself, and the first one at nothing at all: the diagonal belongs to the mask"
        ),
        Wrong(_inverted, "it is the wrong way round: in this course True means 'may be looked at'"),
        Wrong(_forgets_past, "behind a cache row t is word `past + t`; yours sees the oldest words and not itself"),
        Wrong(_transposed, "each word sees itself and the *future*: keep what lies below the diagonal, not above it"),
        Wrong(_to_be_added, "that is a mask to be added to the scores; here it is bool, True where looking is allowed"),
    ),
    explanation="""
A triangle that begins at the first word whatever the past is a well-known bug: `is_causal=True` of torch's attention
does that. Called with one new query, it lets it see the first word and nothing else. In training, where there is no
past, nobody notices.
""",
)


EXERCISES = (
    SINUSOIDS,
    CAUSAL,
    heads_05.HEADS,
    training_05.LAYER_NORM,
    training_05.SMOOTHING,
    training_05.NOAM,
    bugs_05.MASK,
    bugs_05.NORM,
    bugs_05.PLACE,
)
