"""Three planted bugs to find: functions that run, give the right shape, learn, and are wrong."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import torch

from utils.teaching.exercises.model import Case, Exercise, Wrong
from utils.teaching.exercises.props import Neighbours, Norm, Squares


def _code(function: Callable[..., Any], name: str) -> str:
    """The source of a function with a bug, under the name of the right one, as a block of Markdown."""
    source = textwrap.dedent(inspect.getsource(function)).rstrip()
    return f"```python\n{source.replace(function.__name__, name)}\n```"


def attend(query, key, value, mask):
    """query (B, T, D), key and value (B, S, D), mask (B, 1, S), True = may be looked at -> (B, T, D)."""
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    weights = torch.softmax(scores.masked_fill(~mask, float("-inf")), dim=-1)
    return weights @ value


def _attend_bug(query, key, value, mask):
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    weights = torch.softmax(scores, dim=-1) * mask
    return weights @ value


def _zeros_for_scores(query, key, value, mask):
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    return torch.softmax(scores.masked_fill(~mask, 0.0), dim=-1) @ value


def _sees_padding_only(query, key, value, mask):
    return attend(query, key, value, ~mask)


def _no_mask(query, key, value, mask):
    return attend(query, key, value, torch.ones_like(mask))


def _looked(*lengths: int) -> tuple[torch.Tensor, ...]:
    """Query, key, value and mask of sentences of these lengths in one batch, with 3 places of padding at least."""
    generator = torch.Generator().manual_seed(sum(lengths))
    B, S = len(lengths), max(lengths) + 3
    query, key, value = (torch.randn(B, length, 4, generator=generator) for length in (2, S, S))
    return query, key, value, torch.arange(S) < torch.tensor(lengths)[:, None, None]


MASK = Exercise(
    id="5.7",
    title="Planted bug 1: a sentence minds its neighbours",
    task=f"""
A colleague's model learns, and its loss looks well. But the same sentence gets another translation when it stands in
a batch with a longer one. The padding is masked, you are told. Here is the code:

{_code(_attend_bug, "attend")}

Find the line and write `attend` without the bug. No row of the mask is False everywhere.
""",
    difficulty=2,
    minutes=6,
    solution=attend,
    cases=(
        Case("sentences of 4 and 2 words with padding", lambda: _looked(4, 2)),
        Case("one word and much padding", lambda: _looked(1)),
    ),
    hints=(
        "What do the weights of a row sum to after the third line? What should they sum to?",
        "The mask must act before the softmax divides by the sum, or padding stays in that sum.",
        "`scores.masked_fill(~mask, float('-inf'))`: exp of minus infinity is 0.",
    ),
    wrong=(
        Wrong(
            _attend_bug,
            "the bug is still there: padding takes part in the softmax's sum, so the real words' weights sum to less "
            "than 1, and to less the more padding there is",
        ),
        Wrong(
            _zeros_for_scores,
            "a score of 0 is a score like any other: exp(0) = 1, so padding still gets weight; it takes minus infinity",
        ),
        Wrong(_sees_padding_only, "now the mask is upside down: the words look at the padding and at nothing else"),
        Wrong(_no_mask, "without the mask the padding is looked at like any word"),
    ),
    explanation="""
Weights must sum to 1 over the words that may be looked at. Dividing the masked weights by their sum would do as well.
The test that finds this bug needs one line: a sentence alone and the same in a padded batch must give the same.
""",
)


def block(x, attention, think, norm_1, norm_2):
    """x (B, T, D), two sublayers and their norms, all (B, T, D) -> (B, T, D): a pre-norm block."""
    x = x + attention(norm_1(x))
    return x + think(norm_2(x))


def _block_bug(x, attention, think, norm_1, norm_2):
    x = norm_1(x)
    x = x + attention(x)
    x = norm_2(x)
    return x + think(x)


def _post_norm(x, attention, think, norm_1, norm_2):
    x = norm_1(x + attention(x))
    return norm_2(x + think(x))


def _no_way_around(x, attention, think, norm_1, norm_2):
    return think(norm_2(attention(norm_1(x))))


def _half_mended(x, attention, think, norm_1, norm_2):
    x = x + attention(norm_1(x))
    x = norm_2(x)
    return x + think(x)


def _side_by_side(x, attention, think, norm_1, norm_2):
    return x + attention(norm_1(x)) + think(norm_2(x))


def _sublayers(scale: float) -> tuple[Any, ...]:
    """A state, two sublayers that add `scale` times something, and two norms."""
    x = 3 + 2 * torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(5))
    return x, Neighbours(scale), Squares(scale), Norm(), Norm(bias=0.5)


NORM = Exercise(
    id="5.8",
    title="Planted bug 2: a layer that cannot keep still",
    task=rf"""
The block of the paper was rewritten as *pre-norm*, $x + f(\mathrm{{norm}}(x))$, for each of its two sublayers, so
that a deep stack would train without a warm-up. It does not. Then someone sets both sublayers to zero, and a layer
that adds nothing still changes what it is given:

{_code(_block_bug, "block")}

Write `block` so that it is pre-norm.
""",
    difficulty=2,
    minutes=6,
    solution=block,
    cases=(
        Case("sublayers that find something", lambda: _sublayers(0.7)),
        Case("sublayers that find nothing, zeros", lambda: _sublayers(0.0)),
    ),
    hints=(
        "Follow x through the four lines with `attention` and `think` giving zeros. Where does it change?",
        "Only what the sublayer *reads* is normalised. What goes around it stays as it is.",
        "`x = x + attention(norm_1(x))`, and the second sublayer in the same way.",
    ),
    wrong=(
        Wrong(
            _block_bug,
            "the bug is still there: x itself is replaced by its norm, so the way around the sublayer runs through it",
        ),
        Wrong(_post_norm, "that is post-norm, the order of the paper; pre-norm normalises what the sublayer reads"),
        Wrong(
            _no_way_around, "x is not added any more: without the way around, a sublayer that finds nothing erases all"
        ),
        Wrong(_half_mended, "the first sublayer is mended; the second still replaces x by its norm"),
        Wrong(_side_by_side, "`think` must read what attention has added; yours works beside it, on the old x"),
    ),
    explanation="""
The code with the bug is post-norm in disguise: norm, add, norm, add, only that the first norm of a layer is the last
norm of the one before. That is why the warm-up was still needed.
""",
)


def read(words, past, embedding, places):
    """Ids (B, T) of new words behind `past` older ones, tables (V, D) and (longest, D) -> (B, T, D)."""
    x = embedding[words] * embedding.shape[1] ** 0.5
    return x + places[past : past + words.shape[1]]


def _read_bug(words, past, embedding, places):
    x = embedding[words] * embedding.shape[1] ** 0.5
    return x + places[: words.shape[1]]


def _one_late(words, past, embedding, places):
    return read(words, past + 1, embedding, places)


def _one_early(words, past, embedding, places):
    return read(words, max(past - 1, 0), embedding, places)


def _all_at_one_place(words, past, embedding, places):
    return embedding[words] * embedding.shape[1] ** 0.5 + places[past]


def _tables(B: int, T: int, past: int) -> tuple[Any, ...]:
    generator = torch.Generator().manual_seed(T + past)
    embedding, places = (torch.randn(9, 4, generator=generator) for _ in range(2))
    return torch.randint(9, (B, T), generator=generator), past, embedding, places


PLACE = Exercise(
    id="5.9",
    title="Planted bug 3: right in training, lost in use",
    task=f"""
With the true words before each place, the scores are excellent. Word by word, with a cache of `past` words, the
model's logits agree with those of the whole sentence for the first word and for no other. The cache is right, and so
is the mask. This is how the decoder reads its words:

{_code(_read_bug, "read")}

`places` holds a row for each position from 0 on. Write `read` without the bug; `words` may also be several new words.
""",
    difficulty=2,
    minutes=5,
    solution=read,
    cases=(
        Case("one new word behind 4", lambda: _tables(2, 1, 4)),
        Case("three new words behind 2", lambda: _tables(1, 3, 2)),
        Case("a whole sentence, no past", lambda: _tables(2, 5, 0)),
    ),
    hints=(
        "In training `past` is 0. What is different in use?",
        "Which position has the first new word if 4 words are in the cache?",
        "The rows from `past` to `past + T - 1`: `places[past : past + words.shape[1]]`.",
    ),
    wrong=(
        Wrong(
            _read_bug,
            "the bug is still there: `past` is never used, so each new word believes to be the first of the sentence",
        ),
        Wrong(_one_late, "one place too far: behind 4 words, which stand at 0 to 3, the next stands at 4"),
        Wrong(_one_early, "one place too early: behind 4 words, which stand at 0 to 3, the next stands at 4"),
        Wrong(_all_at_one_place, "several new words stand at several places: each needs a row of its own"),
    ),
    explanation="""
What training never does, no loss can notice. The test that finds it compares two ways to the same number: all words
in one call, and one after the other.
""",
)
