"""One of the processes that `scaling/processes` starts: it trains some steps and writes down what they took.

    torchrun --nproc-per-node 2 -m utils.experiments._timed_steps SETTINGS FILE

SETTINGS are those of the experiment as JSON. The first process writes FILE: seconds of each step by the clock, seconds
of its own processor time a step, bytes that it keeps for weights, gradients and optimizer, and the last loss.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

from utils import pretrained, runtime
from utils.data.windows import WindowBatches
from utils.experiments.scaling import Processes
from utils.models.gpt import GPT, GPTConfig
from utils.training.losses import next_token_loss
from utils.training.optimizers import adamw
from utils.training.trainer import Plan, fit


def kept(tensors: Iterable[Tensor | None]) -> int:
    """Bytes of tensors in this process, of a sharded one those of its share."""
    own = (t.to_local() if hasattr(t, "to_local") else t for t in tensors if t is not None)
    return sum(t.numel() * t.element_size() for t in own)


def all_reduce(numbers: int) -> float:
    """Seconds to sum so many numbers over all processes, the fastest of five times; 0 for one process."""
    if not torch.distributed.is_initialized():
        return 0.0
    row, found = torch.zeros(numbers), []
    for _ in range(5):
        torch.distributed.barrier()
        began = time.perf_counter()
        torch.distributed.all_reduce(row)
        found.append(time.perf_counter() - began)
    return min(found)


def measured(plan: Processes) -> dict[str, float | list[float]]:
    """Train, and measure the steps after the first ones, which are slower than the others."""
    torch.manual_seed(0)
    model = GPT(GPTConfig(plan.vocabulary, plan.context, plan.layers, plan.heads, plan.width))
    parameters = pretrained.parameters(model)
    text = torch.randint(4, plan.vocabulary, ((plan.skipped + plan.steps + 1) * plan.batch * plan.context * 2,))
    batches = WindowBatches(text, plan.context, plan.batch)
    optimizer = adamw(model.parameters(), 1e-4)
    steps = Plan(steps=plan.skipped + plan.steps, device="cpu", precision="no")
    clock, processor = [time.perf_counter()], [time.process_time()]
    loss, state = 0.0, 0
    for step in fit(model, next_token_loss, batches, optimizer, steps):
        clock.append(time.perf_counter())
        processor.append(time.process_time())
        loss = step.loss
        if step.number == plan.skipped + plan.steps:
            moments = [value for own in optimizer.state.values() for value in own.values() if value.ndim]
            state = kept([*model.parameters(), *(p.grad for p in model.parameters()), *moments])
    first = plan.skipped
    return {
        "seconds": [after - before for before, after in zip(clock[first:-1], clock[first + 1 :], strict=True)],
        "processor": (processor[-1] - processor[first]) / plan.steps,
        "bytes": state,
        "parameters": parameters,
        "loss": loss,
        "all_reduce": all_reduce(parameters),
    }


if __name__ == "__main__":
    runtime.one_thread()
    found = measured(Processes(**json.loads(sys.argv[1])))
    if runtime.process()[0] == 0:
        Path(sys.argv[2]).write_text(json.dumps(found))
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
