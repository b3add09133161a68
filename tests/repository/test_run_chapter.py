"""`make run`: stores a chapter that runs, leaves one that fails as it was, and normalises what it stores."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import nbformat
import pytest
import run_chapter
from nbclient.exceptions import CellExecutionError

from utils import records

pytestmark = pytest.mark.usefixtures("swept")


def write(path: Path, *sources: str) -> Path:
    v4 = nbformat.v4
    cells = [v4.new_code_cell(source, metadata={"tags": ["setup"], "collapsed": True}) for source in sources]
    metadata = {"kernelspec": {"name": "my-env", "display_name": "mine", "language": "python"}, "toc": 1}
    nbformat.write(v4.new_notebook(cells=cells, metadata=metadata), path)
    return path


def test_a_chapter_is_executed_and_normalised(tmp_path: Path, capsys) -> None:
    path = write(tmp_path / "01_small.ipynb", "import os\nx = 1", "print('a')\nprint('b')\nx + 1", "x;")
    run_chapter.execute(path)
    stored = json.loads(path.read_text())
    assert [cell["execution_count"] for cell in stored["cells"]] == [1, 2, 3]
    assert [output["output_type"] for output in stored["cells"][1]["outputs"]] == ["stream", "execute_result"]
    assert stored["cells"][2]["outputs"] == []
    assert stored["metadata"] == run_chapter.METADATA
    assert stored["cells"][0]["metadata"] == {"tags": ["setup"]}
    assert "[  2/3]" in capsys.readouterr().out


def test_a_failing_cell_stores_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "01_small.ipynb", "print(1)", "1 / 0")
    before = path.read_bytes()
    with pytest.raises(CellExecutionError):
        run_chapter.execute(path)
    assert path.read_bytes() == before


def test_a_machine_path_stores_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "01_small.ipynb", "print('/home/ana/data')")
    before = path.read_bytes()
    with pytest.raises(ValueError, match="/home/ana/data"):
        run_chapter.execute(path)
    assert path.read_bytes() == before


@pytest.fixture
def command(tmp_path: Path, monkeypatch):
    """A function that runs the command on a chapter 98 with this code, and returns its exit status."""

    def run(source: str, *options: str) -> int:
        path = write(tmp_path / "98_small.ipynb", source)
        monkeypatch.setattr(run_chapter, "find", lambda name: path)
        monkeypatch.setattr(sys, "argv", ["run_chapter.py", "98", *options])
        return run_chapter.main()

    for name, value in (("COURSE_STATIC", "1"), ("OMP_NUM_THREADS", "1")):
        monkeypatch.setenv(name, value)
    return run


def test_a_measured_chapter_leaves_time_and_memory_for_its_card(tmp_path: Path, command, monkeypatch) -> None:
    monkeypatch.setattr(records, "shipped", lambda name: tmp_path / f"{name.replace('/', '__')}.json")
    assert command("import time\ntime.sleep(0.3)\nhuge = bytearray(b'x') * 400_000_000", "--measure") == 0
    record = records.load(tmp_path / "chapter__98.json")
    assert 0.3 < record.seconds < 120
    assert record.metrics["memory_mb"] > 400, "the memory is the kernel's, not that of this process"
    assert (record.name, record.machine["threads"]) == ("chapter/98", 1)


@pytest.mark.parametrize(
    ("source", "status", "says"),
    [
        ("import os, signal, time\nos.kill(os.getppid(), signal.SIGINT)\ntime.sleep(60)", 130, "Stopped by"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", 1, "The kernel died"),
    ],
    ids=["interrupted", "killed"],
)
def test_who_stops_a_chapter_is_told_so_in_a_sentence(command, capsys, tmp_path: Path, source, status, says) -> None:
    assert command(source, "--measure") == status
    assert capsys.readouterr().err.startswith(says)
    assert not json.loads((tmp_path / "98_small.ipynb").read_text())["cells"][0]["outputs"]
    assert not records.shipped("chapter/98").exists()


@pytest.mark.parametrize("name", ["03", "3", "03_seq2seq", "03_seq2seq.ipynb", "chapters/03_seq2seq.ipynb"])
def test_a_chapter_is_found_by_number_or_name(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "03_seq2seq.ipynb", "1")
    write(tmp_path / "04_attention.ipynb", "1")
    assert run_chapter.find(name, tmp_path) == path


@pytest.mark.parametrize("name", ["", "07", "0"])
def test_an_unknown_chapter_is_answered_with_those_that_exist(tmp_path: Path, name: str) -> None:
    write(tmp_path / "03_seq2seq.ipynb", "1")
    with pytest.raises(ValueError, match="03_seq2seq"):
        run_chapter.find(name, tmp_path)
