"""The command behind `make colab-check` sees what it is there to see. (The run itself takes minutes.)"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from packaging.requirements import Requirement

sys.path.insert(0, str(Path(__file__).parent))

import alone
import colab_check
import interpreters

pytestmark = pytest.mark.usefixtures("swept")
LISTED = [line for line in colab_check.LIST.read_text().splitlines() if not line.startswith("#")]


def test_the_list_pins_everything_and_lacks_what_colab_lacks() -> None:
    versions = {requirement.name: str(requirement.specifier) for requirement in map(Requirement, LISTED)}
    assert all(version.startswith("==") for version in versions.values())
    assert versions["ipywidgets"] == "==7.7.1"
    assert versions["ipython"] == "==7.34.0"
    assert [str(Requirement(line).specifier) for line in LISTED if line.startswith("torch==")] == [
        "==2.11.0",
        "==2.13.0",
    ]
    assert not {"d2l", "sacrebleu", "portalocker", "colorama", "jupyterquiz", "torchvision"} & set(versions)


def test_a_changed_and_a_lost_package_are_named_and_a_new_one_is_not() -> None:
    before = {"numpy": "2.1.3", "pandas": "2.2.3", "torch": "2.13.0"}
    assert alone.changed(before, before | {"d2l": "1.0.3"}) == []
    assert alone.changed(before, {"numpy": "2.4.6", "torch": "2.13.0"}) == [
        "numpy 2.1.3 -> 2.4.6",
        "pandas 2.2.3 -> gone",
    ]


def test_verdicts_are_read_from_what_was_printed() -> None:
    v4 = nbformat.v4
    printed = v4.new_output("stream", name="stdout", text="HOLDS  a: b\nno\nDOES NOT HOLD  c: d (on 2 of 3 seeds)\n")
    cell = v4.new_code_cell("", outputs=[printed, v4.new_output("display_data", data={"text/plain": "HOLDS"})])
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell("HOLDS"), cell])
    assert alone.verdicts(notebook) == ["HOLDS  a: b", "DOES NOT HOLD  c: d (on 2 of 3 seeds)"]


def test_the_copy_holds_the_package_and_no_environment(tmp_path: Path) -> None:
    clone = alone.copy_of_clone(tmp_path)
    assert (clone / "utils/course.py").read_bytes() == (alone.ROOT / "utils/course.py").read_bytes()
    assert not (clone / ".venv").exists()
    assert not (clone / "_build").exists()
    assert os.access(clone / "postBuild", os.X_OK)


def test_the_kernel_is_that_of_the_given_python_and_ends_and_a_failing_cell_is_seen(tmp_path: Path) -> None:
    folder = tmp_path / "content"
    folder.mkdir()
    code = "import os, sys\nprint(os.getpid(), sys.executable, os.getcwd(), os.environ['COURSE_SOURCE'], os.listdir())"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    python = Path(sys.executable)
    alone.execute(notebook, python, folder, {"PATH": "/usr/bin", "HOME": str(tmp_path), "COURSE_SOURCE": "here"})
    process, _, rest = notebook.cells[0].outputs[-1].text.partition(" ")
    assert rest == f"{python} {folder} here []\n"
    with pytest.raises(ProcessLookupError):
        os.kill(int(process), 0)  # asks whether the kernel still runs
    notebook.cells[0].source = "1 / 0"
    (tmp_path / "kernels").rename(tmp_path / "old")
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        alone.execute(notebook, python, folder, {"PATH": "/usr/bin", "HOME": str(tmp_path)})


def small(path: Path, *, expect: str = "HOLDS", say: str = "HOLDS") -> Path:
    """A notebook whose stored output has one verdict and whose code prints another, or the same."""
    stored = nbformat.v4.new_output("stream", name="stdout", text=f"{expect}  a: b\n")
    code = f"import os\nprint('{say}  a: b')\nassert os.listdir() == ['{path.name}']\n"
    code += "assert 'COURSE_DATA' not in os.environ"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code, outputs=[stored])]), path)
    return path


def test_a_run_compares_the_verdicts_and_finds_only_the_notebook(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("COURSE_DATA", "somewhere")
    outcome = alone.run(small(tmp_path / "a.ipynb"), Path(sys.executable), {})
    assert outcome.complaints == []
    assert (outcome.verdicts, outcome.same_verdicts) == (1, True)
    outcome = alone.run(small(tmp_path / "b.ipynb", say="DOES NOT HOLD"), Path(sys.executable), {})
    assert not outcome.same_verdicts
    assert "DOES NOT HOLD  a: b" in outcome.complaints[0]
    outcome = alone.run(small(tmp_path / "c.ipynb"), Path(sys.executable), {"COURSE_DATA": "x"})
    assert "AssertionError" in outcome.complaints[0]


def test_what_was_added_is_taken_out_again_and_a_change_is_not_hidden(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv/bin/python"
    before = alone.frozen(python)
    site = next((tmp_path / "venv/lib").glob("python*/site-packages"))
    info = site / "added-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: added\nVersion: 1.0\n")
    (info / "RECORD").write_text("added-1.0.dist-info/METADATA,,\nadded-1.0.dist-info/RECORD,,\n")
    assert "added" in alone.frozen(python)
    alone.restore(python, before)
    assert alone.frozen(python) == before
    with pytest.raises(RuntimeError, match="other 2"):
        alone.restore(python, before | {"other": "2"})


def test_an_interpreter_is_found_by_its_version_and_a_broken_one_is_not(tmp_path: Path, monkeypatch) -> None:
    for version, real in (("3.11.2", False), ("3.11.1", True)):
        python = tmp_path / f"versions/{version}/bin/python"
        python.parent.mkdir(parents=True)
        python.write_text(f"#!/bin/sh\n{'echo 3.11' if real else 'exit 1'}\n")
        python.chmod(0o755)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", "/nowhere")
    assert interpreters.find("3.9", "3.11") == ("3.11", tmp_path / "versions/3.11.1/bin/python")
    with pytest.raises(ValueError, match=r"no Python 3\.9 or 3\.10"):
        interpreters.find("3.9", "3.10")
