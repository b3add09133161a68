"""Runs the smoke preset of an experiment undisturbed, and killed and taken up again elsewhere: prints both records.

python killed_experiment.py NAME FOLDER COUNT

COUNT is after how many training steps, or how many results of a run of many short trainings, it is killed. Before it is
taken up again, the folder of its runs is moved to another place, as a Drive is mounted by another machine.
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
    """The command, with a checkpoint every second step; killed after `kill` steps or results, if it is to be killed."""
    os.environ["COURSE_RUNS"] = str(folder)
    runs.Plan = functools.partial(Plan, every=2)
    seen = 0

    def and_die(method):
        def wrapped(self, *arguments):
            nonlocal seen
            method(self, *arguments)
            seen += 1
            if seen == kill:
                os.kill(os.getpid(), signal.SIGKILL)

        return wrapped

    runs.Run.keep, runs.Run.remember = and_die(runs.Run.keep), and_die(runs.Run.remember)
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
    folder = root / "killed" / name / "smoke-0"
    left = sorted(path.name for path in (*folder.glob("memory.json"), *folder.glob("checkpoint/*")))
    (root / "killed").rename(root / "moved")
    codes.append(forked(name, root / "moved"))
    files = {run: root / run / name / "smoke-0" / "record.json" for run in ("whole", "moved")}
    found = {run: json.loads(file.read_text()) for run, file in files.items()}
    print(json.dumps(found | {"codes": codes, "left": left}), file=out)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
