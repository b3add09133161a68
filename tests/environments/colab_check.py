"""`make colab-check CHAPTER=03`: a notebook, alone, in an environment like Colab's.

    python tests/environments/colab_check.py CHAPTER [CHAPTER ...]      or --all

Builds the environment of `colab.txt` (anew, in `_build/`; Python 3.13 as on Colab, else the next that there is), puts
nothing but the notebook into an empty folder and runs it there with a kernel of that environment. The set-up cell
installs what is missing, this package among it, from a copy of the clone's files (COURSE_SOURCE). Then: every cell
ran, the verdicts are the stored ones, and no package that was there before has another version or is gone. What was
added is taken out again before the next chapter. Needs a package index and some minutes, so it is not in `make test`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "book/tools"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import alone
import interpreters
from run_chapter import find

LIST = Path(__file__).with_name("colab.txt")
ENVIRONMENT = alone.ROOT / "_build/colab-environment"
MARK = "COLAB_RELEASE_TAG"  # Colab sets it, and the course asks for it


def build(folder: Path, interpreter: Path) -> Path:
    """The Python of an environment that holds exactly the packages of the list, made anew."""
    subprocess.run([interpreter, "-m", "venv", "--clear", folder], check=True)
    python = folder / "bin/python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--requirement", LIST], check=True)
    return python


def check(path: Path, python: Path) -> alone.Outcome:
    """Run a chapter in that environment, compare the packages before and after, and leave them as they were."""
    before = alone.frozen(python)
    with tempfile.TemporaryDirectory() as name:
        clone = alone.copy_of_clone(Path(name))
        outcome = alone.run(path, python, {"COURSE_SOURCE": str(clone), MARK: "like"})
    after = alone.frozen(python)
    print("installed by the set-up cell:", ", ".join(f"{n} {after[n]}" for n in sorted(after.keys() - before.keys())))
    outcome.complaints += [f"changed: {line}" for line in alone.changed(before, after)]
    if "rnn-to-chatgpt" not in after:
        outcome.complaints.append("the course's package was not installed")
    if not alone.changed(before, after):
        alone.restore(python, before)
    return outcome


def named(chapter: str) -> Path:
    """A notebook by its number or its path; ValueError if there is none."""
    given = Path(chapter)
    return given if given.suffix == ".ipynb" and given.is_file() else find(chapter)


def main() -> int:
    """The command; exit status 1 if something is wrong, 2 if there is no such chapter or no Python for it."""
    parser = argparse.ArgumentParser(description="Run notebooks, each alone, in an environment like Colab's.")
    parser.add_argument("chapters", nargs="*", help="numbers (03), or paths of notebooks")
    parser.add_argument("--all", action="store_true", help="every chapter")
    parser.add_argument("--folder", type=Path, default=ENVIRONMENT, help="where the environment is made")
    arguments = parser.parse_args()
    try:
        paths = [named(chapter) for chapter in arguments.chapters]
        version, interpreter = interpreters.find(*interpreters.NEWEST_FIRST)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    paths = sorted((alone.ROOT / "chapters").glob("*.ipynb")) if arguments.all else paths
    if not paths:
        parser.error("which chapter? name its number, or --all")
    print(f"building {arguments.folder} with Python {version} (some minutes)", flush=True)
    python = build(arguments.folder, interpreter)
    bad = 0
    for path in paths:
        print(f"running {path.name} alone in an empty folder", flush=True)
        complaints = check(path, python).complaints
        print("\n".join(complaints) if complaints else "nothing that was there has changed, every cell ran")
        print(f"{path.name}: {'FAILED' if complaints else 'ok'} in an environment like Colab's", flush=True)
        bad += bool(complaints)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
