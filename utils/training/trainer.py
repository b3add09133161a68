"""One training loop for every model, as a generator: the caller's `for` stays open.

    for step in fit(model, loss, batches, optimizer, Plan(epochs=10), memory):
        if step.ends_epoch:
            memory["validation"].append(evaluate(model))

`loss(model, batch)` returns the mean over the real tokens of a batch and their number; the loop weights
everything by tokens, so that accumulation, halved batches and several processes give the gradient of the whole
batch. Device, precision and processes are `accelerate`'s business. With a checkpoint folder, a run that is killed
at any step and started again ends with the same weights.
"""

from __future__ import annotations

import json
import os
import shutil
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from utils import runtime
from utils.training import sharding

Batch = tuple[Tensor, ...]
Loss = Callable[[Any, Batch], tuple[Tensor, int]]


class Batches(Protocol):
    """Batches that are a fixed function of the epoch's number."""

    def __len__(self) -> int:
        """Batches in an epoch."""

    def epoch(self, number: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of an epoch, from batch `skip` on."""


@dataclass(frozen=True)
class Plan:
    """How long to train, and how: `steps` ends a run before its epochs do; `every` is the checkpoint's period."""

    epochs: int = 1
    steps: int | None = None
    clip: float | None = 1.0
    accumulate: int = 1
    device: str | None = None
    precision: str | None = None
    checkpoint: Path | None = None
    every: int = 500

    def __post_init__(self) -> None:
        for name in ("epochs", "steps", "accumulate", "every"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} {value} must be at least 1")
        if self.clip is not None and not self.clip > 0:
            raise ValueError(f"clip {self.clip} must be above 0; None does not clip")
        if self.precision not in (None, "no", "bf16", "fp16"):
            raise ValueError(f"precision {self.precision!r} must be 'no', 'bf16', 'fp16' or None")


@dataclass(frozen=True)
class Step:
    """What one optimizer step saw: mean loss in nats a token, real tokens, learning rate, norm of the gradient."""

    number: int
    epoch: int
    loss: float
    tokens: int
    learning_rate: float
    gradient_norm: float
    ends_epoch: bool


def fit(
    model: nn.Module,
    loss: Loss,
    batches: Batches,
    optimizer: Optimizer,
    plan: Plan,
    memory: dict[str, Any] | None = None,
    scheduler: LRScheduler | None = None,
) -> Iterator[Step]:
    """Train in place and yield after every optimizer step.

    `memory` is the caller's notebook (JSON values): it is saved with each checkpoint and filled again on resume.
    """
    from tqdm.auto import tqdm

    memory = {} if memory is None else memory
    accelerator = _accelerator(plan)
    whole = sharding.Whole(model, accelerator.distributed_type == "FSDP")
    wrapped, optimizer = accelerator.prepare(model, optimizer)
    scheduler = scheduler and accelerator.prepare(scheduler)
    whole.offer()
    if accelerator.process_index:  # each process drops other units
        torch.manual_seed(torch.initial_seed() + accelerator.process_index)
    position = _resume(accelerator, plan, memory)
    per_epoch = -(-len(batches) // plan.accumulate)
    total = min(plan.epochs * per_epoch, plan.steps or plan.epochs * per_epoch)
    bar = tqdm(total=total, initial=position, unit="step", disable=runtime.static() or not accelerator.is_main_process)
    engine = _Engine(accelerator, wrapped, loss, optimizer, scheduler, plan.clip, memory)
    with bar, _as_it_was(accelerator, wrapped, whole):
        while position < total:
            epoch, within = divmod(position, per_epoch)
            stream = batches.epoch(epoch, within * plan.accumulate)
            while position < total and (group := list(islice(stream, plan.accumulate))):
                wrapped.train()
                began = time.perf_counter()
                mean, tokens, norm, rate = engine.step(group)
                position += 1
                bar.set_postfix(loss=f"{mean:.3f}", tokens_per_s=round(tokens / (time.perf_counter() - began)))
                bar.update()
                yield Step(position, epoch, mean, tokens, rate, norm, position % per_epoch == 0)
                if plan.checkpoint and (position % plan.every == 0 or position == total):
                    _save(accelerator, plan.checkpoint, position, memory)


def _accelerator(plan: Plan) -> Any:
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState

    # accelerate keeps the device and precision of a process's first run for all that follow; each run has its own.
    AcceleratorState._reset_state(reset_partial_state=True)
    device = runtime.device(plan.device)
    precision = plan.precision or runtime.precision(device)
    made = Accelerator(cpu=device.type == "cpu", mixed_precision=precision, step_scheduler_with_optimizer=False)
    sharding.set_up(made)
    return made


@contextmanager
def _as_it_was(accelerator: Any, wrapped: nn.Module, whole: sharding.Whole) -> Iterator[None]:
    """Give the model its own forward back afterwards: accelerate wraps it for mixed precision."""
    try:
        yield
        whole.put_back()  # together; not after an error, which the other processes may not have met
    finally:
        accelerator.unwrap_model(wrapped, keep_fp32_wrapper=False)


@dataclass
class _Engine:
    """One optimizer step over a group of micro-batches."""

    accelerator: Any
    model: nn.Module
    loss: Loss
    optimizer: Any
    scheduler: LRScheduler | None
    clip: float | None
    memory: dict[str, Any]

    def step(self, group: list[Batch]) -> tuple[float, int, float, float]:
        """Gradient of the mean over all tokens of the group, clipped, applied: loss, tokens, norm, rate."""
        shared = self.accelerator
        rank, world = shared.process_index, shared.num_processes
        size = sum(batch[-1].numel() for batch in group)  # keeps half-precision gradients near 1
        parts = [_share(tuple(column.to(shared.device) for column in batch), rank, world) for batch in group]
        total, tokens = shared.reduce(self._gradients(parts, size), "sum").tolist()
        if not tokens:
            raise ValueError("a batch has no token to learn from: each needs at least one")
        # backward() summed over tokens and took the mean over processes: make it the mean over all tokens.
        for parameter in self.model.parameters():
            if parameter.grad is not None:
                parameter.grad.mul_(world * size / tokens)
        norm = float(shared.clip_grad_norm_(self.model.parameters(), self.clip or torch.inf))
        rate = self.optimizer.param_groups[0]["lr"]
        self.optimizer.step()
        if self.scheduler is not None and not shared.optimizer_step_was_skipped:
            self.scheduler.step()
        return total / tokens, int(tokens), norm, rate

    def _gradients(self, parts: list[tuple[Batch, bool]], size: int) -> Tensor:
        """Sum of losses and number of tokens of the micro-batches; what does not fit the device is halved."""
        pieces = self.memory.get("pieces", 1)
        cut = [(zip(*(column.chunk(pieces) for column in rows), strict=True), counts) for rows, counts in parts]
        chunks = [(chunk, counts) for some, counts in cut for chunk in some]
        self.optimizer.zero_grad(set_to_none=True)
        sums = torch.zeros(2, device=self.accelerator.device)
        try:
            for i, (chunk, counts) in enumerate(chunks):
                last = i == len(chunks) - 1
                with nullcontext() if last else self.accelerator.no_sync(self.model):
                    mean, tokens = self.loss(self.model, chunk)
                    tokens *= counts
                    self.accelerator.backward(mean * (tokens / size))
                sums += torch.stack([mean.detach().float() * tokens, sums.new_tensor(tokens)])
            return sums
        except torch.OutOfMemoryError:
            rows = max(len(batch[0]) for batch, _ in parts)
            # The other processes wait for this one's gradients, which would now come in other pieces than theirs.
            if pieces >= rows or self.accelerator.num_processes > 1:
                raise
        torch.cuda.empty_cache()
        self.memory["pieces"] = 2 * pieces
        warnings.warn(f"a batch of {rows} rows does not fit: going on with {2 * pieces} pieces of it", stacklevel=2)
        return self._gradients(parts, size)


def _share(batch: Batch, rank: int, world: int) -> tuple[Batch, bool]:
    """The rows of one process, and whether they count: all must take part, so one that gets none lends the first."""
    counts = rank < len(batch[0])
    return tuple(column[rank::world] if counts else column[:1] for column in batch), counts


def _save(accelerator: Any, folder: Path, position: int, memory: dict[str, Any]) -> None:
    """Write checkpoint `step-N` beside the last one, then drop the last one: a kill at any moment leaves one whole."""
    whole, part = folder / f"step-{position:08d}", folder / "part"
    if accelerator.is_main_process:
        shutil.rmtree(part, ignore_errors=True)  # left over by a kill
    accelerator.wait_for_everyone()
    accelerator.save_state(str(part))
    accelerator.wait_for_everyone()  # each process has written its random state
    if accelerator.is_main_process:
        (part / "memory.json").write_text(json.dumps({"position": position, "memory": memory}))
        older = _checkpoints(folder)
        os.replace(part, whole)
        for path in older:
            shutil.rmtree(path)
    accelerator.wait_for_everyone()


def _resume(accelerator: Any, plan: Plan, memory: dict[str, Any]) -> int:
    """Load the newest whole checkpoint, if there is one: the number of steps it has done. Executes nothing in it."""
    from accelerate.utils import load

    if not plan.checkpoint or not (found := _checkpoints(plan.checkpoint)):
        return 0
    # load_state() goes on in silence, with other random numbers, where this file cannot be read.
    load(found[-1] / f"random_states_{accelerator.process_index}.pkl")
    accelerator.load_state(str(found[-1]))
    saved = json.loads((found[-1] / "memory.json").read_text())
    memory.update(saved["memory"])
    return int(saved["position"])


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("step-*") if path.is_dir())
