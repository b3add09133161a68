"""Runs the smoke preset of an experiment undisturbed, and killed and taken up again: prints both records.

python killed_experiment.py NAME FOLDER STEP
"""

from __future__ import annotations

import functools
import json
import multiprocessing
import os
import signal
import sys
from pathlib import Path

import torch

from utils.experiments import __main__ as command
from utils.experiments import run as runs
from utils.training.trainer import Plan


def child(name: str, folder: Path, kill: int | None) -> None:
    """The command, with a checkpoint every second step; killed after step `kill`, if there is one."""
    os.environ["COURSE_RUNS"] = str(folder)
    runs.Plan = functools.partial(Plan, every=2)
    keep = runs.Run.keep

    def keep_and_die(self, step):
        keep(self, step)
        if step.number == kill:
            os.kill(os.getpid(), signal.SIGKILL)

    runs.Run.keep = keep_and_die
    sys.exit(command.main([name, "--preset", "smoke", "--device", "cpu"]))


def forked(name: str, folder: Path, kill: int | None = None) -> int | None:
    process = multiprocessing.get_context("fork").Process(target=child, args=(name, folder, kill))
    process.start()
    process.join()
    return process.exitcode


def main(name: str, root: Path, kill: int) -> None:
    import accelerate  # noqa: F401  before the children fork

    sys.stdout, out = sys.stderr, sys.stdout
    codes = [forked(name, root / "whole"), forked(name, root / "killed", kill)]
    left = sorted(path.name for path in (root / "killed" / name / "checkpoint").iterdir())
    codes.append(forked(name, root / "killed"))
    found = {run: json.loads((root / run / name / "record.json").read_text()) for run in ("whole", "killed")}
    print(json.dumps(found | {"codes": codes, "left": left}), file=out)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
