"""Run an experiment, or take it up where it was killed, and write its record.

python -m utils.experiments                              what there is
python -m utils.experiments multi30k/seq2seq             run it with the preset that fits this machine
python -m utils.experiments --chapter 03                 redo all lab sweeps of a chapter
torchrun --nproc-per-node 2 -m utils.experiments NAME    run it on two processes, each with its share of every batch

A run lives in the folder NAME/PRESET-SEED below $COURSE_RUNS, or below ./runs.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import shutil
import sys
from pathlib import Path
from typing import Any

import torch

from utils import experiments, records, runtime
from utils.data.sources import DataUnavailable
from utils.data.store import FULL
from utils.experiments.run import Run


def catalogue() -> dict[str, tuple[Any, dict[str, Any]]]:
    """Name -> (function, presets) of every experiment."""
    found: dict[str, tuple[Any, dict[str, Any]]] = {}
    for subject in sorted(info.name for info in pkgutil.iter_modules(experiments.__path__) if info.name[0] != "_"):
        module = importlib.import_module(f"utils.experiments.{subject}")
        for name, function in getattr(module, "EXPERIMENTS", {}).items():
            found[f"{subject}/{name}"] = (function, module.PRESETS[name])
    return found


def sweeps(chapter: str) -> list[str]:
    """The lab sweeps that a chapter rests on."""
    modules = {name: importlib.import_module(f"utils.experiments.{name.partition('/')[0]}") for name in catalogue()}
    chapters = {name: getattr(module, "CHAPTERS", {}).get(name.partition("/")[2]) for name, module in modules.items()}
    return [name for name, its in chapters.items() if its == chapter]


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m utils.experiments", description=__doc__)
    parser.add_argument("name", nargs="?", help="an experiment, for example multi30k/seq2seq")
    parser.add_argument("--chapter", help="all lab sweeps of a chapter, for example 03")
    parser.add_argument("--preset", help="smoke, cpu or gpu; by default the one that fits the device")
    parser.add_argument("--device", help="cpu, cuda or mps; by default the best that the experiment has a preset for")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fresh", action="store_true", help="forget an unfinished run instead of taking it up again")
    parser.add_argument("--ship", action="store_true", help="put record and weights into the package (maintainers)")
    options = parser.parse_args(arguments)
    known = catalogue()
    names = [options.name] if options.name else []
    if options.chapter and not (names := sweeps(options.chapter.zfill(2))):
        there = ", ".join(number for number in map("{:02d}".format, range(1, 100)) if sweeps(number))
        _complain(f"no chapter {options.chapter!r} has sweeps to redo; there are: {there}")
        return 2
    if not names:
        print("\n".join(f"{name}    presets: {', '.join(presets)}" for name, (_, presets) in sorted(known.items())))
        return 0
    return max(_run(name, options, known) for name in names)


def _run(name: str, options: argparse.Namespace, known: dict[str, tuple[Any, dict[str, Any]]]) -> int:
    """Run one experiment to its record: 0, or 1 where data or room are missing, 2 where options do not fit, or 130.

    What ends it early, Ctrl-C (130) among them, is told in a sentence, unless it is a mistake in the code.
    """
    try:
        run, function = _prepare(name, options, known)
    except ValueError as error:
        _complain(error)
        return 2
    try:
        function(run)
        if run.process:
            shutil.rmtree(run.folder)
        else:
            _conclude(run, options.ship)
    except DataUnavailable as error:
        _complain(error)
        return 1
    except KeyboardInterrupt:
        _complain(f"stopped; the same command goes on from {_so_far(run.shared)}")
        return 130
    except Exception as error:
        if not _full(error, run.shared):
            raise
        _complain(
            f"the disk of {run.shared} is full: make room there and give the same command again, which goes on from "
            f"{_so_far(run.shared)}; or begin anew with COURSE_RUNS on another disk"
        )
        return 1
    return 0


def _conclude(run: Run, ship: bool) -> None:
    """Write the record, and drop what was kept for taking the run up."""
    record = run.record()
    record.write(run.folder / "record.json")
    shutil.rmtree(run.folder / "checkpoint", ignore_errors=True)
    (run.folder / "memory.json").unlink(missing_ok=True)
    print(f"{record.name}: {record.metrics}\nrecord: {run.folder / 'record.json'}")
    if ship:
        _ship(run)


def _complain(sentence: object) -> None:
    """One sentence on stderr, also where several processes have met the same error."""
    if runtime.process()[0] == 0:
        print(sentence, file=sys.stderr)


def _so_far(folder: Path) -> str:
    """What an unfinished run has saved, in words."""
    if steps := sorted((folder / "checkpoint").glob("step-*")):
        return f"step {int(steps[-1].name.removeprefix('step-'))}"
    return "what it has measured" if (folder / "memory.json").exists() else "the beginning: nothing was saved yet"


def _full(error: Exception, folder: Path) -> bool:
    """Whether an error came of a full disk; what writes weights says so in words of its own, or not at all."""
    told = getattr(error, "errno", None) in FULL or "No space left on device" in str(error)
    return told or shutil.disk_usage(folder).free < 1_000_000


def _prepare(name: str, options: argparse.Namespace, known: dict[str, tuple[Any, dict[str, Any]]]) -> tuple[Run, Any]:
    if name not in known:
        raise ValueError(f"there is no experiment {name!r}; there are: {', '.join(sorted(known))}")
    function, presets = known[name]
    device = runtime.device(options.device or (None if "gpu" in presets else "cpu"))
    preset = options.preset or ("gpu" if device.type == "cuda" and "gpu" in presets else "cpu")
    if options.ship and preset == "smoke":
        raise ValueError("a smoke run shows that the code works, not how well: it is not shipped")
    if preset not in presets:
        raise ValueError(f"{name} has no preset {preset!r}; it has: {', '.join(presets)}")
    folder = records.runs_folder() / name / f"{preset}-{options.seed}"
    run = Run(name, preset, presets[preset], folder, str(device), options.seed, *runtime.process())
    if not options.fresh and not _same_run(run) and _unfinished(folder):
        raise ValueError(f"{folder} holds an unfinished run with other settings: finish it, or forget it with --fresh")
    if run.process == 0 and (options.fresh or not _same_run(run)):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "identity.json").write_text(run.identity())
    _wait_for_all(run)
    run.folder.mkdir(exist_ok=True)
    if (memory := folder / "memory.json").exists():
        run.memory.update(json.loads(memory.read_text()))
    return run, function


def _wait_for_all(run: Run) -> None:
    """Go on when every process has come here; nothing to wait for where there is one."""
    if run.processes > 1:
        from accelerate import PartialState

        PartialState(cpu=run.device == "cpu").wait_for_everyone()


def _same_run(run: Run) -> bool:
    identity: Path = run.shared / "identity.json"
    return identity.exists() and identity.read_text() == run.identity()


def _unfinished(folder: Path) -> bool:
    """Whether there is something to take up again: a finished run keeps neither."""
    return (folder / "memory.json").exists() or any((folder / "checkpoint").glob("step-*"))


def _ship(run: Run) -> None:
    shutil.copyfile(run.folder / "record.json", records.shipped(run.name))
    if (weights := run.folder / "weights.safetensors").exists():
        shutil.copyfile(weights, records.FOLDER.parent / "weights" / f"{run.name.replace('/', '__')}.safetensors")


if __name__ == "__main__":
    status = main()
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
    sys.exit(status)
