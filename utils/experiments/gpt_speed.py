"""The speed ladder of GPT-2's training step: what each change of one line does, rung upon rung.

    python -m utils.experiments gpt/speed_ladder --preset gpu --device cuda

The model has the sizes of GPT-2 with 124 million parameters and reads random tokens. Each rung keeps the changes before
it. Measured are tokens a second and the share of `peak` operations a second that the model's matrix products are
(Chowdhery et al. 2022, arXiv 2204.02311, appendix B); the loss of the same first texts shows that the step still
computes the same. On a CPU only the smoke preset makes sense: it tries the rungs that a CPU has.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from utils.experiments.run import Run
from utils.experiments.speed_ladder import check, every_rung, measured, products
from utils.models.gpt import GPT, GPTConfig

RUNGS = ("float32", "TF32 products", "bf16", "fused attention", "fused AdamW", "padded vocabulary", "torch.compile",
         "larger batch")  # fmt: skip


@dataclass(frozen=True)
class GPTLadder:
    """Sizes of GPT-2; `batch` texts as long as the context; `peak` operations a second in bf16, from the data sheet.

    An H100 SXM has 989e12 (dense); without a peak no share is computed.
    """

    width: int = 768
    heads: int = 12
    layers: int = 12
    vocabulary: int = 50_257
    context: int = 1_024
    batch: int = 8
    steps: int = 20
    rungs: tuple[str, ...] = RUNGS
    peak: float | None = None

    def __post_init__(self) -> None:
        check(self.rungs, RUNGS)


def sizes(plan: GPTLadder, rungs: tuple[str, ...]) -> tuple[GPTConfig, int]:
    """The model's sizes and the texts in a batch on top of these rungs."""
    vocabulary = -(-plan.vocabulary // 64) * 64 if "padded vocabulary" in rungs else plan.vocabulary
    config = GPTConfig(vocabulary, plan.context, plan.layers, plan.heads, plan.width, pad=-1)
    return config, plan.batch * (4 if "larger batch" in rungs else 1)


def operations(config: GPTConfig, batch: int) -> int:
    """Multiplications and additions of one training step, 2 a multiplication, three times the way there.

    6 for each weight of a matrix product and token, and 12 T D for each layer and token in attention, whose full square
    is counted although a causal mask hides half of it. Left out: softmax, norms, embeddings, optimizer.
    """
    weights = 12 * config.layers * config.width**2 + config.vocabulary * config.width
    return (6 * weights + 12 * config.layers * config.context * config.width) * config.context * batch


def climb(plan: GPTLadder, rungs: tuple[str, ...], device: str) -> dict[str, Any]:
    """Train some steps on top of these rungs: first loss, tokens a second, share of the peak."""
    torch.manual_seed(0)
    config, count = sizes(plan, rungs)
    draw = torch.Generator().manual_seed(0)
    text = torch.randint(0, plan.vocabulary, (count, plan.context + 1), generator=draw).to(device)
    model: nn.Module = GPT(config).to(device)
    fused: dict[str, Any] = {"fused": True} if "fused AdamW" in rungs else {}
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, **fused)
    if "torch.compile" in rungs:
        model = torch.compile(model)  # type: ignore[assignment]

    def step() -> float:
        optimizer.zero_grad(set_to_none=True)
        # Until this rung the library writes the whole square of the weights out, as the equation says.
        written_out = nullcontext() if "fused attention" in rungs else sdpa_kernel(SDPBackend.MATH)
        with products(rungs, device), written_out:
            loss = next_token(model, text)
            loss.backward()
        optimizer.step()
        return float(loss.detach())  # waits for the device

    work = operations(config, count)
    return {"rung": rungs[-1]} | measured(step, plan.steps, count * plan.context, work, plan.peak)


def next_token(model: nn.Module, text: Tensor) -> Tensor:
    """The loss of whole texts (B, T + 1), without padding."""
    return F.cross_entropy(model(text[:, :-1]).flatten(0, 1).float(), text[:, 1:].flatten())


def speed_ladder(run: Run) -> None:
    """The ladder of GPT-2."""
    every_rung(run, climb)
