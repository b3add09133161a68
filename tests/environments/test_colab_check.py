"""The command behind `make colab-check` sees what it is there to see. (The run itself takes minutes.)"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from packaging.requirements import Requirement

sys.path.insert(0, str(Path(__file__).parent))

import colab_check

LISTED = [line for line in colab_check.LIST.read_text().splitlines() if not line.startswith("#")]


def test_the_list_pins_everything_and_lacks_what_colab_lacks() -> None:
    versions = {requirement.name: str(requirement.specifier) for requirement in map(Requirement, LISTED)}
    assert all(version.startswith("==") for version in versions.values())
    assert versions["ipywidgets"] == "==7.7.1"
    assert versions["ipython"] == "==7.34.0"
    assert not {"d2l", "sacrebleu", "portalocker", "colorama", "jupyterquiz", "torchvision"} & set(versions)


def test_a_changed_and_a_lost_package_are_named_and_a_new_one_is_not() -> None:
    before = {"numpy": "2.1.3", "pandas": "2.2.3", "torch": "2.13.0"}
    assert colab_check.changed(before, before | {"d2l": "1.0.3"}) == []
    assert colab_check.changed(before, {"numpy": "2.4.6", "torch": "2.13.0"}) == [
        "numpy 2.1.3 -> 2.4.6",
        "pandas 2.2.3 -> gone",
    ]


def test_verdicts_are_read_from_what_was_printed() -> None:
    v4 = nbformat.v4
    printed = v4.new_output("stream", name="stdout", text="HOLDS  a: b\nno\nDOES NOT HOLD  c: d (on 2 of 3 seeds)\n")
    cell = v4.new_code_cell("", outputs=[printed, v4.new_output("display_data", data={"text/plain": "HOLDS"})])
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell("HOLDS"), cell])
    assert colab_check.verdicts(notebook) == ["HOLDS  a: b", "DOES NOT HOLD  c: d (on 2 of 3 seeds)"]


def test_the_copy_holds_the_package_and_no_environment(tmp_path: Path) -> None:
    clone = colab_check.copy_of_clone(tmp_path)
    assert (clone / "utils/course.py").read_bytes() == (colab_check.ROOT / "utils/course.py").read_bytes()
    assert not (clone / ".venv").exists()
    assert not (clone / "_build").exists()


def test_the_kernel_is_that_of_the_given_python_and_ends_and_a_failing_cell_is_seen(tmp_path: Path) -> None:
    folder = tmp_path / "content"
    folder.mkdir()
    code = "import os, sys\nprint(os.getpid(), sys.executable, os.getcwd(), os.environ['COURSE_SOURCE'], os.listdir())"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    python = Path(sys.executable)
    colab_check.execute(notebook, python, folder, {"PATH": "/usr/bin", "HOME": str(tmp_path), "COURSE_SOURCE": "here"})
    process, _, rest = notebook.cells[0].outputs[-1].text.partition(" ")
    assert rest == f"{python} {folder} here []\n"
    with pytest.raises(ProcessLookupError):
        os.kill(int(process), 0)  # asks whether the kernel still runs
    notebook.cells[0].source = "1 / 0"
    (tmp_path / "kernels").rename(tmp_path / "old")
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        colab_check.execute(notebook, python, folder, {"PATH": "/usr/bin", "HOME": str(tmp_path)})
