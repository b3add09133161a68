"""Two exercises of chapter 01 on gradients and gates: clipping, and how long a forget gate remembers."""

from __future__ import annotations

import math

import torch

from utils.teaching.exercises.model import Case, Exercise, Wrong


def clip(gradients, limit):
    """A list of gradients, tensors of any shapes -> the list, shortened together to a norm of at most `limit`."""
    norm = torch.sqrt(sum((gradient**2).sum() for gradient in gradients))
    scale = limit / max(float(norm), limit)
    return [gradient * scale for gradient in gradients]


def _norm(gradients):
    return float(sum((gradient**2).sum() for gradient in gradients)) ** 0.5


def _clamped(gradients, limit):
    return [gradient.clamp(-limit, limit) for gradient in gradients]


def _each_alone(gradients, limit):
    return [clip([gradient], limit)[0] for gradient in gradients]


def _always_scaled(gradients, limit):
    return [gradient * limit / _norm(gradients) for gradient in gradients]


def _thrown_away(gradients, limit):
    return [gradient * (_norm(gradients) <= limit) for gradient in gradients]


def _squared_norm(gradients, limit):
    return [gradient * min(1.0, limit / _norm(gradients) ** 2) for gradient in gradients]


def _gradients(seed, size):
    generator = torch.Generator().manual_seed(seed)
    return [size * torch.randn(shape, generator=generator) for shape in ((3, 3), (3,), (2, 3))]


CLIP = Exercise(
    id="1.4",
    title="Clipping a gradient",
    task="""
Backwards through many steps a gradient may also grow huge, and one such step ruins a training. So its length is
limited: take *all* numbers of *all* gradients as one long vector; its norm is the root of the sum of their squares. If
the norm is above `limit`, multiply every gradient by the same factor, so that it becomes `limit`. Else change nothing.
""",
    difficulty=2,
    minutes=8,
    solution=clip,
    cases=(
        Case("a gradient that is too long", lambda: (_gradients(4, 2.0), 1.0)),
        Case("a gradient that is short enough", lambda: (_gradients(5, 0.1), 3.0)),
    ),
    hints=(
        "One norm for all of them: add up `(gradient**2).sum()` over the list, then take the root.",
        "The factor is `limit / norm`, but never above 1.",
        "`[gradient * scale for gradient in gradients]` with `scale = limit / max(norm, limit)`.",
    ),
    wrong=(
        Wrong(
            _clamped,
            "you cut each number by itself: that changes the direction of the step; one factor for all keeps it",
        ),
        Wrong(
            _each_alone,
            "each tensor gets a factor of its own, so their proportions change; compute one norm over all of them",
        ),
        Wrong(_always_scaled, "short gradients are stretched to the limit: near the goal, steps would never get small"),
        Wrong(_thrown_away, "a long gradient points the right way too: shorten it, do not set it to zero"),
        Wrong(_squared_norm, "the root is missing: the norm is the square root of the sum of squares"),
    ),
    explanation="""
`torch.nn.utils.clip_grad_norm_(model.parameters(), limit)` does this, in place. It mends gradients that explode; one
that has vanished it cannot bring back.
""",
)


def half_life(bias):
    """Forget-gate bias, a number -> after how many steps half of what the cell held is left."""
    import math

    gate = 1 / (1 + math.exp(-bias))
    return math.log(0.5) / math.log(gate)


def _gate(bias):
    return 1 / (1 + math.exp(-bias))


def _evenly(bias):
    return 0.5 / (1 - _gate(bias))


def _mean_life(bias):
    return -1 / math.log(_gate(bias))


def _upside_down(bias):
    return math.log(_gate(bias)) / math.log(0.5)


def _lost_share(bias):
    return math.log(0.5) / math.log(1 - _gate(bias))


def _whole_steps(bias):
    return math.ceil(half_life(bias) - 1e-9)


HALF_LIFE = Exercise(
    id="1.5",
    title="How long a forget gate remembers",
    task=r"""
Suppose that a cell is written once, and that its forget gate then stands at $\sigma(\text{bias})$ at every step, with
nothing else let in. After each step that share of the cell is left. Write `half_life`: after how many steps is half
left? (A number that need not be whole.)

Then try it: what are the half-lives at a bias of 0, 1 and 2? Which bias holds half for 100 steps?
""",
    difficulty=2,
    minutes=8,
    solution=half_life,
    cases=(
        Case("a bias of 1", lambda: (1.0,)),
        Case("a bias of 4", lambda: (4.0,)),
        Case("a bias of -1", lambda: (-1.0,)),
    ),
    hints=(
        "With a gate of 0.9, after two steps 0.9 * 0.9 is left, after n steps 0.9 to the power of n.",
        "So $\\text{gate}^n = 1/2$. A logarithm brings the n down.",
        "n is `log(0.5) / log(gate)`, with `gate = 1 / (1 + exp(-bias))`.",
    ),
    wrong=(
        Wrong(_evenly, "you take off the same amount at each step; the gate takes the same *share* of what is left"),
        Wrong(_mean_life, "at that step the e-th part, 37 %, is left: ask for one half"),
        Wrong(_upside_down, "the fraction stands upside down: a larger bias must give a longer memory"),
        Wrong(_lost_share, "the gate is the share that *stays*; you counted with the share that is lost"),
        Wrong(_whole_steps, "do not round: between two steps there is a place where exactly half is left"),
    ),
    explanation=f"""
Half-lives at 0, 1 and 2: {half_life(0):.1f}, {half_life(1):.1f} and {half_life(2):.1f} steps. Solved for the bias it is
`-log(2 ** (1 / n) - 1)`, which gives {-math.log(2 ** (1 / 100) - 1):.2f} for n = 100. A fresh LSTM has biases near 0,
so what it holds is about halved at every step; to start with a larger bias is an old trick
([Gers et al. 2000](https://doi.org/10.1162/089976600300015015),
[Jozefowicz et al. 2015](https://proceedings.mlr.press/v37/jozefowicz15.html)). PyTorch has two biases for each gate;
their sum counts.
""",
)
