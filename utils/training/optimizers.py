"""AdamW with the usual exceptions from weight decay, and Muon for hidden matrices beside it.

Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization" (arXiv 1711.05101). Jordan 2024, "Muon: An optimizer
for hidden layers in neural networks". Liu et al. 2025, "Muon is Scalable for LLM Training" (arXiv 2502.16982). Both are
torch's; what is here decides which parameter belongs to which. Left out on purpose: Muon on each of the joined query,
key and value matrices by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Muon, Optimizer

Groups = Iterable[nn.Parameter] | Iterable[dict[str, Any]]


def decay_groups(parameters: Groups, decay: float) -> list[dict[str, Any]]:
    """Split parameters, or each group of them, in two: matrices decay, vectors (biases, gains) do not.

    A group keeps what else it says, such as its rate. A decay pulls towards 0, which means nothing special for a gain
    or a bias (Radford et al. 2018, section 4.1: "on all non bias or gain weights").
    """
    if decay < 0:
        raise ValueError(f"decay {decay} must be at least 0")
    given = list(parameters)
    groups = [g if isinstance(g, dict) else {"params": [g]} for g in given]
    if not any(isinstance(g, dict) for g in given):
        groups = [{"params": given}]
    split = []
    for group in groups:
        members = list(group["params"])
        split.append({**group, "params": [p for p in members if p.ndim >= 2], "weight_decay": decay})
        split.append({**group, "params": [p for p in members if p.ndim < 2], "weight_decay": 0.0})
    return [group for group in split if group["params"]]


def adamw(
    parameters: Groups, rate: float, decay: float = 0.01, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8
) -> AdamW:
    """AdamW over parameters, or over groups with rates of their own; only matrices decay."""
    return AdamW(decay_groups(parameters, decay), lr=rate, betas=betas, eps=eps)


def hidden_matrices(model: nn.Module, outer: Sequence[str] = ()) -> list[nn.Parameter]:
    """The matrices between the layers: all that have two dimensions, but no embeddings, and nothing in `outer`.

    `outer` names the modules or parameters that read or write words, such as an output layer; a layer that is tied to
    an embedding is known by it. ValueError for a name that fits no parameter.
    """
    embeddings = {id(p) for module in model.modules() if isinstance(module, nn.Embedding) for p in module.parameters()}
    names = [name for name, _ in model.named_parameters(remove_duplicate=False)]
    for part in outer:
        if not any(_within(name, part) for name in names):
            raise ValueError(f"outer {part!r} is no part of this model, whose parameters are {', '.join(names)}")
    return [
        p
        for name, p in model.named_parameters()
        if p.ndim == 2 and id(p) not in embeddings and not any(_within(name, part) for part in outer)
    ]


class MuonAdamW(Optimizer):
    """Muon for the hidden matrices of a model, AdamW for the rest, as one optimizer with one rate.

    Muon's steps are scaled to the size of AdamW's (Liu et al., equation 4), so that both take the same rate and decay.
    """

    def __init__(
        self,
        model: nn.Module,
        rate: float,
        decay: float = 0.01,
        outer: Sequence[str] = (),
        betas: tuple[float, float] = (0.9, 0.95),
        momentum: float = 0.95,
    ):
        matrices = hidden_matrices(model, outer)
        if not matrices:
            raise ValueError(f"{type(model).__name__} has no hidden matrix: take adamw()")
        taken = {id(p) for p in matrices}
        rest = [p for p in model.parameters() if id(p) not in taken]
        muon = Muon(matrices, rate, decay, momentum, adjust_lr_fn="match_rms_adamw")
        self.parts: list[Optimizer] = [muon, *([adamw(rest, rate, decay, betas)] if rest else [])]
        super().__init__([group for part in self.parts for group in part.param_groups], {})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step of both; rates and state are this optimizer's, also after a checkpoint was loaded."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        begin = 0
        for part in self.parts:
            end = begin + len(part.param_groups)
            part.param_groups, part.state, begin = self.param_groups[begin:end], self.state, end
            part.step()
        return loss


def minimise(weights: Iterable[Tensor], loss: Callable[[], Tensor], steps: int) -> None:
    """Find the weights with the smallest loss by full-batch L-BFGS: for convex problems, such as a probe."""
    optimizer = torch.optim.LBFGS(weights, max_iter=steps, line_search_fn="strong_wolfe")

    def closure() -> float:
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value  # type: ignore[return-value]  # L-BFGS takes the tensor as well

    optimizer.step(closure)


def _within(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}.")
