"""Exercises of chapter 01, reading one word at a time: the two cells, and the list of all seven."""

from __future__ import annotations

import torch

from utils.teaching.exercises import counting_01, language_01, memory_01
from utils.teaching.exercises.model import Case, Exercise, Wrong


def rnn_step(x, h, W, U, b):
    """Embedding x (H,), old state h (H,), matrices W and U (H, H), bias b (H,) -> the new state (H,)."""
    return torch.tanh(W @ x + U @ h + b)


def _linear_step(x, h, W, U, b):
    return W @ x + U @ h + b


def _without_memory(x, h, W, U, b):
    return torch.tanh(W @ x + b)


def _swapped_matrices(x, h, W, U, b):
    return torch.tanh(W @ h + U @ x + b)


def _half_inside(x, h, W, U, b):
    return torch.tanh(W @ x + b) + U @ h


def _numbers(seed, *shapes):
    """Random tensors, the same at every call."""
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(shape, generator=generator) for shape in shapes)


def _rnn(seed, size, first=False):
    x, h, *weights = _numbers(seed, size, size, (size, size), (size, size), size)
    return x, h * (not first), *weights


RNN_STEP = Exercise(
    id="1.1",
    title="One step of a recurrent network",
    task=r"""
A recurrent network reads a word and makes a new state from it and from the old state:
$h \leftarrow \tanh(W x + U h + b)$, with one bias, since only the sum of PyTorch's two matters. Write `rnn_step`. Here
$x$ and $h$ have the same size, so no error warns you when you mix up $W$ and $U$.
""",
    difficulty=1,
    minutes=4,
    solution=rnn_step,
    cases=(
        Case("a word in the middle of a sentence", lambda: _rnn(0, 4)),
        Case("the first word, where the old state is zero", lambda: _rnn(1, 3, first=True)),
    ),
    hints=(
        "`@` multiplies a matrix with a vector: `W @ x` has one number for each row of `W`.",
        "The word goes through `W`, the old state goes through `U`.",
        "Add the two products and `b` first; `torch.tanh` comes last, around the sum.",
    ),
    wrong=(
        Wrong(
            _linear_step,
            "tanh is missing: the state can grow without limit, and many steps amount to no more than one matrix",
        ),
        Wrong(_without_memory, "the old state has no part in it: the network forgets all words but the last"),
        Wrong(_swapped_matrices, "`W` belongs to the word and `U` to the old state; you have them the other way round"),
        Wrong(_half_inside, "the old state must go through tanh too: add everything up first, then squeeze the sum"),
    ),
    explanation="The same `W`, `U` and `b` serve every word of every sentence; only `x` and `h` change.",
)


def lstm_step(x, h, c, W, U, b):
    """Word x (I,), state h (H,), cell c (H,), W (4H, I), U (4H, H), b (4H,) -> the new state and the new cell."""
    i, f, g, o = (W @ x + U @ h + b).chunk(4)
    i, f, o = torch.sigmoid(i), torch.sigmoid(f), torch.sigmoid(o)
    c = f * c + i * torch.tanh(g)
    return o * torch.tanh(c), c


def _parts(x, h, W, U, b):
    i, f, g, o = (W @ x + U @ h + b).chunk(4)
    return torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)


def _other_order(x, h, c, W, U, b):
    i, f, o, g = (W @ x + U @ h + b).chunk(4)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def _swapped_gates(x, h, c, W, U, b):
    i, f, g, o = _parts(x, h, W, U, b)
    c = i * c + f * g
    return o * torch.tanh(c), c


def _coupled(x, h, c, W, U, b):
    _, f, g, o = _parts(x, h, W, U, b)
    c = f * c + (1 - f) * g
    return o * torch.tanh(c), c


def _all_sigmoid(x, h, c, W, U, b):
    i, f, g, o = (W @ x + U @ h + b).sigmoid().chunk(4)
    c = f * c + i * g
    return o * torch.tanh(c), c


def _bare_cell(x, h, c, W, U, b):
    _, c_new = lstm_step(x, h, c, W, U, b)
    return _parts(x, h, W, U, b)[3] * c_new, c_new


def _old_cell_shown(x, h, c, W, U, b):
    return _parts(x, h, W, U, b)[3] * torch.tanh(c), lstm_step(x, h, c, W, U, b)[1]


def _turned(x, h, c, W, U, b):
    return lstm_step(x, h, c, W, U, b)[::-1]


def _lstm(seed, inputs, size):
    return _numbers(seed, inputs, size, size, (4 * size, inputs), (4 * size, size), 4 * size)


LSTM_STEP = Exercise(
    id="1.2",
    title="One step of an LSTM",
    task=r"""
The heart of the chapter. $W x + U h + b$ is four vectors in one block, in PyTorch's order: input gate $i$, forget gate
$f$, candidate $g$, output gate $o$. The three gates go through $\sigma$, the candidate through $\tanh$. Then

$$c \leftarrow f \odot c + i \odot g \qquad\qquad h \leftarrow o \odot \tanh(c)$$

Write `lstm_step` from these lines, without looking at the code further up; return the pair `(h, c)`.
""",
    difficulty=2,
    minutes=10,
    solution=lstm_step,
    cases=(
        Case("an embedding of 3 numbers and a state of 5", lambda: _lstm(2, 3, 5)),
        Case("an embedding of 6 numbers and a state of 2", lambda: _lstm(3, 6, 2)),
    ),
    hints=(
        "`i, f, g, o = (W @ x + U @ h + b).chunk(4)` cuts the block into its four vectors.",
        "Three of them are gates, from 0 to 1: `torch.sigmoid`. `g` is what could be written: `torch.tanh`.",
        "First the new cell: what `f` keeps of the old one plus what `i` lets in of `g`. Then `h`, from the new one.",
    ),
    wrong=(
        Wrong(
            _other_order,
            "the third block is the candidate and the fourth the output gate: PyTorch's order is i, f, g, o",
        ),
        Wrong(
            _swapped_gates,
            "the two gates have changed places: `f` says what stays of the old cell, `i` what comes in of the new",
        ),
        Wrong(
            _coupled,
            "you let in `1 - f`, so a unit cannot keep all and add something; an LSTM has a gate for that, `i`",
        ),
        Wrong(
            _all_sigmoid,
            "the candidate went through sigmoid: it is never negative then, and the cell can only be filled up",
        ),
        Wrong(_bare_cell, "`h` shows the cell as it is; squeeze it with tanh before the output gate lets it through"),
        Wrong(_old_cell_shown, "`h` is made from the old cell: the word just read would be seen one step too late"),
        Wrong(_turned, "the numbers are right, the order is not: return the state `h` first, then the cell `c`"),
    ),
    explanation="""
Look at the line of the cell: the old `c` is multiplied by `f` and passes through no matrix and no tanh. Where `f` is
near 1, what was written there stays, and the gradient flows back along the same line.
""",
)

EXERCISES = (
    RNN_STEP,
    LSTM_STEP,
    language_01.PERPLEXITY,
    memory_01.CLIP,
    memory_01.HALF_LIFE,
    language_01.DRAW,
    counting_01.ADD_ONE,
)
