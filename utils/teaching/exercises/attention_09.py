"""Exercises of chapter 09: pairs turned by their place, and a smaller cache."""

from __future__ import annotations

from utils.teaching.exercises.model import Case, Exercise, Wrong


def turned(x, place, base=10_000.0):
    """The list x of an even number of floats, each pair turned by `place` times its rate."""
    import math

    found = []
    for i in range(0, len(x), 2):
        angle = place * base ** (-i / len(x))
        a, b = x[i], x[i + 1]
        found += [a * math.cos(angle) - b * math.sin(angle), a * math.sin(angle) + b * math.cos(angle)]
    return found


def _clockwise(x, place, base=10_000.0):
    return turned(x, -place, base)


def _all_alike(x, place, base=10_000.0):
    return [value for i in range(0, len(x), 2) for value in turned(x[i : i + 2], place)]


def _halves(x, place, base=10_000.0):
    half = len(x) // 2
    pairs = [value for pair in zip(x[:half], x[half:], strict=True) for value in pair]
    found = turned(pairs, place, base)
    return found[0::2] + found[1::2]


def _double_rate(x, place, base=10_000.0):
    found = []
    for i in range(0, len(x), 2):
        found += turned(x[i : i + 2], place * base ** (-2 * i / len(x)), base)
    return found


TURN = Exercise(
    id="9.3",
    title="Turn a query by its place",
    task=r"""
Take a query of $d$ numbers in pairs: the first two, the next two, and so on. Pair $i = 0, 1, 2 \dots$ of a word at
place $m$ is turned by the angle $\theta = m \cdot 10000^{-2i/d}$:

$$(a, b) \to (a \cos\theta - b \sin\theta, \; a \sin\theta + b \cos\theta)$$

Write `turned` with lists of floats and `math.cos`, `math.sin`. The first pair turns fastest, the last one slowest.
""",
    difficulty=2,
    minutes=10,
    solution=turned,
    cases=(
        Case("two pairs at place 3", lambda: ([1.0, 0.0, 0.0, 2.0], 3)),
        Case("place 0", lambda: ([0.3, -1.2], 0)),
        Case("three pairs far down the text", lambda: ([0.5, 1.5, -2.0, 0.25, 1.0, -1.0], 41)),
        Case("another base", lambda: ([1.0, 2.0, 3.0, 4.0], 5, 100.0)),
    ),
    hints=(
        "`for i in range(0, len(x), 2)` gives 0, 2, 4 ...: that is already 2i of the formula.",
        "The angle is `place * base ** (-i / len(x))` with this i.",
        "Turn each pair with one cosine and one sine, and append both new numbers.",
    ),
    wrong=(
        Wrong(_clockwise, "you turn the other way round: check the signs, a cos - b sin comes first"),
        Wrong(_all_alike, "all pairs turn equally fast; each pair has its own rate"),
        Wrong(_halves, "you pair the first half with the second, as some code does; here neighbours are a pair"),
        Wrong(_double_rate, "the rates fall too fast: is your i counting pairs, or numbers?"),
    ),
    explanation="""
Query and key are both turned, so that their product holds the *difference* of the angles: of both places only the
distance is left. A value is not turned, since it is not compared with anything.
""",
)


def cache_bytes(layers, heads, groups, width, tokens, size=2):
    """The bytes that keys and values of so many tokens take, at `size` bytes a number."""
    return 2 * layers * groups * (width // heads) * tokens * size


def _keys_alone(layers, heads, groups, width, tokens, size=2):
    return cache_bytes(layers, heads, groups, width, tokens, size) // 2


def _every_head(layers, heads, groups, width, tokens, size=2):
    return cache_bytes(layers, heads, heads, width, tokens, size)


def _whole_width(layers, heads, groups, width, tokens, size=2):
    return 2 * layers * groups * width * tokens * size


def _one_layer(layers, heads, groups, width, tokens, size=2):
    return cache_bytes(1, heads, groups, width, tokens, size)


def _numbers(layers, heads, groups, width, tokens, size=2):
    return cache_bytes(layers, heads, groups, width, tokens, 1)


CACHE = Exercise(
    id="9.4",
    title="How large is the cache?",
    task="""
While a model writes, it keeps the key and the value of every token so far, in every layer. A head is `width // heads`
wide; of the `heads` that ask, only `groups` keep keys and values. Write `cache_bytes` for one text of so many tokens.
""",
    difficulty=1,
    minutes=6,
    solution=cache_bytes,
    cases=(
        Case("full attention", lambda: (2, 8, 8, 64, 100, 4)),
        Case("two groups", lambda: (12, 8, 2, 512, 1000)),
        Case("one group", lambda: (3, 4, 1, 32, 7, 2)),
        Case("a large model", lambda: (80, 64, 8, 8192, 4096)),
    ),
    hints=(
        "For one token and one layer: a key and a value for each group, each as wide as a head.",
        "Then times layers, times tokens, times bytes a number.",
        "`2 * layers * groups * (width // heads) * tokens * size`",
    ),
    wrong=(
        Wrong(_keys_alone, "keys *and* values are kept"),
        Wrong(_every_head, "that is what full attention keeps; here only `groups` heads keep anything"),
        Wrong(_whole_width, "a head is not as wide as the model: width // heads"),
        Wrong(_one_layer, "every layer has its own keys and values"),
        Wrong(_numbers, "those are the numbers; each takes `size` bytes"),
    ),
    explanation="""
The last case has the sizes of LLaMA 2 with 70 billion parameters ([Touvron et al. 2023](https://arxiv.org/abs/2307.09288)):
1.3 gigabytes for one text of 4,096 tokens, and 10.7 with a group for every head.
""",
)
