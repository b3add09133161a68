"""Exercises of chapter 09: thin matrices, turned pairs, a smaller cache, answers that judge each other."""

from __future__ import annotations

from statistics import mean, pstdev, stdev

import torch

from utils.teaching.exercises.model import Case, Exercise, Wrong


def lora_numbers(shapes, rank):
    """How many numbers LoRA of this rank trains beside matrices of these (rows, columns), and which share that is."""
    trained = sum(rank * (rows + columns) for rows, columns in shapes)
    return trained, trained / sum(rows * columns for rows, columns in shapes)


def _one_matrix(shapes, rank):
    return lora_numbers(shapes[:1], rank)


def _product(shapes, rank):
    trained = sum(rank * rows * columns for rows, columns in shapes)
    return trained, trained / sum(rows * columns for rows, columns in shapes)


def _one_side(shapes, rank):
    trained = sum(rank * columns for _, columns in shapes)
    return trained, trained / sum(rows * columns for rows, columns in shapes)


def _of_all(shapes, rank):
    trained, _ = lora_numbers(shapes, rank)
    return trained, trained / (trained + sum(rows * columns for rows, columns in shapes))


NUMBERS = Exercise(
    id="9.1",
    title="What LoRA trains",
    task="""
Beside each frozen matrix with so many rows (what comes out) and columns (what goes in) stand two thin ones: `B` with
`rank` columns, and `A` with `rank` rows. Write `lora_numbers`: how many numbers are trained in all, and which share of
the numbers in the frozen matrices that is. For one matrix of 768 x 256 and rank 4 it is 4096, and about 2 %.
""",
    difficulty=1,
    minutes=5,
    solution=lora_numbers,
    cases=(
        Case("one matrix", lambda: ([(768, 256)], 4)),
        Case("two of different shapes", lambda: ([(768, 256), (256, 1024)], 2)),
        Case("the matrices of four layers, rank 1", lambda: ([(300, 100), (100, 100)] * 4, 1)),
    ),
    hints=(
        "`B` is (rows, rank) and `A` is (rank, columns), so that their product has the shape of the frozen matrix.",
        "That makes rows * rank + rank * columns numbers for each matrix.",
        "The share is that sum, divided by the sum of rows * columns over all matrices.",
    ),
    wrong=(
        Wrong(_product, "you count the numbers of the product B A; what is trained are the two thin matrices"),
        Wrong(_one_side, "that is A alone; B is trained as well"),
        Wrong(_one_matrix, "you count the first matrix only; add up over all of them"),
        Wrong(_of_all, "the count is right; the share is asked of the frozen numbers, not of frozen and new together"),
    ),
    explanation="""
The larger the matrix, the smaller the share: rows + columns grows like the side, rows * columns like its square. A
matrix of 12,288 x 12,288, as in GPT-3, needs 98,304 numbers at rank 4, less than a thousandth of it.
""",
)


def merged_weight(W, A, B, alpha):
    """One matrix that does the work of three: W (out, in), A (r, in), B (out, r) -> (out, in)."""
    return W + alpha / A.shape[0] * B @ A


def _unscaled(W, A, B, alpha):
    return W + B @ A


def _alpha_alone(W, A, B, alpha):
    return W + alpha * B @ A


def _change_alone(W, A, B, alpha):
    return merged_weight(W, A, B, alpha) - W


def _upside_down(W, A, B, alpha):
    return W + A.shape[0] / alpha * B @ A


def _matrices(rows, columns, rank, alpha):
    draw = torch.Generator().manual_seed(rows + columns)
    sizes = ((rows, columns), (rank, columns), (rows, rank))
    return *(torch.randn(*size, generator=draw) for size in sizes), alpha


MERGE = Exercise(
    id="9.2",
    title="Merge the thin matrices",
    task=r"""
While it is tuned, a map with LoRA computes $W x + \frac{\alpha}{r} B A x$, with $A$ of $r$ rows. When the tuning is
over, nobody wants to pay for three products. Write `merged_weight`: the one matrix that gives the same for every $x$.
""",
    difficulty=1,
    minutes=5,
    solution=merged_weight,
    cases=(
        Case("rank 2", lambda: _matrices(5, 7, 2, 16.0)),
        Case("rank 1 and a small alpha", lambda: _matrices(6, 4, 1, 0.5)),
        Case("rank 3", lambda: _matrices(3, 8, 3, 8.0)),
    ),
    hints=(
        "Both terms are linear in x, so that x can be taken out of the bracket.",
        "`B @ A` has the shape of W. What is its factor?",
        "The rank is the number of rows of A: `A.shape[0]`.",
    ),
    wrong=(
        Wrong(_unscaled, "the factor alpha / r is missing"),
        Wrong(_alpha_alone, "the factor is alpha divided by the rank, which is `A.shape[0]`"),
        Wrong(_upside_down, "the factor is upside down: alpha / r"),
        Wrong(_change_alone, "that is the change; the frozen matrix is added to it"),
    ),
    explanation="""
So a merged model costs exactly what the frozen one costs. And subtracting the same product gives the frozen one back,
up to rounding: one model and a drawer of small changes.
""",
)


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
place $m$ is turned by the angle $m \cdot 10000^{-2i/d}$:

$$(a, b) \to (a \cos - b \sin, \; a \sin + b \cos)$$

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


def group_advantages(rewards):
    """A list of groups, each a list of rewards -> the advantages in the same shape; zeros where all are equal."""
    from statistics import mean, stdev

    found = []
    for group in rewards:
        expected, spread = mean(group), stdev(group)
        found.append([(reward - expected) / spread if spread else 0.0 for reward in group])
    return found


def _whole_batch(rewards):
    flat = iter(group_advantages([[reward for group in rewards for reward in group]])[0])
    return [[next(flat) for _ in group] for group in rewards]


def _centred_only(rewards):
    return [[reward - mean(group) for reward in group] for group in rewards]


def _not_centred(rewards):
    return [[r / stdev(g) if stdev(g) else 0.0 for r in g] for g in rewards]


def _best_alone(rewards):
    return [[1.0 if r == max(g) and len(set(g)) > 1 else 0.0 for r in g] for g in rewards]


def _with_n(rewards):
    return [[(r - mean(g)) / pstdev(g) if pstdev(g) else 0.0 for r in g] for g in rewards]


ADVANTAGES = Exercise(
    id="9.5",
    title="Answers judge each other",
    task="""
GRPO draws several answers to one question and rewards each. The advantage of an answer is its reward, less the mean of
its own group, divided by the deviation of its own group (`statistics.stdev`, which divides by n - 1). A group whose
answers all got the same has nothing to learn from: its advantages are 0. Write `group_advantages`.
""",
    difficulty=2,
    minutes=8,
    solution=group_advantages,
    cases=(
        Case("one right answer of four", lambda: ([[1.0, 0.0, 0.0, 0.0]],)),
        Case("an easy and a hard question", lambda: ([[1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 1.0, 0.0]],)),
        Case("a question that all answers got right", lambda: ([[1.0, 1.0, 1.0], [0.0, 1.0, 0.5]],)),
    ),
    hints=(
        "Go through the groups one by one; no group needs to know another.",
        "`statistics.mean(group)` and `statistics.stdev(group)`.",
        "Where the deviation is 0, put zeros instead of dividing.",
    ),
    wrong=(
        Wrong(
            _whole_batch, "you take mean and deviation over all groups: then every answer to a hard question looks bad"
        ),
        Wrong(_centred_only, "the division by the deviation is missing"),
        Wrong(_not_centred, "the mean is not taken off: then also a wrong answer can never be pushed down"),
        Wrong(_best_alone, "you keep the best and push nothing down; an advantage says how much better or worse"),
        Wrong(_with_n, "nearly: `stdev` divides by n - 1, `pstdev` by n"),
    ),
    explanation="""
One right answer of four gets 1.5, the wrong ones -0.5 each: the rarer the success, the more it counts. The mean of the
group does what the value model does in PPO: it says what was to be expected.
""",
)

EXERCISES = (NUMBERS, MERGE, TURN, CACHE, ADVANTAGES)
