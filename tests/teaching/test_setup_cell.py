"""The set-up cell: the same everywhere, installs nothing that is there, names what hides us."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from utils.course import RELEASE, REPOSITORY, SITE
from utils.teaching.setup_cell import SETUP, TAGS, cell, problem

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))

# Runs the cell with pip replaced by a line that says what pip was asked for.
HARNESS = """
import subprocess, sys
asked = []
def run(command, **options):
    asked.append(command)
    return subprocess.CompletedProcess(command, FAILS)
subprocess.run = run
exec(compile(sys.argv[1], "setup", "exec"))
print("ASKED", asked)
"""


def run(folder, environment=None, path=(), before="", flags=(), fails=0):
    environment = {k: v for k, v in os.environ.items() if k not in ("COURSE_SOURCE", "PYTHONPATH")} | (
        environment or {}
    )
    environment["PYTHONPATH"] = os.pathsep.join(map(str, path))
    command = [sys.executable, *flags, "-c", before + HARNESS.replace("FAILS", str(fails)), SETUP]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_outside_colab_it_does_nothing(tmp_path):
    assert run(tmp_path, path=[ROOT]) == "ASKED []\n"


def test_what_is_there_is_not_installed(tmp_path):
    output = run(tmp_path, {"COURSE_SOURCE": str(ROOT)}, path=[ROOT])
    assert "utils" not in output
    assert "numpy" not in output


def test_on_colab_it_asks_for_this_release_and_for_nothing_by_dependency(tmp_path):
    before = "import sys, types; sys.modules['google.colab'] = types.ModuleType('google.colab')\n"
    output = run(tmp_path, before=before, flags=["-S"])  # no site-packages: everything is missing
    assert "could be installed" not in output
    command = eval(output[output.index("ASKED") + 6 :])[0]
    assert command[:6] == [command[0], "-m", "pip", "install", "--quiet", "--no-deps"]
    assert f"git+{REPOSITORY}@{RELEASE}" in command
    assert "d2l==1.0.3" in command
    assert not {"torch", "numpy", "pandas", "ipywidgets"} & set(command)


def test_what_pip_cannot_install_is_told_in_a_sentence(tmp_path):
    before = "import sys, types; sys.modules['google.colab'] = types.ModuleType('google.colab')\n"
    output = run(tmp_path, before=before, flags=["-S"], fails=1)
    assert "Not everything could be installed, see above: run this cell once more, with network." in output


def test_another_utils_is_named(tmp_path):
    (tmp_path / "utils.py").write_text("")
    output = run(tmp_path, path=[tmp_path, ROOT])
    assert "another `utils` hides it: run `make install` and choose the kernel of .venv." in output
    assert f"{SITE}/book/troubleshooting.html" in output
    assert "PyTorch" not in output


def test_a_kernel_without_torch_is_named(tmp_path):
    output = run(tmp_path, path=[ROOT], flags=["-S"])  # the course is there, and no library
    assert output.startswith("PyTorch is missing: run `make install` and choose the kernel of .venv.")


def test_the_cell_is_recognised_and_a_changed_one_is_not():
    notebook = json.loads(json.dumps({"cells": [{"cell_type": "markdown", "source": []}, cell()]}))
    assert problem(notebook) is None
    notebook["cells"][1]["metadata"]["tags"] = [TAGS[0]]
    assert problem(notebook) == "the set-up cell lacks the tag 'hide-input'"
    notebook["cells"][1]["source"] += " "
    assert "not the set-up cell" in problem(notebook)
    assert problem({"cells": []}) == "there is no code cell"


def test_the_linter_accepts_it(tmp_path):
    path = tmp_path / "chapter.ipynb"
    path.write_text(json.dumps({"cells": [cell()], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--config", str(ROOT / "pyproject.toml"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_chapter_has_it(path):
    assert problem(json.loads(path.read_text(encoding="utf-8"))) is None
