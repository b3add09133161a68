"""`make environments`: every chapter in every environment that this machine can make; what came out goes to the site.

    python tests/environments/table.py [NAME ...] [--chapters 03 05] [--again]      without a name all of `HERE`

A chapter runs alone in an empty folder, with a kernel of the environment. Results go to book/environments/NAME.json,
chapter by chapter: a run that was stopped goes on where it was, and a chapter that passed at an older commit is run
again only if its code has changed, or with --again. Only committed code is run, so a result can name its commit.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "book/tools"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import alone
import chapter_tables
import colab_check
import conda
import interpreters
from environment_table import RESULTS, SET_UP, passed
from run_chapter import find

ROOT = alone.ROOT
OFFLINE = ROOT / "tests/environments/offline"
LOCKS = ("book.lock", "run.lock")
SHOWN = ("torch", "numpy", "pandas", "matplotlib", "ipywidgets", "ipython", "accelerate", "tokenizers")
QUESTION = """
import json, platform
from importlib import metadata
found = {d.metadata["Name"].lower(): d.version for d in metadata.distributions()}
print(json.dumps({"python": platform.python_version(), "packages": found}))
"""


@dataclass
class Place:
    """An environment that is ready: its Python, how a chapter is run there, and what has to be cleaned up."""

    python: Path
    run: Callable[[Path], alone.Outcome]
    folder: Path | None = None


def colab(work: Path) -> Place:
    """An environment of Colab's versions; the set-up cell does the rest."""
    _, interpreter = interpreters.find(*interpreters.NEWEST_FIRST)
    python = colab_check.build(work / "colab", interpreter)
    return Place(python, lambda path: colab_check.check(path, python), work / "colab")


def colab_image(work: Path) -> Place:
    """Colab's own image: this process runs in it, and the chapters run with its Python."""
    if importlib.util.find_spec("google") is None or importlib.util.find_spec("google.colab") is None:
        raise ValueError("this is not Colab's image: it has a package google.colab, and here is none")
    python = Path(sys.executable)
    return Place(python, lambda path: colab_check.check(path, python))


def from_conda(work: Path) -> Place:
    """What environment.yml and postBuild say."""
    clone = alone.copy_of_clone(work / "conda-clone")
    wanted = conda.parse(conda.FILE.read_text(encoding="utf-8")).python
    _, interpreter = interpreters.find(wanted, *interpreters.NEWEST_FIRST)
    python = conda.build(work / "conda", interpreter, clone)
    return Place(python, lambda path: alone.run(path, python, {}), work / "conda")


def locked(work: Path) -> Place:
    """The locked versions, each file checked against its hash, on the newest Python."""
    clone = alone.copy_of_clone(work / "locked-clone")
    _, interpreter = interpreters.find(*interpreters.NEWEST_FIRST)
    subprocess.run([interpreter, "-m", "venv", "--clear", work / "locked"], check=True)
    python = work / "locked/bin/python"
    install = [python, "-m", "pip", "install", "--quiet", "--no-deps"]
    for lock in LOCKS:
        subprocess.run([*install, "--require-hashes", "--requirement", clone / "requirements" / lock], check=True)
    subprocess.run([*install, "--editable", clone], check=True)
    return Place(python, lambda path: alone.run(path, python, {}), work / "locked")


def offline(work: Path) -> Place:
    """The environment of `make install`, which runs this, without network and with an empty cache of data."""
    settings = {"PYTHONPATH": f"{ROOT}{os.pathsep}{OFFLINE}", "COURSE_DATA": str(work / "no-data")}
    python = Path(sys.executable)
    return Place(python, lambda path: alone.run(path, python, settings))


PLACES: dict[str, Callable[[Path], Place]] = {
    "colab": colab,
    "conda": from_conda,
    "offline": offline,
    "locked": locked,
    "colab-image": colab_image,
}
HERE = ("colab", "conda", "offline", "locked")  # what any machine with these Pythons can make


def git(*arguments: str) -> str:
    """What git says."""
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def versions(python: Path) -> dict[str, str]:
    """Python's version and those of the packages that matter."""
    found = json.loads(subprocess.run([python, "-c", QUESTION], check=True, capture_output=True, text=True).stdout)
    return {"python": found["python"]} | {name: found["packages"][name] for name in SHOWN if name in found["packages"]}


def code_of(name: str, path: Path) -> str:
    """What a chapter's code is known by in an environment; the set-up cell counts where it does something."""
    return chapter_tables.fingerprint(path, name in SET_UP)


def done(result: dict[str, Any], path: Path, code: str) -> bool:
    """Whether a chapter passed with the code that it has now."""
    entry = result["chapters"].get(path.stem)
    return bool(entry) and passed(entry) and entry["code"] == code


def run(name: str, paths: list[Path], work: Path, again: bool = False) -> bool:
    """Run the chapters in an environment, keep each result as it comes; False if one complains."""
    file = RESULTS / f"{name}.json"
    result: dict[str, Any] = json.loads(file.read_text()) if file.is_file() else {"chapters": {}}
    todo = [path for path in paths if again or not done(result, path, code_of(name, path))]
    place = PLACES[name](work) if todo else None
    for path in todo:
        assert place is not None
        print(f"{name}: {path.stem} ...", flush=True)
        outcome = place.run(path)
        entry = asdict(outcome) | {"code": code_of(name, path), "commit": git("rev-parse", "HEAD")}
        entry["date"] = datetime.now(UTC).strftime("%Y-%m-%d")
        result["versions"] = versions(place.python)
        result["chapters"] = dict(sorted((result["chapters"] | {path.stem: entry}).items()))
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"{name}: {path.stem} {'FAILED' if outcome.complaints else 'ok'}, {outcome.cpu_seconds} s", flush=True)
        print("\n".join(outcome.complaints), flush=True)
    if place and place.folder:
        shutil.rmtree(place.folder)  # some gigabytes
    return all(not result["chapters"][path.stem]["complaints"] for path in paths)


def main() -> int:
    """The command; exit status 1 if a chapter complains anywhere, 2 if it cannot begin."""
    parser = argparse.ArgumentParser(description="Run every chapter in every environment.")
    parser.add_argument("names", nargs="*", help=f"which environments: {', '.join(PLACES)}; without, {', '.join(HERE)}")
    parser.add_argument("--chapters", nargs="+", help="only these")
    parser.add_argument("--again", action="store_true", help="also what has passed already")
    arguments = parser.parse_args()
    if changed := git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!book/environments"):
        print(f"There are changes that are not committed, so a result could not name its commit:\n{changed}")
        return 2
    try:
        paths = [find(chapter) for chapter in arguments.chapters or ()] or sorted((ROOT / "chapters").glob("*.ipynb"))
        if unknown := set(arguments.names) - set(PLACES):
            raise ValueError(f"no environment {', '.join(sorted(unknown))}; there are: {', '.join(PLACES)}")
        with tempfile.TemporaryDirectory() as work:
            good = [run(name, paths, Path(work), arguments.again) for name in arguments.names or HERE]
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(main())
