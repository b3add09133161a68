"""`make handout`: the notebooks, and a package to run them with, without the solutions of the exercises.

    python book/tools/handout.py [--to FOLDER] [--address WHEEL]

Writes `FOLDER/chapters/*.ipynb` and a wheel of the course's package (FOLDER is `_build/handout` unless told). The
package checks answers and gives hints as the full one does; what it compares answers with is data, see
`utils/teaching/exercises/handout.py`. With `--address` the set-up cell of each notebook installs the wheel from there
(a folder of yours, a page of your class) where it would install the course from its repository.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from utils.course import RELEASE, REPOSITORY  # noqa: E402
from utils.teaching.exercises import chapters, exercises  # noqa: E402
from utils.teaching.exercises.handout import FILE, written  # noqa: E402

HOLDS_SOLUTIONS = re.compile(r"\w+_\d\d\.py")  # a module of exercises bears the number of its chapter
METADATA = ("pyproject.toml", "README.md", "LICENSE", "LICENSE-TEXT")


def notebooks(target: Path, address: str | None = None) -> list[Path]:
    """Write a copy of each chapter without its solutions to ``target``; returns the files."""
    target.mkdir(parents=True, exist_ok=True)
    made = []
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        notebook.cells = [cell for cell in notebook.cells if "exercise-solution" not in cell.metadata.get("tags", ())]
        if address:
            setup = next(cell for cell in notebook.cells if cell.cell_type == "code")
            setup.source = setup.source.replace(f"git+{REPOSITORY}@{RELEASE}", address)
        nbformat.write(notebook, target / path.name)
        made.append(target / path.name)
    return made


def source(target: Path) -> Path:
    """Write the source of the package, without the modules that hold solutions, to ``target``."""
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc", "*.safetensors", "*.egg-info")
    shutil.copytree(ROOT / "utils", target / "utils", ignore=ignored)
    for name in METADATA:
        shutil.copyfile(ROOT / name, target / name)
    folder = target / FILE.parent.relative_to(ROOT)
    for path in folder.glob("*.py"):
        if HOLDS_SOLUTIONS.fullmatch(path.name):
            path.unlink()
    text = written(exercise for chapter in chapters() for exercise in exercises(chapter))
    (folder / FILE.name).write_text(text, encoding="utf-8")
    return target


def wheel(target: Path) -> Path:
    """Build the package without solutions; returns the wheel in ``target``. Needs no network."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
        command += ["--wheel-dir", str(target), str(source(Path(folder) / "package"))]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(f"the package could not be built:\n{done.stdout}")
    return next(target.glob("rnn_to_chatgpt-*.whl"))


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Notebooks and a package without solutions, for a class.")
    parser.add_argument("--to", type=Path, default=ROOT / "_build/handout", help="where they go (_build/handout)")
    parser.add_argument("--address", help="where learners find the wheel: the set-up cell installs it from there")
    options = parser.parse_args(arguments)
    shutil.rmtree(options.to, ignore_errors=True)
    try:
        made = notebooks(options.to / "chapters", options.address)
        package = wheel(options.to)
    except (RuntimeError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(made)} notebooks and {package.name} are in {options.to}, all without solutions.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
