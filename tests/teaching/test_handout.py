"""What a class is given holds no solution, and checks answers all the same, in an environment of its own."""

from __future__ import annotations

import ast
import inspect
import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
import torch

from utils.teaching.exercises import chapters, exercises, find
from utils.teaching.exercises.handout import Sealed, pack, read, sealed, unpack, written
from utils.teaching.exercises.judge import judge, same

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book/tools"))

import handout  # noqa: E402

ALL = [exercise for chapter in chapters() for exercise in exercises(chapter)]


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """The folder that the command makes."""
    folder = tmp_path_factory.mktemp("class") / "handout"
    assert handout.main(["--to", str(folder), "--address", "https://example.org/course.whl"]) == 0
    return folder


@pytest.fixture(scope="module")
def texts(given):
    """Name -> text of everything in the folder: the notebooks, and each file of the wheel."""
    found = {path.name: path.read_text(encoding="utf-8") for path in (given / "chapters").iterdir()}
    (package,) = given.glob("*.whl")
    with zipfile.ZipFile(package) as opened:
        found |= {name: opened.read(name).decode("utf-8") for name in opened.namelist()}
    return found


def solution_lines(exercise):
    """The lines of a solution below its signature and docstring."""
    function = ast.parse(exercise.solution_source).body[0]
    if isinstance(function, ast.Assign):
        return [line.strip() for line in exercise.solution_source.splitlines()]
    return [line.strip() for line in exercise.solution_source.splitlines()[function.body[0].end_lineno :]]


def public_lines():
    """Every line that stands outside the solutions: in the package's own models, in tasks, in the cells of chapters."""
    known = {line.strip() for exercise in ALL for line in exercise.task.splitlines()}
    for path in (ROOT / "utils").rglob("*.py"):
        if "exercises" not in path.parts:
            known |= {line.strip() for line in path.read_text(encoding="utf-8").splitlines()}
    for path in (ROOT / "chapters").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        known |= {line.strip() for line in code.splitlines()}
    return known


def test_the_modules_of_solutions_are_left_out(texts):
    homes = {Path(inspect.getsourcefile(exercise.solution)) for exercise in ALL}
    assert len(homes) > 20
    assert [path.name for path in homes if any(name.endswith(f"exercises/{path.name}") for name in texts)] == []
    assert [name for name in texts if name.endswith((".pyc", ".so"))] == []


def stripped(text):
    """The text without the indentation of its lines."""
    return "\n".join(line.strip() for line in text.splitlines())


def test_no_line_of_a_solution_is_left(texts):
    """No line that stands in the solution alone, and nowhere the whole of it: each solution has such a line."""
    known = public_lines()
    searched = {name: stripped("\n".join(sources(t)) if name.endswith(".ipynb") else t) for name, t in texts.items()}
    everything = {line for text in searched.values() for line in text.splitlines()}
    for exercise in ALL:
        body = solution_lines(exercise)
        telling = [line for line in body if len(line) > 12 and line not in known]
        assert telling, exercise.id
        assert [line for line in telling if line in everything] == [], exercise.id
        assert [name for name, text in searched.items() if "\n".join(body) in text] == [], exercise.id


def sources(notebook):
    """The source of every cell, and what its outputs hold as text."""
    for cell in json.loads(notebook)["cells"]:
        yield "".join(cell["source"])
        for output in cell.get("outputs", ()):
            yield "".join(output.get("text", ""))
            yield from ("".join(value) for value in output.get("data", {}).values() if isinstance(value, str | list))


def test_the_search_would_find_a_solution(texts):
    """The same search over a full notebook finds the solution that stands in it."""
    full = stripped("\n".join(sources((ROOT / "chapters/03_seq2seq.ipynb").read_text(encoding="utf-8"))))
    assert "\n".join(solution_lines(find("3.1"))) in full
    assert "Solution of exercise" in full
    assert not any("Solution of exercise 3" in text for name, text in texts.items() if name.endswith(".ipynb"))


def test_the_notebooks_are_whole_but_for_the_solutions(given):
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        before = json.loads(path.read_text(encoding="utf-8"))["cells"]
        after = json.loads((given / "chapters" / path.name).read_text(encoding="utf-8"))["cells"]
        kept = [cell for cell in before if "exercise-solution" not in cell["metadata"].get("tags", ())]
        assert len(before) - len(kept) == len(exercises(path.stem[:2]))
        changed = [k for k, (a, b) in enumerate(zip(kept, after, strict=True)) if a["source"] != b["source"]]
        assert len(changed) == 1
        assert 'address = "https://example.org/course.whl"' in "".join(after[changed[0]]["source"])


# Everything that a learner may answer, judged by the package alone; then the wrong answers, whose code is brought in.
JUDGES = """
import importlib, json, sys, torch
import utils.teaching.exercises as door
from utils.teaching import check
from utils.teaching.exercises import cells, exercises, find, solution_html
from utils.teaching.exercises.judge import judge
given, full = json.load(sys.stdin), sys.argv[1]
said = {"file": door.__file__, "cells": [cell["tags"][0] for cell in cells("03")], "answers": {}, "wrong": {}}
for name, answers in given.items():
    said["answers"][name] = []
    for source in answers:
        space = {"torch": torch}
        exec(compile(source, f"<{name}>", "exec"), space)
        verdict = judge(find(name), space[find(name).name])
        said["answers"][name].append([verdict.passed, verdict.answered, verdict.sentence])
try:
    solution_html("3.1")
except ValueError as error:
    said["solution"] = str(error)
try:
    importlib.import_module("utils.teaching.exercises.chapter_03")
except ModuleNotFoundError:
    said["alone"] = True
door.__path__.append(full)
for name in given:
    module = importlib.import_module(f"utils.teaching.exercises.chapter_{int(name[0]):02d}")
    original = next(one for one in module.EXERCISES if one.id == name)
    said["wrong"][name] = [judge(find(name), wrong.answer).sentence for wrong in original.wrong]
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def said(given, tmp_path_factory):
    """What the package says to stubs, solutions and wrong answers, in an environment without the clone."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python, (package,) = folder / "bin/python", given.glob("*.whl")
    site = next(folder.glob("lib/python*/site-packages"))
    # torch and its like from here; the clone's own link in that folder is not followed from another environment.
    (site / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    install = [sys.executable, "-m", "pip", "--quiet", "--python", str(python), "install", "--no-index", "--no-deps"]
    subprocess.run([*install, str(package)], check=True, capture_output=True)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"COURSE_STATIC": "1"}
    done = subprocess.run(
        [str(python), "-c", JUDGES, str(ROOT / "utils/teaching/exercises")],
        input=json.dumps({one.id: [one.stub, one.solution_source] for one in ALL}),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_it_is_the_package_alone(said):
    folder, found = said
    assert found["file"].startswith(str(folder))
    assert found["alone"]
    assert found["solution"] == "the solution of exercise 3.1 is not in this package"
    assert found["cells"] == ["exercise", "exercise-stub", "exercise-check"] * 6


@pytest.mark.slow
@pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.id)
def test_it_judges_as_the_full_package_does(exercise, said):
    stub, solution = said[1]["answers"][exercise.id]
    assert stub[:2] == [False, False]
    assert solution == [True, True, ""]
    assert said[1]["wrong"][exercise.id] == [wrong.message for wrong in exercise.wrong]


def test_what_is_given_to_a_class_comes_back():
    for exercise in ALL:
        for case in exercise.cases:
            ours, theirs = unpack(json.loads(json.dumps(pack(case.arguments())))), case.arguments()
            assert all(same(a, b, 0.0) or type(a) is type(b) for a, b in zip(ours, theirs, strict=True))
            assert same(exercise.solution(*ours), exercise.solution(*theirs))
    with pytest.raises(ValueError, match=r"a object cannot be handed out; put its class into props.py"):
        pack([object()])


def test_sealed_values_are_recognised_and_cannot_be_read():
    (beam, table) = read(written([find("3.4"), find("8.4")]))
    assert judge(beam, ("the cat sleeps", 0.144)).passed
    assert judge(beam, ["the cat sleeps", 0.14401]).passed
    assert not judge(beam, ("the cat sleeps", 0.145)).passed
    assert "multiply" in judge(beam, ("the cat sleeps", 1.6)).sentence
    wrong = {**find("8.4").solution(), "a": (1.2, False)}
    assert "look again at 'a'" in judge(table, wrong).sentence
    assert "cat" not in written([find("3.4")]).partition('"right"')[2]
    assert sealed(0.5, "x") != sealed(0.5, "y")
    assert Sealed("int", "", sealed(3, "").digest).opens(3.0)
    assert not sealed(1, "").opens(True)
    assert not sealed("1", "").opens(1)
    assert isinstance(sealed([torch.tensor(1).item()], "")[0], Sealed)
