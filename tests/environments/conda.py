"""What `environment.yml` asks for, taken literally, in an environment made without conda.

Its Python and the packages under ``pip`` come from the file, the commands behind it from its first comment, and
Binder's from `postBuild`. Nothing is written down twice: what is run is what the files say.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import alone
import yaml

FILE = alone.ROOT / "environment.yml"
COMMAND = re.compile(r"^#\s{2,}(pip install .*?)(?:\s{2,}.*)?$", re.MULTILINE)


@dataclass(frozen=True)
class Wanted:
    """The version of Python, the packages for pip, and the commands that the first comment names."""

    python: str
    packages: list[str]
    commands: list[list[str]]


def parse(text: str) -> Wanted:
    """Read the file; ValueError if a part is missing, or asks conda for more than Python and pip."""
    entries = yaml.safe_load(text)["dependencies"]
    plain = [entry for entry in entries if isinstance(entry, str)]
    packages = [name for entry in entries if isinstance(entry, dict) for name in entry["pip"]]
    python = [entry.partition("=")[2] for entry in plain if re.fullmatch(r"python=\d+\.\d+", entry)]
    comment = text.partition("name:")[0]
    commands = [shlex.split(line) for line in COMMAND.findall(comment)]
    if others := [entry for entry in plain if not entry.startswith(("python=", "pip"))]:
        raise ValueError(f"environment.yml asks conda for {others}, which pip cannot bring; move them under pip")
    if not (python and packages and commands):
        raise ValueError("environment.yml needs a Python, packages under pip, and the commands in its first comment")
    return Wanted(python[0], packages, commands)


def build(folder: Path, interpreter: Path, clone: Path) -> Path:
    """The environment's Python, after the file's packages, its comment's commands and Binder's `postBuild`."""
    wanted = parse((clone / FILE.name).read_text(encoding="utf-8"))
    subprocess.run([interpreter, "-m", "venv", "--clear", folder], check=True)
    python = folder / "bin/python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted.packages], check=True)
    active = os.environ | {
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "VIRTUAL_ENV": str(folder),
        "PIP_QUIET": "1",
    }
    for command in [*wanted.commands, ["./postBuild"]]:
        subprocess.run(command, cwd=clone, env=active, check=True)
    return python
