"""The table of environments says what was run, and no more; every result in the repository is green."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "book/tools"))
sys.path.insert(0, str(Path(__file__).parent))

import alone
import chapter_tables
import environment_table
import table

ROOT = alone.ROOT
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
STORED = environment_table.results()


def test_what_a_machine_can_make_was_run() -> None:
    assert set(table.HERE) <= set(STORED)
    assert set(environment_table.KINDS) == set(table.PLACES)
    assert set(table.SET_UP) == environment_table.SET_UP


@pytest.mark.parametrize("name", STORED)
def test_every_chapter_passed_in(name: str) -> None:
    entries = STORED[name]["chapters"]
    assert sorted(entries) == [path.stem for path in CHAPTERS]
    for stem, entry in entries.items():
        assert environment_table.passed(entry), f"{stem}: {entry['complaints']}"
        assert entry["cpu_seconds"] > 0, stem
        path = ROOT / f"chapters/{stem}.ipynb"
        if entry["code"] == table.code_of(name, path):  # else it is marked as older, and may have had other verdicts
            assert entry["verdicts"] == len(alone.verdicts(nbformat.read(path, as_version=4))), stem


@pytest.mark.parametrize("name", STORED)
def test_results_name_commits_of_this_history(name: str) -> None:
    if table.git("rev-parse", "--is-shallow-repository") == "true":
        pytest.skip("this clone holds only the last commits; git fetch --unshallow brings the others")
    for commit in {entry["commit"] for entry in STORED[name]["chapters"].values()}:
        known = subprocess.run(["git", "merge-base", "--is-ancestor", commit, "HEAD"], cwd=ROOT, capture_output=True)
        assert known.returncode == 0, commit


def test_the_environments_are_the_ones_that_they_are_named_for() -> None:
    pins = dict(
        line.split("==") for line in (ROOT / "tests/environments/colab.txt").read_text().split() if "==" in line
    )
    colab = STORED["colab"]["versions"]
    assert {name: colab[name] for name in ("numpy", "pandas", "ipywidgets", "ipython", "matplotlib")} == {
        name: pins[name] for name in ("numpy", "pandas", "ipywidgets", "ipython", "matplotlib")
    }
    locked = STORED["locked"]["versions"]
    lock = "".join((ROOT / "requirements" / name).read_text() for name in table.LOCKS)
    assert [name for name in locked if name != "python" and f"\n{name}=={locked[name]} " not in lock] == []
    assert len({one["versions"]["python"].rpartition(".")[0] for one in STORED.values()}) > 1


def entry(**changes: Any) -> dict[str, Any]:
    """A result as `table.run` stores it."""
    return {
        "cpu_seconds": 7,
        "verdicts": 1,
        "same_verdicts": True,
        "complaints": [],
        "code": chapter_tables.fingerprint(CHAPTERS[0], True),
        "commit": "0123456789",
        "date": "2026-01-05",
    } | changes


def store(folder: Path, name: str, *entries: dict[str, Any]) -> None:
    found = {path.stem: one for path, one in zip(CHAPTERS, entries, strict=False)}
    versions = {"python": "3.13.1", "torch": "2.11.0"}
    (folder / f"{name}.json").write_text(json.dumps({"chapters": found, "versions": versions}))


def test_the_fingerprint_is_that_of_the_code(tmp_path: Path) -> None:
    def known(path: Path = tmp_path / "a.ipynb") -> tuple[str, str]:
        nbformat.write(notebook, path)
        return chapter_tables.fingerprint(path, setup=True), chapter_tables.fingerprint(path, setup=False)

    v4 = nbformat.v4
    first, second = v4.new_code_cell("install()", metadata={"tags": ["setup"]}), v4.new_code_cell("1 + 1")
    notebook = v4.new_notebook(cells=[first, second])
    whole, own = known()
    notebook.cells = [first, v4.new_markdown_cell("text"), second]
    second.outputs = [v4.new_output("stream", name="stdout", text="2")]
    assert known() == (whole, own)
    first.source = "install_more()"
    assert known()[0] != whole
    assert known()[1] == own
    second.source = "1 + 2"
    assert known()[1] != own


def test_a_mark_is_earned_or_not_given(tmp_path: Path) -> None:
    bad = [entry(same_verdicts=False), entry(complaints=["a cell failed"]), entry(code="older")]
    store(tmp_path, "colab", entry(), *bad)
    head, _, row, *others, empty, note = environment_table.table(tmp_path).splitlines()
    assert empty == ""
    assert note.startswith("\\* run before the code")
    assert head.count(".ipynb)") == len(CHAPTERS)
    cells = [part.strip().replace(environment_table.SPACE, " ") for part in row.strip("|").split(" | ")]
    assert cells[0] == "**like Colab**<br>Python 3.13.1"
    assert cells[1:6] == ["ok<br>7 s", "**failed**", "**failed**", "ok \\*<br>7 s", "not run"]
    titles = ["conda and Binder", "offline", "locked", "Colab's image", "Windows", "macOS"]
    assert [line.split("**")[1] for line in others] == titles
    assert all("not run here: " in line and "ok" not in line.partition(" | ")[2] for line in others)
    assert "Python 3.13.1, torch 2.11.0. Run on 2026-01-05, at [`0123456`]" in environment_table.environments(tmp_path)
    nothing = environment_table.table(tmp_path / "nothing")
    assert "ok" not in nothing
    assert "run before" not in nothing


def test_the_date_of_colabs_image_is_earned_by_all_chapters(tmp_path: Path) -> None:
    never = "**Not yet verified in Colab's own image.**"
    assert environment_table.colab_image(tmp_path) == never
    store(tmp_path, "colab-image", entry(), entry(complaints=["a cell failed"]))
    assert environment_table.colab_image(tmp_path) == never
    store(tmp_path, "colab-image", entry(), entry())
    assert environment_table.colab_image(tmp_path) == never  # seven chapters are missing
    store(tmp_path, "colab-image", entry(date="2026-02-09"), *[entry(date="2026-02-02") for _ in CHAPTERS[1:]])
    assert environment_table.colab_image(tmp_path) == "**Last verified in Colab's own image: 2026-02-02.**"


def test_a_run_is_stored_as_it_ends_and_what_passed_is_not_run_again(tmp_path: Path, monkeypatch) -> None:
    asked: list[str] = []

    def run(path: Path) -> alone.Outcome:
        asked.append(path.stem)
        wrong = ["a cell failed"] if path == CHAPTERS[1] and len(asked) < 3 else []
        return alone.Outcome(3, 2, True, wrong)

    monkeypatch.setattr(table, "RESULTS", tmp_path / "results")
    monkeypatch.setitem(table.PLACES, "colab", lambda work: table.Place(Path(sys.executable), run))
    assert not table.run("colab", CHAPTERS[:2], tmp_path)
    assert asked == [path.stem for path in CHAPTERS[:2]]
    assert table.run("colab", CHAPTERS[:3], tmp_path)  # what failed, and what is new
    assert asked[2:] == [path.stem for path in CHAPTERS[1:3]]
    stored = json.loads((tmp_path / "results/colab.json").read_text())
    assert list(stored["chapters"]) == [path.stem for path in CHAPTERS[:3]]
    assert stored["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert stored["versions"]["numpy"]
    assert stored["chapters"][CHAPTERS[0].stem]["commit"] == table.git("rev-parse", "HEAD")
    assert environment_table.passed(stored["chapters"][CHAPTERS[1].stem])


def test_colabs_image_is_not_taken_for_granted(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not Colab's image"):
        table.colab_image(tmp_path)


def test_the_workflow_runs_in_colabs_image_and_its_date_comes_from_the_result_alone() -> None:
    text = (ROOT / ".github/workflows/colab.yml").read_text()
    assert "us-docker.pkg.dev/colab-images/public/" in text
    assert "table.py colab-image" in text
    assert "book/environments/colab-image.json" in text
    assert table.PLACES["colab-image"] is table.colab_image
