"""A small training run for the trainer's tests; as a script it is killed and resumed, or runs as several processes.

python training_task.py kill FOLDER          runs, kills and resumes in forked children, prints what each ended with
torchrun ... training_task.py processes      trains on all processes, prints the loss curve and the weights' sum
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from utils.data.batches import BucketedBatches
from utils.data.tokens import EOS
from utils.models.seq2seq import Seq2Seq, Seq2SeqConfig
from utils.training.losses import TranslationLoss
from utils.training.schedules import schedule, warmup_cosine
from utils.training.trainer import Plan, Step, fit

KILLS = {"in the first step": [1], "before a checkpoint": [4], "at the end of an epoch": [7], "in the second": [11],
         "at the last step": [14], "again and again": [2, 5, 6, 9, 13]}  # fmt: skip


def examples(count: int, seed: int = 0) -> list[tuple[list[int], list[int]]]:
    """Pairs of unequal length: the target is the source back to front."""
    rng = random.Random(seed)
    words = [[rng.randint(4, 11) for _ in range(rng.randint(1, 9))] for _ in range(count)]
    return [([*some, EOS], [*some[::-1], EOS]) for some in words]


def model(dropout: float = 0.0, seed: int = 0) -> Seq2Seq:
    torch.manual_seed(seed)
    return Seq2Seq(Seq2SeqConfig(12, 12, embedding=8, hidden=8, dropout=dropout))


class Listed:
    """The same batches in every epoch."""

    def __init__(self, batches: list[tuple[Tensor, ...]]):
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def epoch(self, number: int, skip: int = 0):
        yield from self.batches[skip:]


def weights(net: torch.nn.Module) -> Tensor:
    return torch.cat([value.detach().flatten() for value in net.state_dict().values()])


def train(folder: Path | None, kill: int | None = None) -> dict[str, Any]:
    """Two epochs of seven steps, a checkpoint every three, random draws by the caller: what the run ended with."""
    net, memory = model(dropout=0.3), {"losses": [], "draws": []}
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)
    plan = Plan(epochs=2, checkpoint=folder, every=3, device="cpu")
    batches = BucketedBatches(examples(55), 8)
    rates = schedule(optimizer, warmup_cosine(2, 14))
    for step in fit(net, TranslationLoss(0.1), batches, optimizer, plan, memory, rates):
        memory["losses"].append(step.loss)
        if step.ends_epoch:
            memory["draws"] += [random.random(), float(torch.rand(()))]
        if step.number == kill:
            os.kill(os.getpid(), signal.SIGKILL)
    digest = hashlib.sha256(weights(net).numpy().tobytes()).hexdigest()
    return {"weights": digest, "memory": memory, "folders": sorted(p.name for p in folder.iterdir())}


def _child(folder: Path, kill: int | None, answer: Path) -> None:
    random.seed(0)
    answer.write_text(json.dumps(train(folder, kill)))


def _forked(folder: Path, kill: int | None) -> tuple[int | None, dict[str, Any] | None]:
    answer = folder.with_suffix(".json")
    process = multiprocessing.get_context("fork").Process(target=_child, args=(folder, kill, answer))
    process.start()
    process.join()
    return process.exitcode, json.loads(answer.read_text()) if answer.exists() else None


def _import_everything() -> None:
    """What a training run imports on its way, once for all children; no gradient, which does not survive a fork."""
    from accelerate import Accelerator
    from tqdm.auto import tqdm  # noqa: F401

    Accelerator(cpu=True)
    parameter = torch.nn.Parameter(torch.zeros(1))
    parameter.grad = torch.zeros(1)
    torch.optim.AdamW([parameter]).step()


def kill_and_resume(root: Path) -> dict[str, Any]:
    """The undisturbed run, and for each of `KILLS` what a run ends with that was killed at these steps and resumed."""
    _import_everything()
    results: dict[str, Any] = {"undisturbed": _forked(root / "undisturbed", None)[1]}
    for i, (name, kills) in enumerate(KILLS.items()):
        codes = [_forked(root / f"run{i}", kill)[0] for kill in kills]
        assert codes == [-signal.SIGKILL] * len(kills), f"{name}: exit codes {codes}"
        results[name] = _forked(root / f"run{i}", None)[1]
    return results


def rows(count: int) -> Listed:
    """`count` examples in float-friendly batches of four, the last one of a single row."""
    return Listed(list(BucketedBatches(examples(count), 4).epoch(0)))


def curve(plan: Plan) -> tuple[list[Step], Tensor]:
    """Train two epochs with plain gradient descent, in double precision: every step, and the final weights."""
    net = model().double()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
    return list(fit(net, TranslationLoss(), rows(21), optimizer, plan)), weights(net)


def processes() -> None:
    """Train on all processes, twice, and let the first one print what came out, and what all drew and met besides."""
    for accumulate in (1, 2):
        steps, final = curve(Plan(epochs=2, accumulate=accumulate, device="cpu"))
        if os.environ["RANK"] == "0":
            print(json.dumps({"losses": [step.loss for step in steps], "tokens": [step.tokens for step in steps],
                              "weights": final.tolist(), "world": int(os.environ["WORLD_SIZE"])}))  # fmt: skip
    found: list[Any] = [None] * int(os.environ["WORLD_SIZE"])
    torch.distributed.all_gather_object(found, (float(torch.rand(())), without_memory()))
    if os.environ["RANK"] == "0":
        print(json.dumps({"drawn": [drawn for drawn, _ in found], "met": [met for _, met in found]}))


def without_memory() -> str:
    """What a batch that does not fit ends in."""
    net = model()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)

    def loss(net: torch.nn.Module, batch: tuple[Tensor, ...]) -> tuple[Tensor, int]:
        raise torch.OutOfMemoryError("no room")

    try:
        list(fit(net, loss, rows(21), optimizer, Plan(device="cpu")))
    except torch.OutOfMemoryError as error:
        return str(error)
    return "nothing"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    if sys.argv[1] == "kill":
        print(json.dumps(kill_and_resume(Path(sys.argv[2]))))
    else:
        processes()
