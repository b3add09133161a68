"""What a second process brings, and what it costs, on this machine: one step of a GPT, timed three ways.

    python -m utils.experiments scaling/processes --preset cpu --device cpu

The same training on one process, on two that keep all weights each, and on two that keep half of them each (FSDP). The
batch is the same in all, so two processes read half of it each. The ways take turns, round by round, since a machine is
not equally fast at all times.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from utils.experiments.run import Run

FSDP = Path(__file__).parent / "launch/fsdp.yaml"
LAUNCHERS = {  # way -> processes, and how they are started
    "one process": (1, ()),
    "two processes": (2, ("torch.distributed.run", "--standalone", "--nproc-per-node", "2")),
    "two processes, sharded": (
        2, ("accelerate.commands.launch", "--config_file", str(FSDP), "--main_process_port", "0"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Processes:
    """Sizes of the GPT; `batch` windows of `context` tokens a step; so many steps are measured in each round."""

    width: int = 256
    layers: int = 4
    heads: int = 4
    context: int = 128
    vocabulary: int = 8_000
    batch: int = 16
    skipped: int = 2
    steps: int = 6
    rounds: int = 5


def launched(command: Sequence[str], plan: Processes, file: Path) -> dict[str, Any]:
    """Start the processes of one way, wait for them, and read what the first one measured."""
    start = [sys.executable, "-m", *command, *(["-m"] if command else [])]
    module = [*start, "utils.experiments._timed_steps", json.dumps(asdict(plan)), str(file)]
    done = subprocess.run(module, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(module)} failed:\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(file.read_text())
    file.unlink()
    return found


def row(way: str, rounds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One way over all rounds: the median step of each round, and of these the median, the lowest and the highest."""
    speeds = [1 / statistics.median(one["seconds"]) for one in rounds]
    return {
        "way": way,
        "processes": LAUNCHERS[way][0],
        "steps a second": round(statistics.median(speeds), 3),
        "lowest": round(min(speeds), 3),
        "highest": round(max(speeds), 3),
        "processor seconds a step": round(statistics.median(one["processor"] for one in rounds), 3),
        "bytes a parameter": round(rounds[0]["bytes"] / rounds[0]["parameters"], 2),
        "loss": round(rounds[0]["loss"], 5),
    }


def processes(run: Run) -> None:
    """Time all ways in turns."""
    plan: Processes = run.settings
    found = run.memory.setdefault("rounds", {way: [] for way in LAUNCHERS})
    for number in range(plan.rounds):
        for way, (_, command) in LAUNCHERS.items():
            if len(found[way]) == number:
                found[way].append(launched(command, plan, run.folder / "steps.json"))
                run.remember()
    rows = [row(way, found[way]) for way in LAUNCHERS]
    against = {
        f"{way}, speed against one process": sorted(
            round(statistics.median(one["seconds"]) / statistics.median(other["seconds"]), 3)
            for one, other in zip(found["one process"], found[way], strict=True)
        )
        for way in list(LAUNCHERS)[1:]
    }
    summing = [one["all_reduce"] for one in found["two processes"]]
    run.found |= {
        "sizes": {"parameters": found["one process"][0]["parameters"], "tokens a step": plan.batch * plan.context},
        "metrics": {
            **{f"{name}, median": statistics.median(values) for name, values in against.items()},
            **{f"{name}, range": [values[0], values[-1]] for name, values in against.items()},
            "seconds to sum all gradients once": round(statistics.median(summing), 4),
        },
        "curves": {"ways": rows},
        "notes": [
            "a round's ratio compares steps timed within minutes of each other",
            "single precision, AdamW, random tokens, one thread a process, gloo within one machine; no GPU",
        ],
    }


EXPERIMENTS = {"processes": processes}
PRESETS = {
    "processes": {
        "smoke": Processes(16, 2, 2, 16, 100, 4, skipped=1, steps=2, rounds=1),
        "cpu": Processes(),
    }
}
