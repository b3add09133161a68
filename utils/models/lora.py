"""LoRA: tune a model by adding a product of two thin matrices to a frozen one.

Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models" (arXiv 2106.09685), section 4.1: h = W x + (alpha
/ r) B A x, where W stays as it was, A (r, in) starts at random and B (out, r) at zero. So training begins with the
model as it is, and ends with r (in + out) new numbers for each matrix instead of in * out. Left out on purpose:
dropout in front of A.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Module = TypeVar("Module", bound=nn.Module)


class LoRALinear(nn.Module):
    """A frozen linear map with a trainable one of rank r beside it."""

    def __init__(self, frozen: nn.Linear, rank: int, alpha: float):
        super().__init__()
        if not 1 <= rank <= min(frozen.weight.shape):
            raise ValueError(
                f"rank {rank} must be from 1 to {min(frozen.weight.shape)}, the smaller side of the matrix"
            )
        self.frozen = frozen.requires_grad_(False)
        self.scale = alpha / rank
        self.A = nn.Parameter(torch.randn(rank, frozen.in_features) * frozen.in_features**-0.5)
        self.B = nn.Parameter(torch.zeros(frozen.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        """x (..., in) -> (..., out), by way of (..., r)."""
        return self.frozen(x) + self.scale * F.linear(F.linear(x, self.A), self.B)

    @torch.no_grad()
    def merged(self) -> nn.Linear:
        """One linear map that gives the same: W + (alpha / r) B A. It costs no more than W did."""
        linear = copy.deepcopy(self.frozen)
        linear.weight += self.scale * self.B @ self.A
        return linear


def with_lora(model: Module, names: Sequence[str], rank: int, alpha: float = 16.0) -> Module:
    """A copy of `model` in which each linear map of one of these names has a LoRA beside it, and nothing else trains.

    `names` are the last parts of the modules' names, such as "c_attn". ValueError if no linear map is called so.
    """
    model = copy.deepcopy(model).requires_grad_(False)
    found = [
        name for name, part in model.named_modules() if isinstance(part, nn.Linear) and name.split(".")[-1] in names
    ]
    if not found:
        raise ValueError(f"no linear map is called {' or '.join(map(repr, names)) or 'by an empty list'}")
    for name in found:
        linear = model.get_submodule(name)
        assert isinstance(linear, nn.Linear)
        model.set_submodule(name, LoRALinear(linear, rank, alpha))
    return model


def merged(model: Module) -> Module:
    """A copy of `model` with every LoRA added into its matrix: the same outputs, the old shape."""
    model = copy.deepcopy(model)
    for name, part in list(model.named_modules()):
        if isinstance(part, LoRALinear):
            model.set_submodule(name, part.merged())
    return model


def trained(model: nn.Module) -> int:
    """How many numbers training may change."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
