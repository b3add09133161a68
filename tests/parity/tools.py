"""What the parity tests share: random weights, differences, both precisions, training side by side, and the record.

A test calls `agree` (or `compare`, which does all at once); each call is also a row of the record `parity`, which
`python -m tests.parity.record` writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-10}
ROWS: dict[str, dict[str, Any]] = {}

Weights = dict[str, Tensor]
Export = Callable[[Mapping[str, Tensor]], Weights]

both_precisions = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])


def randomise(model: nn.Module, seed: int = 0, deviation: float = 0.2) -> nn.Module:
    """Draw all parameters from normal(0, 0.2): default values have zero biases and unit gains, which hide errors."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            # Drawn in double precision, so that both precisions see the same numbers.
            values = torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * deviation
            parameter.copy_(values)
    return model


def draw(*shape: int, dtype: torch.dtype, seed: int = 1) -> Tensor:
    """Standard normal numbers that do not depend on the precision."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def relative_difference(ours: Tensor, reference: Tensor) -> float:
    """The largest absolute difference, relative to the largest value of the reference."""
    assert ours.shape == reference.shape, f"shapes {tuple(ours.shape)} and {tuple(reference.shape)}"
    assert ours.dtype == reference.dtype, f"types {ours.dtype} and {reference.dtype}"
    if torch.equal(ours, reference):
        return 0.0
    return float((ours - reference).abs().max() / reference.abs().max())


def report(name: str, reference: str, dtype: torch.dtype, difference: float) -> None:
    """Remember the largest difference seen between a model of ours and its reference, in each precision.

    None stands where a precision was not compared.
    """
    row = ROWS.setdefault(name, {"reference": reference, "float32": None, "float64": None})
    assert row["reference"] == reference, f"{name} has two references: {row['reference']} and {reference}"
    column = str(dtype).removeprefix("torch.")
    row[column] = max(row[column] or 0.0, difference)


def agree(name: str, reference: str, ours: Tensor, theirs: Tensor) -> None:
    """Report the difference of two tensors, and fail if it is larger than rounding explains."""
    difference = relative_difference(ours.detach(), theirs.detach())
    report(name, reference, theirs.dtype, difference)
    assert difference <= TOLERANCE[theirs.dtype], f"{name} differs from {reference} by {difference:.1e}"


def loss_curve(
    loss: Callable[[], Tensor], parameters: Iterable[nn.Parameter], steps: int = 20, rate: float = 0.05
) -> Tensor:
    """The losses of so many steps of gradient descent: (steps,)."""
    # Plain descent, by hand: Adam divides by gradients near zero and would blow rounding up.
    parameters, losses = list(parameters), []
    for _ in range(steps):
        value = loss()
        gradients = torch.autograd.grad(value, parameters, allow_unused=True)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                if gradient is not None:
                    parameter -= rate * gradient
        losses.append(value.detach())
    return torch.stack(losses)


def compare(
    name: str,
    reference: str,
    ours: nn.Module,
    theirs: nn.Module,
    export: Export,
    outputs: Callable[[], list[Tensor]],
    their_outputs: Callable[[], list[Tensor]],
    rate: float = 0.05,
) -> None:
    """Outputs, gradients and a 20-step loss curve of a module and its reference, in eval and train mode.

    `export` maps a state dict of ours to one of theirs; being linear it maps gradients too. Outputs are lists of
    tensors with real positions only. The loss is the squared distance to random targets.
    """
    theirs.load_state_dict(export(ours.state_dict()))
    targets = [draw(*output.shape, dtype=output.dtype, seed=k) for k, output in enumerate(their_outputs())]

    def loss(tensors: list[Tensor]) -> Tensor:
        return torch.stack([(x - y).square().mean() for x, y in zip(tensors, targets, strict=True)]).mean()

    for train in (False, True):
        ours.train(train)
        theirs.train(train)
        for x, y in zip(outputs(), their_outputs(), strict=True):
            agree(name, reference, x, y)
        ours.zero_grad()
        theirs.zero_grad()
        loss(outputs()).backward()
        loss(their_outputs()).backward()
        mine = export({key: _gradient(p) for key, p in ours.named_parameters(remove_duplicate=False)})
        true = {key: _gradient(p) for key, p in theirs.named_parameters(remove_duplicate=False)}
        assert mine.keys() == true.keys()
        agree(name, reference, *(torch.cat([side[key].flatten() for key in sorted(true)]) for side in (mine, true)))
    curves = (
        loss_curve(lambda: loss(outputs()), ours.parameters(), rate=rate),
        loss_curve(lambda: loss(their_outputs()), theirs.parameters(), rate=rate),
    )
    assert curves[1][-1] < curves[1][0], "the reference has not learned: the curve proves nothing"
    agree(name, reference, *curves)


def _gradient(parameter: nn.Parameter) -> Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
