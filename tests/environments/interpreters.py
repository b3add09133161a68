"""Finds the Pythons of a machine: `python3.13` on PATH, or what pyenv keeps."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

NEWEST_FIRST = ("3.13", "3.12", "3.11")


def candidates(version: str) -> Iterator[Path]:
    """Where a Python of that version ("3.13") may lie; pyenv's own first, since its shims need a setting to work."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    kept = [folder for folder in (root / "versions").glob(f"{version}.*") if folder.name.split(".")[-1].isdecimal()]
    for folder in sorted(kept, key=lambda one: int(one.name.split(".")[-1]), reverse=True):
        yield folder / "bin/python"
    if found := shutil.which(f"python{version}"):
        yield Path(found)


def works(python: Path, version: str) -> bool:
    """Whether it starts, is of that version, and can make an environment."""
    code = "import sys, venv, ensurepip, ssl; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=60)
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.strip() == version


def find(*versions: str) -> tuple[str, Path]:
    """The first of the versions that this machine has, with its Python; ValueError if it has none of them."""
    for version in versions:
        for python in candidates(version):
            if works(python, version):
                return version, python
    raise ValueError(f"no Python {' or '.join(versions)} on PATH or under pyenv; install one of them")
