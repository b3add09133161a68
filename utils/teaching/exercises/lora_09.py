"""Exercises of chapter 09: what LoRA trains, and the one matrix that is left of it."""

from __future__ import annotations

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
`rank` columns, and `A` with `rank` rows. Write `lora_numbers`: how many numbers are trained in all, and what share of
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
