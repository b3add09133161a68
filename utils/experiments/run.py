"""One run of an experiment: its folder, its settings, its memory, and the record that it leaves."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from utils import records, runtime
from utils.training import sharding
from utils.training.trainer import Plan, Step

FSDP = "utils/experiments/launch/fsdp.yaml"


@dataclass
class Run:
    """What an experiment is given, and where it puts what it finds.

    `memory` survives a kill (it is saved with each checkpoint); `found` becomes the record's sizes, metrics,
    curves, samples, scoreboard and notes. Where several processes train together, each runs the whole experiment and
    writes into a folder of its own below the run's, so that no file is written twice; the first one's is the run's.
    """

    name: str
    preset: str
    settings: Any
    folder: Path
    device: str | None = None
    seed: int = 0
    process: int = 0
    processes: int = 1
    memory: dict[str, Any] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)
    _tick: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.shared = self.folder
        if self.process:
            self.folder = self.shared / f"process-{self.process}"
        self.memory.setdefault("commit", records.commit())

    def plan(self, **values: Any) -> Plan:
        """A training plan whose checkpoints lie in the run's folder."""
        return Plan(device=self.device, checkpoint=self.shared / "checkpoint", **values)

    def tick(self) -> None:
        """Add the time since the last tick to the run's seconds, which go on over interruptions."""
        now = time.monotonic()
        self.memory["seconds"] = self.memory.get("seconds", 0.0) + now - self._tick
        self._tick = now

    def remember(self) -> None:
        """Save the memory of a run that keeps no checkpoint, such as a sweep of many short trainings."""
        self.tick()
        part = self.folder / "memory.part"
        part.write_text(json.dumps(self.memory))
        os.replace(part, self.folder / "memory.json")

    def over(self, seeds: Sequence[int], rows_of: Callable[[int], Mapping[str, list[dict[str, Any]]]]) -> None:
        """Measure on every seed that is left; the rows of each curve, marked with their seed, become the record's."""
        done, curves = self.memory.setdefault("seeds", []), self.memory.setdefault("curves", {})
        for seed in seeds:
            if seed not in done:
                for curve, rows in rows_of(seed).items():
                    curves.setdefault(curve, []).extend({"seed": seed} | row for row in rows)
                done.append(seed)
                self.remember()
        self.found |= {"curves": curves, "seeds": list(seeds)}

    def keep(self, step: Step) -> None:
        """Remember the mean training loss of every hundred steps, and how long the run has taken."""
        self.tick()
        window = self.memory.setdefault("window", [])
        window.append(step.loss)
        if len(window) == 100 or step.ends_epoch:
            point = {"step": step.number, "epoch": step.epoch, "loss": round(sum(window) / len(window), 4)}
            self.memory.setdefault("training", []).append(point)
            window.clear()

    def record(self) -> records.Record:
        """The record of the finished run."""
        self.tick()
        notes = list(self.found.get("notes", []))
        if self.memory.get("pieces", 1) > 1:
            notes.append(f"batches did not fit the device and were cut into {self.memory['pieces']} pieces")
        return records.Record(
            name=self.name,
            command=self.command(),
            preset=self.preset,
            date=datetime.now(UTC).isoformat(timespec="seconds"),
            commit=self.memory["commit"],
            seconds=round(self.memory["seconds"], 1),
            machine=runtime.machine() | {"device": _device_name(self.device), "processes": self.processes},
            versions=records.versions(),
            seeds=self.found.get("seeds", [self.seed]),
            config=asdict(self.settings),
            notes=notes,
            **{key: value for key, value in self.found.items() if key not in ("notes", "seeds")},
        )

    def command(self) -> str:
        """The command that does this run again."""
        start = "python"
        if self.processes > 1:
            sharded = f"accelerate launch --config_file {FSDP} --num_processes {self.processes}"
            start = sharded if sharding.asked_for() else f"torchrun --nproc-per-node {self.processes}"
        return f"{start} -m utils.experiments {self.name} --preset {self.preset} --seed {self.seed}"

    def identity(self) -> str:
        """What must be equal for a run to be taken up again."""
        return json.dumps([self.name, self.preset, self.seed, self.processes, asdict(self.settings)], sort_keys=True)


def _device_name(prefer: str | None) -> str:
    chosen = runtime.device(prefer)
    return str(runtime.machine()["device"]) if chosen.type == "cuda" else chosen.type
