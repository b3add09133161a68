"""`make colab-check CHAPTER=03`: one notebook, alone, in an environment like Colab's.

    python tests/environments/colab_check.py CHAPTER

Builds the environment of `colab.txt` (anew, in `_build/`), puts nothing but the notebook into an empty folder and
runs it there with a kernel of that environment. The set-up cell installs what is missing, this package among it,
from a copy of the clone's files (COURSE_SOURCE). Then: every cell ran, the verdicts are the stored ones, and
no package that was there before has another version or is gone. Needs a package index and
some minutes, so it is not in `make test`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("colab.txt")
ENVIRONMENT = ROOT / "_build/colab-environment"
VERDICT = re.compile(r"^(?:HOLDS|DOES NOT HOLD)\b.*$", re.MULTILINE)
sys.path.insert(0, str(ROOT / "book/tools"))

from run_chapter import find  # noqa: E402


def build(folder: Path) -> Path:
    """The Python of an environment that holds exactly the packages of the list, made anew."""
    venv.create(folder, clear=True, with_pip=True)
    python = folder / "bin/python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--requirement", LIST], check=True)
    return python


def frozen(python: Path) -> dict[str, str]:
    """Name and version (or origin) of each package of an environment."""
    command = [python, "-m", "pip", "list", "--format", "json"]
    listed = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return {package["name"]: package["version"] for package in listed}


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """What happened to packages that were there before; nothing should."""
    names = [name for name in before if after.get(name) != before[name]]
    return [f"{name} {before[name]} -> {after.get(name, 'gone')}" for name in names]


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
            shutil.copyfile(ROOT / name, target / name)
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
    client = NotebookClient(notebook, km=manager, timeout=900, resources={"metadata": {"path": str(folder)}})
    client.execute(env=environment, cleanup_kc=True)  # else the kernel of a given manager is left running


def check(path: Path, python: Path) -> list[str]:
    """What is wrong with a chapter in that environment; empty if nothing."""
    before, notebook = frozen(python), nbformat.read(path, as_version=4)
    stored = verdicts(notebook)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "content"
        folder.mkdir()
        shutil.copyfile(path, folder / path.name)
        dropped = ("PYTHONPATH", "VIRTUAL_ENV", "COURSE_STATIC", "COURSE_DATA", "JUPYTER_PLATFORM_DIRS")
        environment = {key: value for key, value in os.environ.items() if key not in dropped}
        environment |= {
            "HOME": name,
            "OMP_NUM_THREADS": "1",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            "COURSE_SOURCE": str(copy_of_clone(Path(name) / "clone")),
        }
        try:
            execute(notebook, python, folder, environment)
        except CellExecutionError as error:
            return [f"a cell failed:\n{error}"]
    after, complaints = frozen(python), []
    print("installed by the set-up cell:", ", ".join(f"{n} {after[n]}" for n in sorted(after.keys() - before.keys())))
    complaints += [f"changed: {line}" for line in changed(before, after)]
    if (now := verdicts(notebook)) != stored:
        complaints.append(f"the verdicts differ from the stored ones: {sorted(set(now) ^ set(stored))}")
    if "rnn-to-chatgpt" not in after:
        complaints.append("the course's package was not installed")
    return complaints


def main() -> int:
    """The command; exit status 1 if something is wrong, 2 if there is no such chapter."""
    parser = argparse.ArgumentParser(description="Run one notebook, alone, in an environment like Colab's.")
    parser.add_argument("chapter", help="its number (03), or the path of a notebook")
    parser.add_argument("--folder", type=Path, default=ENVIRONMENT, help="where the environment is made")
    arguments = parser.parse_args()
    given = Path(arguments.chapter)
    try:
        path = given if given.suffix == ".ipynb" and given.is_file() else find(arguments.chapter)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"building {arguments.folder} (about two minutes)", flush=True)
    python = build(arguments.folder)
    print(f"running {path.name} alone in an empty folder", flush=True)
    complaints = check(path, python)
    print("\n".join(complaints) if complaints else "nothing that was there has changed, every cell ran")
    print(f"{path.name}: {'FAILED' if complaints else 'ok'} in an environment like Colab's")
    return int(bool(complaints))


if __name__ == "__main__":
    sys.exit(main())
