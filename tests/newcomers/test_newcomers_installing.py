"""What goes wrong before a notebook opens: each mistake is made, in a process of its own, and gets its sentence."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import build_site
import pytest
from troubleshooting import ROOT, all_but, known

from utils import records


def _runs(python: Path | str) -> bool:
    """Whether this is an older Python, and not a word that stands for one that is not there."""
    return subprocess.run([python, "-c", "import venv"], capture_output=True).returncode == 0


_NAMES = filter(None, map(shutil.which, ("python3.8", "python3.9", "python3.10")))
OLD = [p for p in (*_NAMES, *sorted(Path.home().glob(".pyenv/versions/3.[89].*/bin/python"))) if _runs(p)]
older_python = pytest.mark.skipif(not OLD, reason="no Python older than 3.11 here")


def run(*command: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MAKE", "PIP_"))}
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=inherited | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """The course in a folder with a blank in its name, without `.git`, as a ZIP leaves it."""
    folder = tmp_path_factory.mktemp("home") / "My Course"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        wanted = name.startswith(("utils/", "book/tools/", "chapters/03")) or "/" not in name
        if wanted and (ROOT / name).is_file() and not name.endswith(".safetensors"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    return folder


@older_python
def test_make_with_an_older_python(clone):
    done = run("make", "install", f"PYTHON={OLD[0]}", cwd=clone)
    assert done.returncode
    known("Python 3.11 or newer is needed", done.stdout)
    assert not (clone / ".venv").exists()


def test_make_with_a_python_that_is_not_there(clone):
    done = run("make", "install", "PYTHON=python3.77", cwd=clone)
    assert done.returncode
    known("make: …: No such file", done.stdout)


@older_python
def test_an_older_python_finds_the_clone(clone):
    done = run(OLD[-1], "-c", "from utils.teaching import check", cwd=clone)
    known("ImportError: the course needs Python 3.11", done.stdout)


@pytest.fixture(scope="module")
def installed(clone):
    """The clone with a `.venv` that finds the libraries of this one, so that pip has nothing to fetch."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(clone / ".venv")], check=True)
    site = next((clone / ".venv").glob("lib/python*/site-packages"))
    (site / "libraries.pth").write_text(f"{all_but('nothing', clone.parent)}\n")
    return clone


@pytest.mark.slow
def test_without_network_pip_finds_nothing(installed):
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    done = run("make", "install", "TORCH=torch==2.99.0", cwd=installed, **nowhere)
    assert done.returncode
    known("ERROR: No matching distribution found for torch==", done.stdout)


@pytest.mark.slow
def test_a_folder_with_a_blank_in_its_name(installed):
    """`make install` and what stands behind it, the package index left out."""
    import torch

    offline = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}  # pip's spelling of "no isolation"
    version = torch.__version__.partition("+")[0]
    done = run("make", "install", f"TORCH=torch=={version}", cwd=installed, **offline)
    assert done.returncode == 0, done.stdout
    python = installed / ".venv/bin/python"
    done = run(python, "-c", "import utils; print(utils.__file__)", cwd=installed.parent)
    assert done.stdout.strip() == str(installed / "utils/__init__.py")
    done = run("make", "run", cwd=installed)
    known("Which chapter? make run CHAPTER=03", done.stdout)
    done = run("make", "run", "CHAPTER=33", cwd=installed)
    known("no chapter '…'; there are", done.stdout)
    assert "Error 2" in done.stdout


def test_a_port_in_use(installed_site):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run("make", "serve", f"PORT={port}", f"VENV={Path(sys.executable).parents[1]}", cwd=installed_site)
    assert done.returncode
    known("Port … is in use", done.stdout)
    assert "Traceback" not in done.stdout


@pytest.fixture
def installed_site(clone, tmp_path):
    """A folder with the Makefile and a page to serve."""
    shutil.copyfile(clone / "Makefile", tmp_path / "Makefile")
    shutil.copyfile(clone / "pyproject.toml", tmp_path / "pyproject.toml")
    (tmp_path / "_build/html").mkdir(parents=True)
    (tmp_path / "_build/html/index.html").write_text("here")
    return tmp_path


def test_another_jupyter_book(tmp_path, monkeypatch, capsys):
    """Version 2 as its metadata show it. (Run over the course it reports success and builds nothing.)"""
    (tmp_path / "jupyter_book-2.1.7.dist-info").mkdir()
    (tmp_path / "jupyter_book-2.1.7.dist-info/METADATA").write_text("Name: jupyter-book\nVersion: 2.1.7\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert build_site.build(tmp_path) == 2
    known("jupyter-book … is installed", capsys.readouterr().err)
    assert not (tmp_path / "_build").exists()


def test_d2l_is_not_there(tmp_path):
    """All libraries but d2l, as `pip install .` alone leaves it."""
    done = run(sys.executable, "-S", "-c", "from utils.d2l_bridge import d2l; d2l()", cwd=ROOT,
               PYTHONPATH=str(all_but("d2l", tmp_path)))  # fmt: skip
    known("d2l is not installed; its pins do not fit", done.stdout)


def test_a_zip_has_no_commit_and_needs_none(clone):
    code = "from utils import records; print('commit', records.commit())"
    done = run(sys.executable, "-c", code, cwd=clone, PYTHONPATH=str(clone), GIT_CEILING_DIRECTORIES=str(clone.parent))
    assert done.stdout == "commit unknown\n"
    assert records.commit() != "unknown"
    address = "https://github.com/somebody/course"
    done = run(sys.executable, "-m", "utils.course", address, cwd=clone, PYTHONPATH=str(clone))
    assert done.returncode == 2
    known("git does not know this folder's files", done.stdout)
    assert "Traceback" not in done.stdout
