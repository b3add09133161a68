"""Two exercises of chapter 06 on the net that reads: weight drop, and concat pooling."""

from __future__ import annotations

import torch

from utils.teaching.exercises.model import Case, Exercise, Wrong
from utils.teaching.exercises.props import Masks


def weight_drop(x, weight, draw, p):
    """Inputs (B, T, H), recurrent weights (H, H) -> states (B, T, H); draw() gives a mask (H, H) of 0 and 1."""
    dropped = weight * draw() / (1 - p)
    h = torch.zeros_like(x[:, 0])
    states = []
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] + h @ dropped.T)
        states.append(h)
    return torch.stack(states, dim=1)


def _run(x, weights):
    """The recurrence with weights of its own at each step."""
    h, states = torch.zeros_like(x[:, 0]), []
    for t, weight in enumerate(weights):
        h = torch.tanh(x[:, t] + h @ weight.T)
        states.append(h)
    return torch.stack(states, dim=1)


def _each_step(x, weight, draw, p):
    return _run(x, [weight * draw() / (1 - p) for _ in range(x.shape[1])])


def _unscaled(x, weight, draw, p):
    return _run(x, [weight * draw()] * x.shape[1])


def _scaled_down(x, weight, draw, p):
    return _run(x, [weight * draw() * (1 - p)] * x.shape[1])


def _inverted(x, weight, draw, p):
    return _run(x, [weight * (1 - draw()) / (1 - p)] * x.shape[1])


def _untransposed(x, weight, draw, p):
    return _run(x, [(weight * draw() / (1 - p)).T] * x.shape[1])


def _drops_states(x, weight, draw, p):
    kept = draw()[0] / (1 - p)
    h, states = torch.zeros_like(x[:, 0]), []
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] + (h * kept) @ weight.T)
        states.append(h)
    return torch.stack(states, dim=1)


def _undropped(x, weight, draw, p):
    return _run(x, [weight] * x.shape[1])


def _recurrence(rows, length, width, p):
    generator = torch.Generator().manual_seed(rows + length)
    x = torch.randn(rows, length, width, generator=generator)
    weight = 0.8 * torch.randn(width, width, generator=generator)
    return x, weight, Masks(width, p, seed=rows + length), p


WEIGHT_DROP = Exercise(
    id="6.3",
    title="Weight drop",
    task=r"""
A plain recurrent net, whose input is prepared already: $h_t = \tanh(x_t + W h_{t-1})$, from $h_0 = 0$. Weight drop sets
some of the *weights* in $W$ to zero, not states. The same ones for every word of the text, since a connection that
comes and goes would not remember; and what is left grows by $1 / (1 - p)$, so that the sum stays what it is on average.

Write `weight_drop`. `draw()` gives a new mask (H, H) at each call: 0 at a weight that is dropped, which each one is
with probability `p`, and 1 elsewhere. A batch of states times $W$ is `h @ W.T`. Return all states (B, T, H).
""",
    difficulty=2,
    minutes=10,
    solution=weight_drop,
    cases=(
        Case("one text of 4 words", lambda: _recurrence(1, 4, 3, 0.5)),
        Case("two texts of 6 words, a fifth dropped", lambda: _recurrence(2, 6, 5, 0.2)),
    ),
    hints=(
        "How often must `draw()` be called for a text of T words: T times or once?",
        "Make the dropped weights before the loop: `weight * draw()`, and divide by what is left on average.",
        "In the loop `h = torch.tanh(x[:, t] + h @ dropped.T)`; collect each h, then `torch.stack(states, dim=1)`.",
    ),
    wrong=(
        Wrong(_each_step, "you draw anew at each word: then no connection is missing for a whole text. Draw once"),
        Wrong(_unscaled, "what is left must grow by 1 / (1 - p), or the net sees smaller sums in training than in use"),
        Wrong(_scaled_down, "you multiply by 1 - p: what is left must grow, so divide by it"),
        Wrong(_inverted, "you keep what should be dropped: the mask has a 1 at each weight that stays"),
        Wrong(_untransposed, "the weights are turned: a batch of rows h is multiplied by `W.T`"),
        Wrong(_drops_states, "you drop numbers of the *state*, all that a unit says; here single weights are dropped"),
        Wrong(_undropped, "nothing is dropped: that is the net in use, `eval()`, where the whole W counts"),
    ),
    explanation="""
AWD-LSTM drops half of the weights from state to state in this way ("AWD" is for averaged SGD and weight drop). Since
the mask is drawn before the text is read, the fast LSTM of the library can do the reading: `WeightDropLSTM` is that.
""",
)


def pooled(states, real):
    """States (B, T, E), real (B, T) bool -> (B, 3E): the last real state, the largest numbers, and the mean."""
    last = states[torch.arange(len(states)), real.sum(dim=1) - 1]
    largest = states.masked_fill(~real[..., None], float("-inf")).amax(dim=1)
    mean = (states * real[..., None]).sum(dim=1) / real.sum(dim=1, keepdim=True)
    return torch.cat([last, largest, mean], dim=1)


def _parts(states, real):
    return pooled(states, real).chunk(3, dim=1)


def _last_column(states, real):
    return torch.cat([states[:, -1], *_parts(states, real)[1:]], dim=1)


def _largest_of_all(states, real):
    last, _, mean = _parts(states, real)
    return torch.cat([last, states.amax(dim=1), mean], dim=1)


def _zeros_win(states, real):
    last, _, mean = _parts(states, real)
    return torch.cat([last, (states * real[..., None]).amax(dim=1), mean], dim=1)


def _mean_of_all(states, real):
    last, largest, _ = _parts(states, real)
    return torch.cat([last, largest, states.mean(dim=1)], dim=1)


def _diluted(states, real):
    last, largest, _ = _parts(states, real)
    return torch.cat([last, largest, (states * real[..., None]).mean(dim=1)], dim=1)


def _no_mask(states, real):
    return torch.cat([states[:, -1], states.amax(dim=1), states.mean(dim=1)], dim=1)


def _other_order(states, real):
    last, largest, mean = _parts(states, real)
    return torch.cat([last, mean, largest], dim=1)


def _stacked(states, real):
    return torch.stack(_parts(states, real), dim=1)


def _texts(*lengths):
    generator = torch.Generator().manual_seed(sum(lengths))
    states = torch.randn(len(lengths), max(lengths), 3, generator=generator) - 0.5
    real = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return states + 2.0 * ~real[..., None], real  # what stands on padding would win every maximum


POOL = Exercise(
    id="6.4",
    title="Concat pooling, with padding",
    task="""
What decides may stand anywhere in a text. So the head sees three summaries, side by side: the last state, for each
number the largest that it was at any word, and the mean over the words. Texts in a batch are padded at their end;
`real` is True where a word stands. What the net computed on padding means nothing: it must not get into any of the
three. Write `pooled`: last, largest, mean, in this order.
""",
    difficulty=2,
    minutes=10,
    solution=pooled,
    cases=(
        Case("texts of 4 and 2 words", lambda: _texts(4, 2)),
        Case("texts of 1, 6 and 3 words", lambda: _texts(1, 6, 3)),
    ),
    hints=(
        "`real.sum(dim=1)` is the number of words n of each text. Its last state stands in column n - 1.",
        "For the largest: fill the padding with minus infinity first, `states.masked_fill(~real[..., None], ...)`.",
        "For the mean: set padding to zero, sum over the words, and divide by n, not by T.",
    ),
    wrong=(
        Wrong(_no_mask, "padding is in all three: texts that are padded differently get different answers"),
        Wrong(_last_column, "`states[:, -1]` is a state on padding, wherever a text is shorter than the longest"),
        Wrong(_largest_of_all, "the maximum also looks at padding, whose states may be the largest of all"),
        Wrong(
            _zeros_win,
            "you set padding to 0 before the maximum: where all numbers are negative, 0 wins; take minus infinity",
        ),
        Wrong(_mean_of_all, "the mean also counts the states on padding: set them to zero, and divide by the words"),
        Wrong(_diluted, "the sum is right, but you divide by all places, padding too: divide by the number of words"),
        Wrong(_other_order, "all three are right, but in another order: last, largest, mean"),
        Wrong(_stacked, "the three stand on top of each other, (B, 3, E); side by side they are (B, 3E): `torch.cat`"),
    ),
    explanation="""
With the wrong last state a model still learns, a little worse, and differently with each batch. A test finds it at
once: a text alone and the same text in a batch must give the same result.
""",
)
