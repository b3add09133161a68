"""Three exercises of chapter 06 on how fast what learns: the slanted triangle, rates by layer, gradual unfreezing."""

from __future__ import annotations

import torch

from utils.teaching.exercises.model import Case, Exercise, Wrong


def triangle(step, steps, cut=0.1, ratio=32):
    """The factor of the rate at a step, counted from 0: up from 1 / ratio to 1, then down again."""
    peak = max(1, int(steps * cut))
    share = step / peak if step < peak else 1 - (step - peak) / (steps - peak)
    return (1 + share * (ratio - 1)) / ratio


def _share(step, steps, cut):
    peak = max(1, int(steps * cut))
    return step / peak if step < peak else 1 - (step - peak) / (steps - peak)


def _from_zero(step, steps, cut=0.1, ratio=32):
    return _share(step, steps, cut)


def _symmetric(step, steps, cut=0.1, ratio=32):
    return triangle(step, steps, 0.5, ratio)


def _falls_first(step, steps, cut=0.1, ratio=32):
    return (1 + (1 - _share(step, steps, cut)) * (ratio - 1)) / ratio


def _clamped(step, steps, cut=0.1, ratio=32):
    return max(_share(step, steps, cut), 1 / ratio)


def _falls_from_the_start(step, steps, cut=0.1, ratio=32):
    peak = max(1, int(steps * cut))
    share = step / peak if step < peak else 1 - step / steps
    return (1 + share * (ratio - 1)) / ratio


def _as_printed(step, steps, cut=0.1, ratio=32):
    peak = max(1, int(steps * cut))
    share = step / peak if step < peak else 1 - (step - peak) / (peak * (1 / cut - 1))
    return (1 + share * (ratio - 1)) / ratio


TRIANGLE = Exercise(
    id="6.1",
    title="The slanted triangle",
    task=r"""
A new head sits on a net that knows a lot already. Start slowly, so that the head's first, blind steps do not spoil what
lies below; go fast for a moment; then slow down for a long time. With T steps in all, counted from 0, the rate rises
for the first $c = \lfloor 0.1 \cdot T \rfloor$ of them (but at least one) and falls for all the others:

$$p = \begin{cases} t / c & t < c \\ 1 - \dfrac{t - c}{T - c} & \text{else} \end{cases}
\qquad \text{factor} = \frac{1 + p \cdot (\text{ratio} - 1)}{\text{ratio}}$$

Write `triangle`, the factor by which the rate is multiplied at step t. `int(x)` rounds down. `cut` is the share of the
steps for which it rises.
""",
    difficulty=1,
    minutes=6,
    solution=triangle,
    cases=(
        Case("step 0 of 50", lambda: (0, 50)),
        Case("step 3 of 50", lambda: (3, 50)),
        Case("step 5 of 50, the highest", lambda: (5, 50)),
        Case("step 30 of 50", lambda: (30, 50)),
        Case("step 24 of 25, the last", lambda: (24, 25)),
        Case("step 6 of 40, with a quarter to rise and a ratio of 10", lambda: (6, 40, 0.25, 10)),
    ),
    hints=(
        "Two cases: before the peak and from it on. First work out `peak = max(1, int(steps * cut))`.",
        "`share` is 0 at the first step, 1 at the peak, and nears 0 again at the end.",
        "The factor is not the share: a share of 0 must give `1 / ratio`, a share of 1 must give 1.",
    ),
    wrong=(
        Wrong(
            _from_zero, "that is p, which is 0 at the first step: the formula then lifts it, so that it is 1 / ratio"
        ),
        Wrong(_symmetric, "your triangle has its peak in the middle: it rises for the share `cut` of the steps only"),
        Wrong(_falls_first, "yours begins fast, slows down until the peak and then speeds up: it is upside down"),
        Wrong(
            _clamped, "cutting p off from below is not the same: the formula squeezes all of it between 1 / ratio and 1"
        ),
        Wrong(
            _falls_from_the_start,
            "the fall begins at the peak, with p = 1: count the steps from there, `(t - c) / (T - c)`",
        ),
        Wrong(
            _as_printed,
            "that is the formula as the paper prints it: where 0.1 T is no whole number it ends too early, and the "
            "rate turns negative; divide by T - c",
        ),
    ),
    explanation="""
The paper divides by `c * (1 / cut - 1)`, which is T - c only where `cut * T` is a whole number. With 25 steps it is
18 instead of 23, and the last rates are below zero: the net would climb the loss.
""",
)


def layer_rates(layers, rate, factor=2.6):
    """Lists of parameters, the first layer first -> a dict {"params", "lr"} for each, as optimizers take them."""
    top = len(layers) - 1
    return [{"params": layer, "lr": rate / factor ** (top - depth)} for depth, layer in enumerate(layers)]


def _upside_down(layers, rate, factor=2.6):
    return [{"params": layer, "lr": rate / factor**depth} for depth, layer in enumerate(layers)]


def _evenly(layers, rate, factor=2.6):
    top = len(layers) - 1
    lower = [rate / (factor * (top - depth)) for depth in range(top)]
    return [{"params": layer, "lr": lr} for layer, lr in zip(layers, [*lower, rate], strict=True)]


def _one_too_low(layers, rate, factor=2.6):
    return [{**group, "lr": group["lr"] / factor} for group in layer_rates(layers, rate, factor)]


def _all_alike(layers, rate, factor=2.6):
    return [{"params": layer, "lr": rate} for layer in layers]


def _two_rates(layers, rate, factor=2.6):
    top = len(layers) - 1
    return [{"params": layer, "lr": rate / factor if depth < top else rate} for depth, layer in enumerate(layers)]


def _one_by_one(layers, rate, factor=2.6):
    groups = layer_rates(layers, rate, factor)
    return [{"params": [one], "lr": group["lr"]} for group in groups for one in group["params"]]


def _layers(*sizes):
    generator = torch.Generator().manual_seed(len(sizes))
    return [[torch.randn(size, generator=generator) for _ in range(2)] for size in sizes]


LAYER_RATES = Exercise(
    id="6.2",
    title="A rate for each layer",
    task="""
A torch optimizer does not only take parameters: it also takes a list of dicts, each with its `"params"` and its own
rate `"lr"`. Write `layer_rates`. `layers` is a list with the parameters of each layer, from the one that reads the
words to the head. The head learns at `rate`, the layer below it `factor` times slower, the next one again `factor`
times slower, and so on. One dict for each layer, in the same order.
""",
    difficulty=1,
    minutes=6,
    solution=layer_rates,
    cases=(
        Case("three layers at 0.01", lambda: (_layers(3, 2, 2), 0.01)),
        Case("five layers at 0.004, each twice as slow", lambda: (_layers(4, 3, 3, 3, 2), 0.004, 2.0)),
    ),
    hints=(
        "How many layers lie above layer number `depth`? With three layers: 2, 1 and 0.",
        "So often is the rate divided by `factor`: `rate / factor ** (len(layers) - 1 - depth)`.",
        "`enumerate(layers)` gives `depth` and the list of parameters, which goes into the dict as it is.",
    ),
    wrong=(
        Wrong(_upside_down, "your first layer learns fastest: what it knows is general and should change least"),
        Wrong(_evenly, "each layer is `factor` times slower than the one above: a power of the factor, not a multiple"),
        Wrong(_one_too_low, "the head itself learns at `rate`; you have divided once too often"),
        Wrong(_all_alike, "all layers have the same rate: that is what the trick is there to avoid"),
        Wrong(_two_rates, "only the head differs from the rest; every layer has a rate of its own"),
        Wrong(_one_by_one, "one dict for each *layer*, with the list of its parameters, not one for each parameter"),
    ),
    explanation=f"""
With the paper's 2.6 and five layers (embedding, three LSTMs, head) the embedding learns {2.6**4:.0f} times slower than
the head. The paper found 2.6 by trying.
""",
)


def thawed(layers, epochs):
    """Names of layers, the first layer first -> for each epoch the list of those that learn in it."""
    return [layers[max(0, len(layers) - 1 - epoch) :] for epoch in range(epochs)]


def _chain(layers, epochs):
    return [[layers[max(0, len(layers) - 1 - epoch)]] for epoch in range(epochs)]


def _bottom_up(layers, epochs):
    return [layers[: epoch + 1] for epoch in range(epochs)]


def _from_nothing(layers, epochs):
    return [layers[len(layers) - min(epoch, len(layers)) :] for epoch in range(epochs)]


def _slice_of_zero(layers, epochs):
    return [layers[-epoch:] for epoch in range(epochs)]


def _negative_start(layers, epochs):
    return [layers[len(layers) - 1 - epoch :] for epoch in range(epochs)]


def _turned(layers, epochs):
    return [list(reversed(learning)) for learning in thawed(layers, epochs)]


THAW = Exercise(
    id="6.7",
    title="Gradual unfreezing",
    task="""
At first everything but the head is frozen. In each further epoch one layer more thaws, from the head down, and those
that have thawed go on learning. When all have thawed, all learn until the end. Write `thawed`, the plan: for each
epoch, counted from 0, the list of the layers that learn in it. `layers` are names, from the layer that reads the words
to the head; keep that order.
""",
    difficulty=1,
    minutes=6,
    solution=thawed,
    cases=(
        Case("three layers and two epochs", lambda: (["embedding", "lstm", "head"], 2)),
        Case("three layers and six epochs", lambda: (["embedding", "lstm", "head"], 6)),
        Case("five layers and four epochs", lambda: (["embedding", "lstm 1", "lstm 2", "lstm 3", "head"], 4)),
    ),
    hints=(
        "In epoch 0 one layer learns, in epoch 1 two: how many in epoch number e? And can it be more than there are?",
        "The last n of a list are `layers[len(layers) - n:]`.",
        "A start below 0 counts from the end of the list: keep it at 0 with `max(0, ...)`.",
    ),
    wrong=(
        Wrong(_chain, "only one layer learns at a time: that is chain-thaw; here what has thawed goes on learning"),
        Wrong(_bottom_up, "you begin at the layer that reads the words; the head is new and has to learn first"),
        Wrong(_from_nothing, "in epoch 0 nothing learns: epochs count from 0, and the head learns from the first one"),
        Wrong(_slice_of_zero, "`layers[-0:]` is the whole list: in epoch 0, of all epochs, everything learns"),
        Wrong(
            _negative_start,
            "after the last layer has thawed the start of your slice is below 0, which counts from the end: layers "
            "freeze again",
        ),
        Wrong(_turned, "the layers are right, but the order has changed: keep them as they stand in `layers`"),
    ),
    explanation="""
In the package `thaw(groups, count)` sets `requires_grad` of every parameter, and `GradualUnfreezing` calls it with
`epoch + 1` at the start of each epoch. All layers stand in the optimizer from the beginning. A well-known bug is to
make the optimizer from what learns at first: what thaws later is then never moved, and no error says so.
""",
)
