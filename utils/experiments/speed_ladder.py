"""The speed ladder: what each change of one line does to the training step of a Transformer, rung upon rung.

    python -m utils.experiments speed_ladder/transformer --preset gpu --device cuda

Each rung keeps the changes before it. Measured are target tokens a second and the share of `peak` operations a second
that the step's matrix products reach (`lab_hardware.operations`); the loss of the same first batch shows that the
step still computes the same. On a CPU only the smoke preset makes sense: it tries the rungs that a CPU has.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from utils import runtime
from utils.experiments.lab_hardware import operations
from utils.experiments.run import Run
from utils.models.transformer import Transformer, TransformerConfig
from utils.training.losses import TranslationLoss

RUNGS = ("float32", "TF32 products", "bf16", "fused AdamW", "padded vocabulary", "torch.compile", "larger batch")


def check(rungs: tuple[str, ...], known: tuple[str, ...]) -> None:
    """Refuse rungs that a ladder does not have."""
    if unknown := [name for name in rungs if name not in known]:
        raise ValueError(f"rungs {unknown} are unknown; there are: {', '.join(known)}")


@dataclass(frozen=True)
class Ladder:
    """Sizes of the paper's base model; `words` on each side, `batch` sentences; `peak` operations a second in bf16.

    `peak` is that of the card in its data sheet (an H100 SXM: 989e12, dense); without it no share is computed.
    """

    width: int = 512
    heads: int = 8
    layers: int = 6
    feed_forward: int = 2048
    vocabulary: int = 37_001
    words: int = 64
    batch: int = 128
    steps: int = 30
    rungs: tuple[str, ...] = RUNGS
    peak: float | None = None

    def __post_init__(self) -> None:
        check(self.rungs, RUNGS)


def sizes(plan: Ladder, rungs: tuple[str, ...]) -> tuple[TransformerConfig, int]:
    """The model's sizes and the sentences in a batch on top of these rungs."""
    vocabulary = -(-plan.vocabulary // 64) * 64 if "padded vocabulary" in rungs else plan.vocabulary
    config = TransformerConfig(
        vocabulary, vocabulary, plan.width, plan.heads, plan.layers, plan.feed_forward, shared=True
    )
    return config, plan.batch * (4 if "larger batch" in rungs else 1)


def batch(plan: Ladder, count: int, device: str) -> tuple[Tensor, Tensor]:
    """Random sentences of the same length on both sides: the first ones are the same whatever the rung."""
    draw = torch.Generator().manual_seed(0)
    source, target = (torch.randint(4, plan.vocabulary, (count, plan.words), generator=draw) for _ in range(2))
    return source.to(device), target.to(device)


@contextmanager
def products(rungs: tuple[str, ...], device: str) -> Iterator[None]:
    """The precision of matrix products on these rungs, and what it was before afterwards."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high" if "TF32 products" in rungs else "highest")
    try:
        with torch.autocast(device, torch.bfloat16, enabled="bf16" in rungs):
            yield
    finally:
        torch.set_float32_matmul_precision(before)


def measured(step: Callable[[], float], steps: int, tokens: int, work: int, peak: float | None) -> dict[str, float]:
    """The first loss of a training step, and from `steps` further ones, after two to warm up, its time and speed.

    A step trains on `tokens` and needs `work` operations; with a `peak` of them a second also the share of it is found.
    """
    first = step()
    for _ in range(2):
        step()
    began = time.perf_counter()
    for _ in range(steps):
        step()
    seconds = (time.perf_counter() - began) / steps
    row = {"first loss": round(first, 4), "milliseconds": round(1000 * seconds, 2)}
    row["tokens a second"] = round(tokens / seconds)
    if peak:
        row["share of the peak"] = round(work / seconds / peak, 4)
    return row


def every_rung(run: Run, climb: Callable[[Any, tuple[str, ...], str], dict[str, Any]]) -> None:
    """Climb a ladder rung by rung, and keep what each gave."""
    plan, device = run.settings, runtime.device(run.device).type
    rows = run.memory.setdefault("rows", [])
    for k in range(len(rows), len(plan.rungs)):
        rows.append(climb(plan, plan.rungs[: k + 1], device))
        run.remember()
    run.found["curves"] = {"rungs": rows}
    run.found["sizes"] = asdict(plan)


def climb(plan: Ladder, rungs: tuple[str, ...], device: str) -> dict[str, Any]:
    """Train some steps on top of these rungs: first loss, tokens a second, share of the peak."""
    torch.manual_seed(0)
    config, count = sizes(plan, rungs)
    model: nn.Module = Transformer(config).to(device)
    fused: dict[str, Any] = {"fused": True} if "fused AdamW" in rungs else {}
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, **fused)
    if "torch.compile" in rungs:
        model = torch.compile(model)  # type: ignore[assignment]
    data, loss = batch(plan, count, device), TranslationLoss()

    def step() -> float:
        optimizer.zero_grad(set_to_none=True)
        with products(rungs, device):
            mean, _ = loss(model, data)
        mean.backward()
        optimizer.step()
        return float(mean.detach())  # waits for the device

    work = operations(config, plan.words, plan.words, count)
    return {"rung": rungs[-1]} | measured(step, plan.steps, count * plan.words, work, plan.peak)


def transformer(run: Run) -> None:
    """The ladder of the encoder-decoder."""
    every_rung(run, climb)


EXPERIMENTS = {"transformer": transformer}
PRESETS = {
    "transformer": {
        "smoke": Ladder(16, 2, 1, 16, 101, 6, 4, 2, ("float32", "TF32 products", "bf16", "padded vocabulary")),
        "gpu": Ladder(peak=989e12),
    }
}
