"""What size and data are worth: small GPTs on the real text, of four sizes, and one of them with less and more to read.

Kaplan et al. 2020, "Scaling Laws for Neural Language Models" (arXiv 2001.08361), section 3: the loss falls with the
parameters beside embeddings, and with the data, on a line where both axes are logarithms. Every training here reads
each piece at most once and has a schedule of its own that ends with its data, so that no point is a stop on the way of
another. Beside the data all sizes share batches, rates and seeds. Left out on purpose: a floor under the loss, which
four points do not show.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from utils.data.windows import WindowBatches
from utils.experiments import real_text
from utils.experiments.gpt_pretraining import nats, prepare, read, whole
from utils.experiments.run import Run
from utils.models.gpt import GPT, GPTConfig
from utils.training.losses import next_token_loss
from utils.training.optimizers import MuonAdamW
from utils.training.schedules import schedule, warmup_cosine
from utils.training.trainer import Plan, fit


@dataclass(frozen=True)
class Scaling:
    """`sizes` are (width, layers, heads); all read `tokens` pieces, and the one at `middle` each of `data` too."""

    sizes: tuple[tuple[int, int, int], ...] = ((64, 1, 2), (96, 2, 3), (160, 3, 5), (224, 3, 7))
    tokens: int = 600_000
    data: tuple[int, ...] = (75_000, 150_000, 300_000)
    middle: int = 2
    seeds: tuple[int, ...] = (0, 1, 2)
    context: int = 128
    batch: int = 8
    vocabulary: int = 2_000
    rate: float = 5e-3
    warmup: float = 0.05
    genres: tuple[str, ...] = real_text.GENRES
    characters: int | None = None
    precision: str = "bf16"


def hidden(model: GPT) -> int:
    """The parameters beside the embeddings of pieces and places (Kaplan et al.'s N)."""
    return sum(p.numel() for name, p in model.named_parameters() if name not in ("wte.weight", "wpe.weight"))


def one(
    plan: Scaling, size: tuple[int, int, int], tokens: int, seed: int, learned: Tensor, held: Tensor, pieces: int
) -> dict[str, Any]:
    """Train one model on `tokens` pieces, drawn by the seed from the whole text, and score it on validation."""
    width, layers, heads = size
    torch.manual_seed(seed)
    model = GPT(GPTConfig(pieces, plan.context, layers, heads, width))
    batches = WindowBatches(learned, plan.context, plan.batch, seed)
    steps = tokens // (plan.context * plan.batch)
    if not 1 < steps <= len(batches):
        raise ValueError(f"{tokens} tokens are {steps} batches: give at least 2 and at most {len(batches)}")
    optimizer = MuonAdamW(model, plan.rate)
    rates = schedule(optimizer, warmup_cosine(round(plan.warmup * steps), steps))
    shape = Plan(steps=steps, device="cpu", precision=plan.precision)
    for _ in fit(model, next_token_loss, batches, optimizer, shape, scheduler=rates):
        pass
    total, count = nats(model, held, every=2)
    return {"width": width, "layers": layers, "parameters": hidden(model), "tokens": tokens, "seed": seed,
            "loss": round(total / count, 4)}  # fmt: skip


def power_law(sizes: Sequence[float], losses: Sequence[float]) -> tuple[float, float]:
    """The line through log(size), log(loss) by least squares: (a, b) of loss = a * size ** -b."""
    if len(set(sizes)) < 2 or len(sizes) != len(losses):
        raise ValueError(f"{len(sizes)} sizes and {len(losses)} losses: give as many, and two different sizes at least")
    slope, height = np.polyfit(np.log(sizes), np.log(losses), 1)
    return math.exp(height), -float(slope)


def fitted(points: Sequence[dict[str, Any]], by: str) -> dict[str, float]:
    """The exponent over all seeds with its range over single ones, and how well the lower points foretell the last.

    `foretold` is the loss that the line through all but the largest gives for the largest one, on the mean of seeds.
    """
    fits = [power_law(*_columns([p for p in points if p["seed"] == seed], by)) for seed in {p["seed"] for p in points}]
    a, b = power_law(*_columns(points, by))
    largest = max(p[by] for p in points)
    lower = power_law(*_columns([p for p in points if p[by] < largest], by))
    last = [p["loss"] for p in points if p[by] == largest]
    off = max(abs(a * p[by] ** -b / p["loss"] - 1) for p in points)
    return {
        "factor": round(a, 4), "exponent": round(b, 4),
        "lowest of a seed": round(min(b for _, b in fits), 4), "highest of a seed": round(max(b for _, b in fits), 4),
        "farthest point off the line, in %": round(100 * off, 2),
        "largest, foretold": round(lower[0] * largest ** -lower[1], 4),
        "largest, seen": round(sum(last) / len(last), 4),
    }  # fmt: skip


def _columns(points: Sequence[dict[str, Any]], by: str) -> tuple[list[float], list[float]]:
    return [p[by] for p in points], [p["loss"] for p in points]


def scaling(run: Run) -> None:
    """All sizes on the same number of pieces, then the middle one on fewer; every seed."""
    plan: Scaling = run.settings
    pieces, rows = prepare(run.folder, read(plan.genres, plan.characters), plan.vocabulary)
    learned, held = whole(rows, "train"), whole(rows, "validation")
    wanted = [(size, plan.tokens) for size in plan.sizes] + [(plan.sizes[plan.middle], few) for few in plan.data]
    found = run.memory.setdefault("found", [])
    for seed in plan.seeds:
        for size, tokens in wanted:
            mark = {"width": size[0], "layers": size[1], "tokens": tokens, "seed": seed}
            if not any(mark.items() <= row.items() for row in found):
                found.append(one(plan, size, tokens, seed, learned, held, len(pieces)))
                run.remember()
    width, layers = plan.sizes[plan.middle][:2]
    by_size = [row for row in found if row["tokens"] == plan.tokens]
    by_data = [row for row in found if (row["width"], row["layers"]) == (width, layers)]
    run.found |= {
        "curves": {"sizes": by_size, "data": by_data},
        "metrics": {"loss against parameters": fitted(by_size, "parameters"),
                    "loss against tokens": fitted(by_data, "tokens"),
                    "no idea": round(math.log(len(pieces)), 4)},
        "sizes": {"pieces": len(pieces), "pieces to learn from": len(learned), "validation pieces": len(held) // 2},
        "seeds": list(plan.seeds),
        "notes": ["loss in nats a piece on every second validation window; parameters are those beside embeddings"],
    }  # fmt: skip
