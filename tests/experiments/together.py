"""Smoke presets on as many processes as there are, without dropout and in single precision: what each step's loss was.

torchrun --nproc-per-node 2 together.py NAME ... [--kill STEP]      the last process is killed after this step

Leaves the losses of all steps in $COURSE_RUNS/losses.json, by name.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from dataclasses import replace

import torch

from utils import records, runtime
from utils.experiments import __main__ as command
from utils.experiments import run as runs
from utils.training.trainer import Step


def settle(name: str) -> None:
    """Take what differs between processes, and what is rounded coarsely, out of the smoke preset."""
    function, presets = known[name]
    known[name] = (function, {"smoke": replace(presets["smoke"], dropout=0.0, precision="no")})


def watch(kill: int | None) -> None:
    """Let every run remember its steps' losses, and die where it shall."""
    keep = runs.Run.keep
    process, processes = runtime.process()

    def keep_and_die(self: runs.Run, step: Step) -> None:
        keep(self, step)
        self.memory.setdefault("losses", []).append(step.loss)
        losses[self.name] = self.memory["losses"]
        if step.number == kill and process == processes - 1:
            os.kill(os.getpid(), signal.SIGKILL)

    runs.Run.keep = keep_and_die


if __name__ == "__main__":
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="+")
    parser.add_argument("--kill", type=int)
    options = parser.parse_args()
    known, losses = command.catalogue(), {}
    command.catalogue = lambda: known
    watch(options.kill)
    for name in options.names:
        settle(name)
        if name.startswith("multi30k"):  # has no blocks of the class that the configuration names
            os.environ["FSDP_AUTO_WRAP_POLICY"] = "NO_WRAP"
        if status := command.main([name, "--preset", "smoke", "--device", "cpu"]):
            sys.exit(status)
    if runtime.process()[0] == 0:
        (records.runs_folder() / "losses.json").write_text(json.dumps(losses))
