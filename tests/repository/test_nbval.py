"""The comparison of stored outputs works: it sees a changed digit, passes a changed picture, and heeds a semicolon."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]


def notebook(*cells: tuple[str, list[nbformat.NotebookNode]]) -> nbformat.NotebookNode:
    v4 = nbformat.v4
    code = [v4.new_code_cell(s, execution_count=k, outputs=o) for k, (s, o) in enumerate(cells, start=1)]
    return v4.new_notebook(cells=code, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


def stdout(text: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_output("stream", name="stdout", text=text)


@pytest.fixture
def nbval(tmp_path: Path):
    """Runs nbval as the checks do, in a folder with our conftest.py, and returns (exit status, output)."""

    def run(content: nbformat.NotebookNode) -> tuple[int, str]:
        shutil.copyfile(ROOT / "conftest.py", tmp_path / "conftest.py")
        (tmp_path / "pytest.ini").write_text("[pytest]\n")
        nbformat.write(content, tmp_path / "small.ipynb")
        command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "--nbval-cell-timeout", "60"]
        command += ["--nbval-sanitize-with", str(ROOT / "tests/nbval_sanitize.cfg"), "-p", "no:cacheprovider", "."]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=os.environ | {"NO_COLOR": "1"})
        return done.returncode, done.stdout

    return run


def test_unchanged_is_green_and_a_changed_digit_is_red(nbval) -> None:
    code = "print('HOLDS  fixed-context: 41 of 64')\n6 * 7"
    value = nbformat.v4.new_output("execute_result", data={"text/plain": "42"}, execution_count=1)
    right = [stdout("HOLDS  fixed-context: 41 of 64\n"), value]
    assert nbval(notebook((code, right)))[0] == 0
    status, output = nbval(notebook((code, [stdout("HOLDS  fixed-context: 42 of 64\n"), value])))
    assert status == 1
    assert "fixed-context" in output
    wrong_value = nbformat.v4.new_output("execute_result", data={"text/plain": "43"}, execution_count=1)
    assert nbval(notebook((code, [right[0], wrong_value])))[0] == 1


def test_a_missing_output_and_an_error_are_red(nbval) -> None:
    assert nbval(notebook(("print(1)", [])))[0] == 1
    assert nbval(notebook(("1 / 0", [])))[0] == 1


def test_pictures_html_and_application_data_are_not_compared(nbval) -> None:
    code = """
from IPython.display import display
display({"text/plain": "same", "text/html": "<b>new</b>", "image/svg+xml": "<svg id='new'/>",
         "application/vnd.course.claim+json": {"now": 2}}, raw=True)
import sys
print("a warning of today", file=sys.stderr)
"""
    old = {"text/plain": "same", "text/html": "<b>old</b>", "image/svg+xml": "<svg/>"}
    data = old | {"application/vnd.course.claim+json": {"then": 1}}
    stored = nbformat.v4.new_output("display_data", data=data)
    assert nbval(notebook((code, [stored])))[0] == 0
    other = nbformat.v4.new_output("display_data", data=data | {"text/plain": "other"})
    assert nbval(notebook((code, [other])))[0] == 1


def test_a_semicolon_hides_a_value(nbval) -> None:
    assert nbval(notebook(("x = 3", []), ("x;", [])))[0] == 0


def test_a_timing_may_differ_and_a_count_may_not(nbval) -> None:
    code = "print('12 sentences in 3.4 s')"
    assert nbval(notebook((code, [stdout("12 sentences in 9.9 s\n")])))[0] == 0
    assert nbval(notebook((code, [stdout("13 sentences in 3.4 s\n")])))[0] == 1


def test_no_notebook_is_a_failure(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "pytest", "--nbval", str(tmp_path)], cwd=tmp_path, capture_output=True)
    assert done.returncode == 5
