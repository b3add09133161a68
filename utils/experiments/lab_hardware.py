"""What the Transformer costs: operations, time, memory, and what a second of computing buys.

    python -m utils.experiments lab_hardware/speed
    python -m utils.experiments lab_hardware/race

`speed` times training steps of all three translators against the length of the sentence, attention alone up to 4,096
words in two ways, and how many operations a second the machine reaches at three widths. `race` gives every model the
same seconds of training. Operations are counted by the formula in `operations`; chain and memory by `lab_costs`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from utils import runtime
from utils.experiments import lab_costs
from utils.experiments.lab_transformer import BUILDS, TransformerSettings
from utils.experiments.lab_translation import Data, Settings, build_seq2seq, by_length, prepare, train
from utils.experiments.run import Run
from utils.models.attention import scaled_dot_product_attention
from utils.models.transformer import EncoderLayer, TransformerConfig

CHAPTERS = {"speed": "05", "race": "05"}
MODELS: dict[str, Callable[..., Any]] = {
    "one vector": build_seq2seq,
    "attention": BUILDS["attention"],
    "Transformer": BUILDS["Transformer"],
}
PAPER = TransformerConfig(37_000, 37_000, width=512, heads=8, layers=6, feed_forward=2048, shared=True)
PAPER_TOKENS, PAPER_STEPS = 25_000, 100_000  # of each language in a batch, and steps (sections 5.1 and 5.2)


def operations(config: TransformerConfig, source: int, target: int, batch: int = 1) -> int:
    """Multiplications and additions of one training step: 2 a multiplication, three times the way there.

    Counted are all matrix products, `batch` sentences of `source` and `target` words. The way back costs twice the way
    there, since it asks for the gradient of both factors. Left out: softmax, norms, embeddings, optimizer.
    """
    D, F, S, T = config.width, config.feed_forward, source, target
    encoder = 4 * S * D * D + 2 * S * S * D + 2 * S * D * F
    decoder = 6 * T * D * D + 2 * S * D * D + 2 * T * T * D + 2 * T * S * D + 2 * T * D * F
    products = config.layers * (encoder + decoder) + T * D * config.target_vocabulary
    return 3 * 2 * products * batch


def explicit(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention as the equation says, with the square of all weights written out."""
    return scaled_dot_product_attention(query, key, value)[0]


ATTENTIONS: dict[str, Callable[..., Tensor]] = {
    "written out": explicit,
    "fused": torch.nn.functional.scaled_dot_product_attention,
}


def attend(kind: str, words: int, width: int = 64, device: str = "cpu") -> Callable[[], None]:
    """Forward and backward of one head of attention over one sentence, ready to be timed."""
    draw = torch.Generator().manual_seed(words)
    query, key, value = (torch.randn(1, 1, words, width, generator=draw).to(device).requires_grad_() for _ in range(3))
    return lambda: ATTENTIONS[kind](query, key, value).sum().backward()


def held(kind: str, words: int) -> int:
    """Bytes that one head of attention of width 64 keeps for the way back."""
    query, key, value = (torch.randn(1, 1, words, 64, requires_grad=True) for _ in range(3))
    return lab_costs.saved(lambda: ATTENTIONS[kind](query, key, value))


def exponent(words: Sequence[float], cost: Sequence[float]) -> float:
    """b of cost = a * words^b, by least squares of the logarithms."""
    return float(np.polyfit(np.log(words), np.log(cost), 1)[0])


def interval(words: Sequence[float], rounds: Sequence[Sequence[float]]) -> dict[str, float]:
    """The exponent of the mean over rounds (rounds x lengths), and 95 % of those of rounds drawn with replacement."""
    table, draw = np.array(rounds), np.random.default_rng(0)
    some = [exponent(words, table[draw.integers(len(table), size=len(table))].mean(axis=0)) for _ in range(2000)]
    low, high = np.percentile(some, [2.5, 97.5])
    return {"exponent": exponent(words, table.mean(axis=0)), "low": float(low), "high": float(high)}


def seconds(work: Callable[[], Any], device: str = "cpu") -> float:
    """Processor time of `work` on a CPU; on a GPU the time until it has finished."""
    if device == "cpu":
        began = time.process_time()
        work()
        return time.process_time() - began
    torch.cuda.synchronize()
    began = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return time.perf_counter() - began


@dataclass(frozen=True)
class Speed:
    """Lengths in words; `tokens` is how many target words a timed batch has, whatever their length."""

    lengths: tuple[int, ...] = (8, 16, 32, 64, 128, 256)
    tokens: int = 1024
    alone: tuple[int, ...] = (512, 1024, 2048, 4096)
    widths: tuple[int, ...] = (64, 256, 512)
    rounds: int = 5


def steps_by_length(plan: Speed, device: str) -> list[dict[str, Any]]:
    """Milliseconds of a training step of each model on equally many words, in short sentences or in long ones."""
    settings = TransformerSettings()
    data = prepare(settings)
    models = {name: build(settings, data).to(device) for name, build in MODELS.items()}
    rows = []
    for words in plan.lengths:
        batch = max(1, plan.tokens // words)
        for name, model in models.items():
            source, target = (ids.to(device) for ids in lab_costs.sentences(model, words, batch))

            def work(model: nn.Module = model, source: Tensor = source, target: Tensor = target) -> None:
                lab_costs.loss(model, source, target).backward()

            best = min(seconds(work, device) for _ in range(plan.rounds))
            rows.append({"model": name, "words": words, "sentences": batch, "milliseconds": round(1000 * best, 2)})
    return rows


def rates(plan: Speed, device: str) -> list[dict[str, Any]]:
    """Billions of operations a second that a training step of one encoder layer reaches, by its width."""
    rows = []
    for width in plan.widths:
        config = TransformerConfig(4, 4, width=width, heads=width // 64, feed_forward=4 * width)
        layer = EncoderLayer(config).to(device)
        x, visible = (
            torch.randn(16, 32, width, device=device),
            torch.ones(16, 1, 1, 32, dtype=torch.bool, device=device),
        )
        work = 3 * 2 * 16 * (4 * 32 * width**2 + 2 * 32 * 32 * width + 2 * 32 * width * 4 * width)

        def step(layer: EncoderLayer = layer, x: Tensor = x, visible: Tensor = visible) -> None:
            layer(x, visible).sum().backward()

        step()
        best = min(seconds(step, device) for _ in range(plan.rounds))
        rows.append({"width": width, "operations": work, "billions a second": round(work / best / 1e9, 2)})
    return rows


def speed(run: Run) -> None:
    """Time everything on the run's device."""
    plan: Speed = run.settings
    device = runtime.device(run.device).type
    alone, fitted = [], {}
    for kind in ATTENTIONS:
        jobs = [attend(kind, words, device=device) for words in plan.alone]
        for job in jobs:
            job()
        table = [[seconds(job, device) for job in jobs] for _ in range(plan.rounds)]
        fitted[kind] = interval(plan.alone, table)
        alone += [
            {"attention": kind, "words": words, "milliseconds": round(1000 * float(np.mean(column)), 2)}
            for words, column in zip(plan.alone, zip(*table, strict=True), strict=True)
        ]
    run.found["curves"] = {
        "attention alone": alone,
        "steps": steps_by_length(plan, device),
        "rates": rates(plan, device),
    }
    run.found["metrics"] = {"exponents": fitted}
    run.found["sizes"] = asdict(plan)


@dataclass(frozen=True)
class Race:
    """`budget` seconds of processor time for every model and seed, on sentences of trained lengths.

    How many steps fit is found by `trial` steps, of which the first quarter is not counted.
    """

    budget: float = 20.0
    base: TransformerSettings = field(default_factory=TransformerSettings)
    seeds: tuple[int, ...] = (0, 1, 2)
    edges: tuple[int, ...] = (3, 11, 26)
    trial: int = 40


def race(run: Run) -> None:
    """Train each model for the same time: its rate falls to zero within the steps that fit."""
    plan: Race = run.settings
    rows = run.memory.setdefault("rows", [])
    for seed in plan.seeds:
        data = prepare(plan.base, seed)
        for name, build in MODELS.items():
            if any((row["seed"], row["model"]) == (seed, name) for row in rows):
                continue
            clock = _trained(build, plan.base, data, seed, plan.trial)[1][plan.trial // 4 :]
            steps = max(plan.trial, round(plan.budget / ((clock[-1] - clock[0]) / (len(clock) - 1))))
            model, clock = _trained(build, plan.base, data, seed, steps)
            mark = {"model": name, "seed": seed, "steps": steps, "seconds": round(clock[-1] - clock[0], 1)}
            rows.extend(mark | row for row in by_length(model, data, plan.edges))
            run.remember()
    run.found["curves"] = {"by length": rows}
    run.found["sizes"] = asdict(plan.base) | {"seconds for each": plan.budget}
    run.found["seeds"] = list(plan.seeds)


def _trained(build: Callable[..., Any], base: Settings, data: Data, seed: int, steps: int) -> tuple[Any, list[float]]:
    """A model trained for some steps, and the processor time at the end of each."""
    torch.manual_seed(seed)
    model = build(base, data)
    settings = replace(base, steps=steps, warmup=max(1, steps // 10))
    return model, [time.process_time() for _ in train(model, data.encode(data.train), settings, seed)]


EXPERIMENTS: dict[str, Any] = {"speed": speed, "race": race}
_TINY = TransformerSettings(pairs=100, tests=400, hidden=8, width=8, heads=2, layers=1, feed_forward=8, batch=8)
PRESETS: dict[str, dict[str, Any]] = {
    "speed": {
        "smoke": Speed((3, 6), 12, (16, 32), (64,), 2),
        "cpu": Speed(),
        "gpu": Speed(tokens=16_384, alone=(512, 1024, 2048, 4096, 8192), widths=(64, 256, 512, 1024), rounds=20),
    },
    "race": {"smoke": Race(0.1, _TINY, (0,), trial=4), "cpu": Race()},
}
