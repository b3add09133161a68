"""Run an experiment, or take it up where it was killed, and write its record.

python -m utils.experiments                              what there is
python -m utils.experiments multi30k/seq2seq             run it with the preset that fits this machine
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

from utils import experiments, records, runtime
from utils.data.sources import DataUnavailable
from utils.experiments.run import Run


def catalogue() -> dict[str, tuple[Any, dict[str, Any]]]:
    """Name -> (function, presets) of every experiment."""
    found: dict[str, tuple[Any, dict[str, Any]]] = {}
    for subject in sorted(info.name for info in pkgutil.iter_modules(experiments.__path__) if info.name[0] != "_"):
        module = importlib.import_module(f"utils.experiments.{subject}")
        for name, function in getattr(module, "EXPERIMENTS", {}).items():
            found[f"{subject}/{name}"] = (function, module.PRESETS[name])
    return found


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m utils.experiments", description=__doc__)
    parser.add_argument("name", nargs="?", help="an experiment, for example multi30k/seq2seq")
    parser.add_argument("--preset", help="smoke, cpu or gpu; by default the one that fits the device")
    parser.add_argument("--device", help="cpu, cuda or mps; by default the best there is")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fresh", action="store_true", help="forget an unfinished run instead of taking it up again")
    parser.add_argument("--ship", action="store_true", help="put record and weights into the package (maintainers)")
    options = parser.parse_args(arguments)
    known = catalogue()
    if options.name is None:
        print("\n".join(f"{name}    presets: {', '.join(presets)}" for name, (_, presets) in sorted(known.items())))
        return 0
    try:
        run, function = _prepare(options, known)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        function(run)
    except DataUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    record = run.record()
    record.write(run.folder / "record.json")
    shutil.rmtree(run.folder / "checkpoint", ignore_errors=True)
    (run.folder / "memory.json").unlink(missing_ok=True)
    print(f"{record.name}: {record.metrics}\nrecord: {run.folder / 'record.json'}")
    if options.ship:
        _ship(run)
    return 0


def _prepare(options: argparse.Namespace, known: dict[str, tuple[Any, dict[str, Any]]]) -> tuple[Run, Any]:
    if options.name not in known:
        raise ValueError(f"there is no experiment {options.name!r}; there are: {', '.join(sorted(known))}")
    function, presets = known[options.name]
    device = runtime.device(options.device)
    preset = options.preset or ("gpu" if device.type == "cuda" else "cpu")
    if preset not in presets:
        raise ValueError(f"{options.name} has no preset {preset!r}; it has: {', '.join(presets)}")
    folder = records.runs_folder() / options.name
    run = Run(options.name, preset, presets[preset], folder, str(device), options.seed)
    if not options.fresh and not _same_run(run) and _unfinished(folder):
        raise ValueError(f"{folder} holds an unfinished run with other settings: finish it, or forget it with --fresh")
    if options.fresh or not _same_run(run):
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "identity.json").write_text(run.identity())
    if (memory := folder / "memory.json").exists():
        run.memory.update(json.loads(memory.read_text()))
    return run, function


def _same_run(run: Run) -> bool:
    identity: Path = run.folder / "identity.json"
    return identity.exists() and identity.read_text() == run.identity()


def _unfinished(folder: Path) -> bool:
    """Whether there is something to take up again: a finished run keeps neither."""
    return (folder / "memory.json").exists() or any((folder / "checkpoint").glob("step-*"))


def _ship(run: Run) -> None:
    shutil.copyfile(run.folder / "record.json", records.shipped(run.name))
    if (weights := run.folder / "weights.safetensors").exists():
        shutil.copyfile(weights, records.FOLDER.parent / "weights" / f"{run.name.replace('/', '__')}.safetensors")


if __name__ == "__main__":
    sys.exit(main())
