"""Runs a chapter alone: in an empty folder, with the kernel of another environment, and looks at what came out."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

ROOT = Path(__file__).resolve().parents[2]
VERDICT = re.compile(r"^(?:HOLDS|DOES NOT HOLD)\b.*$", re.MULTILINE)
# What a chapter must not learn from the machine that checks it.
DROPPED = ("PYTHONPATH", "VIRTUAL_ENV", "COURSE_STATIC", "COURSE_DATA", "COURSE_RUN", "JUPYTER_PLATFORM_DIRS")


@dataclass
class Outcome:
    """What a run of a chapter showed, with the seconds of processor time; ``complaints`` is empty if all is well."""

    cpu_seconds: int
    verdicts: int
    same_verdicts: bool
    complaints: list[str] = field(default_factory=list)


def frozen(python: Path) -> dict[str, str]:
    """Name and version of each package of an environment."""
    command = [python, "-m", "pip", "list", "--format", "json"]
    listed = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return {package["name"]: package["version"] for package in listed}


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """What happened to packages that were there before; nothing should."""
    names = [name for name in before if after.get(name) != before[name]]
    return [f"{name} {before[name]} -> {after.get(name, 'gone')}" for name in names]


def restore(python: Path, before: dict[str, str]) -> None:
    """Take out of an environment what was not there before; RuntimeError if it is then not as it was."""
    if added := sorted(frozen(python).keys() - before.keys()):
        subprocess.run([python, "-m", "pip", "uninstall", "--quiet", "--yes", *added], check=True)
    if (now := frozen(python)) != before:
        raise RuntimeError(f"the environment is not as it was: {changed(before, now) or sorted(now.keys() - before)}")


def verdicts(notebook: nbformat.NotebookNode) -> list[str]:
    """The verdict lines that a notebook's outputs hold."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []))
    return [line for output in outputs for line in VERDICT.findall(output.get("text", ""))]


def copy_of_clone(target: Path) -> Path:
    """The files that git knows, as they are now: an installation leaves its build folder there, not in the clone."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout.decode()
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)  # with its mode: postBuild is a command
    return target


def execute(notebook: nbformat.NotebookNode, python: Path, folder: Path, environment: dict[str, str]) -> None:
    """Run a notebook in ``folder`` with the kernel of another environment; CellExecutionError if a cell fails."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    spec = folder.parent / "kernels/python3"
    spec.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"}))
    specs = KernelSpecManager(kernel_dirs=[str(spec.parent)], ensure_native_kernel=False)
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs)
    client = NotebookClient(notebook, km=manager, timeout=1800, resources={"metadata": {"path": str(folder)}})
    client.execute(env=environment, cleanup_kc=True)  # else the kernel of a given manager is left running


def children() -> float:
    """Seconds of processor time that processes took which this one started and saw end, such as kernels."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(path: Path, python: Path, settings: Mapping[str, str]) -> Outcome:
    """Run the chapter at ``path`` alone in an empty folder, at a home that is empty too, with these settings."""
    notebook = nbformat.read(path, as_version=4)
    stored = verdicts(notebook)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "content"
        folder.mkdir()
        shutil.copyfile(path, folder / path.name)
        environment = {key: value for key, value in os.environ.items() if key not in DROPPED}
        environment |= {"HOME": name, "OMP_NUM_THREADS": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1", **settings}
        began = children()
        try:
            execute(notebook, python, folder, environment)
        except (CellExecutionError, DeadKernelError) as error:
            return Outcome(round(children() - began), 0, False, [f"a cell failed:\n{error}"])
        used = round(children() - began)
    outcome = Outcome(used, len(stored), (now := verdicts(notebook)) == stored)
    if not outcome.same_verdicts:
        outcome.complaints.append(f"the verdicts differ from the stored ones: {sorted(set(now) ^ set(stored))}")
    return outcome
