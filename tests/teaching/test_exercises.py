"""The exercises of every chapter: stubs fail kindly, solutions pass, each wrong answer gets its sentence."""

import copy
import json
from pathlib import Path

import pytest
import sacrebleu
import torch

from utils.teaching import check
from utils.teaching.exercises import bleu_03, cells, chapters, drift, exercises, find
from utils.teaching.exercises.bleu_03 import bleu_by_hand
from utils.teaching.exercises.chapter_03 import Copier, greedy_loop, masked_loss
from utils.teaching.exercises.judge import judge

ROOT = Path(__file__).resolve().parents[2]
ALL = [exercise for chapter in chapters() for exercise in exercises(chapter)]
WRONG = [(exercise, wrong) for exercise in ALL for wrong in exercise.wrong]
NOTEBOOKS = [path for path in sorted((ROOT / "chapters").glob("*.ipynb")) if path.stem[:2] in chapters()]


def defined(exercise, source):
    """What a learner has after running a cell; a chapter imports torch, and nothing else is taken for granted."""
    namespace = {"torch": torch}
    exec(compile(source, f"<cell {exercise.id}>", "exec"), namespace)
    return namespace[exercise.name]


def test_chapter_03_has_its_six():
    assert [exercise.id for exercise in exercises("03")] == ["3.1", "3.2", "3.3", "3.4", "3.5", "3.6"]
    assert len({exercise.id for exercise in ALL}) == len(ALL)


@pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.id)
def test_a_stub_fails_with_a_sentence(exercise, capsys):
    check(exercise.id, defined(exercise, exercise.stub))
    line = capsys.readouterr().out
    assert line.startswith(f"{exercise.id} not answered yet: `{exercise.name}` ")
    check(exercise.id, defined(exercise, exercise.stub))
    assert capsys.readouterr().out == line, "an untouched stub spends no hint"


@pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.id)
def test_the_shown_solution_passes(exercise, capsys):
    check(exercise.id, defined(exercise, exercise.solution_source))
    assert capsys.readouterr().out == f"{exercise.id} solved: {exercise.title}.\n"


@pytest.mark.parametrize(("exercise", "wrong"), WRONG, ids=lambda x: getattr(x, "id", None) or x.message[:24])
def test_each_wrong_answer_gets_its_sentence(exercise, wrong, capsys):
    check(exercise.id, wrong.answer)
    first, hint = capsys.readouterr().out.splitlines()
    assert first == f"{exercise.id} not yet: {wrong.message}."
    assert hint == f"Hint 1 of {len(exercise.hints)}: {exercise.hints[0]}"


@pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.id)
def test_hints_come_call_by_call(exercise, capsys):
    for k in (1, 2, 3, 4):
        check(exercise.id, exercise.wrong[0].answer)
        number = min(k, len(exercise.hints))
        assert f"Hint {number} of {len(exercise.hints)}: {exercise.hints[number - 1]}" in capsys.readouterr().out
    check(exercise.id, exercise.solution)
    check(exercise.id, exercise.wrong[0].answer)
    assert "Hint" not in capsys.readouterr().out, "solved once, no more hints"


def test_an_exception_becomes_a_sentence_that_names_the_line(capsys):
    def shift(target, bos=2):
        first = target[:, :1]
        return torch.cat([first, target.missing], dim=1)

    check("3.1", shift)
    line = capsys.readouterr().out.splitlines()[0]
    assert "in line 3 of your function, `return torch.cat([first, target.missing], dim=1)`" in line
    assert "AttributeError" in line


@pytest.mark.parametrize(
    ("name", "answer", "says"),
    [
        ("3.1", torch.zeros(2, 3), 'give the function itself, `check("3.1", shift)`'),
        ("3.1", lambda: None, "cannot be called with what the exercise asks for"),
        ("3.1", lambda target, bos=2: None, "does every path end in a `return`"),
        ("3.1", lambda target, bos=2: target[:, 1:], "the shape (1, 4), where (1, 5) is right"),
        ("3.1", lambda target, bos=2: target * 0, "[[0, 0, 0, 0, 0]], where [[2, 7, 8, 9, 5]] is right"),
        ("3.2", lambda logits, target, pad=0: "low", "a text, where a number is right"),
        ("3.3", lambda model, source, longest=20: [5], "1 items ([5]), where 4 are right"),
        ("3.4", ("a fish", 0.3), "('a fish', 0.3) is not right"),
        ("3.9", 1, "there is no exercise '3.9'; there are: 3.1, 3.2"),
        ("nonsense", 1, "there is no exercise 'nonsense'"),
    ],
)
def test_every_other_answer_gets_a_sentence(name, answer, says, capsys):
    check(name, answer)
    assert says in capsys.readouterr().out


def test_another_right_answer_passes():
    assert judge(find("3.2"), lambda logits, target: masked_loss(logits, target).item()).passed
    ours = lambda logits, target: torch.nn.functional.cross_entropy(  # noqa: E731
        logits.transpose(1, 2), target, ignore_index=0
    )
    assert judge(find("3.2"), ours).passed
    assert judge(find("3.4"), ["the cat sleeps", 0.1440]).passed


def test_the_solutions_are_right_themselves():
    """Against other implementations of the same: sacrebleu, and a loop written out."""
    for case in find("3.5").cases:
        candidate, reference = case.arguments()
        theirs = sacrebleu.corpus_bleu(
            [" ".join(candidate)], [[" ".join(reference)]], tokenize="none", smooth_method="none"
        )
        assert bleu_by_hand(candidate, reference) == pytest.approx(theirs.score, abs=1e-6)
    pair = bleu_03._pair("the cat sat on the mat today", "the cat sat on a mat")
    assert bleu_by_hand(*pair) == pytest.approx(43.47, abs=0.01)
    assert greedy_loop(Copier(), torch.tensor([[5, 6]])) == [5, 6]


def test_progress_is_kept_and_exported(shown, tmp_path, monkeypatch):
    exercise = find("3.1")
    check("3.1", exercise.wrong[0].answer)
    check("3.1", exercise.solution)
    stored = json.loads((tmp_path / "progress.json").read_text())["exercises"]["3.1"]
    assert (stored["tries"], stored["hints"]) == (2, 1)
    assert stored["solved"] is not None
    seen = shown(check.progress, to=tmp_path / "mine.csv")
    assert f"1 of {len(ALL)} exercises solved" in seen.html
    lines = (tmp_path / "mine.csv").read_text().splitlines()
    assert lines[0] == "exercise,title,tries,hints,solved"
    assert any(line.startswith("3.1,Teacher forcing: the shift,2,1,20") for line in lines)
    shown(check.progress, to=str(tmp_path / "mine.json"))
    assert len(json.loads((tmp_path / "mine.json").read_text())) == len(ALL)
    assert "ends in .csv or .json" in shown(check.progress, to="mine.pdf").text


def test_a_broken_progress_file_is_put_aside(tmp_path, capsys):
    (tmp_path / "progress.json").write_text("{")
    with pytest.warns(UserWarning, match=r"kept as progress.broken.json"):
        check("3.4", ("x", 1.0))
    assert (tmp_path / "progress.broken.json").read_text() == "{"
    assert "3.4" in json.loads((tmp_path / "progress.json").read_text())["exercises"]


def test_a_home_that_cannot_be_written_warns(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "file" / "progress.json"))
    with pytest.warns(UserWarning, match="lost when the kernel ends"):
        check("3.4", ("x", 1.0))


def test_static_pages_touch_no_file(shown, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_STATIC", "1")
    check("3.1", find("3.1").wrong[0].answer)
    assert not list(tmp_path.iterdir())
    assert "kept on your own machine" in shown(check.progress).html


def as_notebook(chapter):
    return {"cells": [{"cell_type": c["cell_type"], "source": c["source"].splitlines(True)} for c in cells(chapter)]}


def test_drift_is_seen():
    notebook = as_notebook("03")
    assert drift("03", notebook) == []
    changed = copy.deepcopy(notebook)
    changed["cells"][1]["source"][0] += "  # changed\n"
    changed["cells"].insert(0, changed["cells"].pop(7))
    assert drift("03", changed) == [
        "3.1: no cell equals the registry's exercise-stub",
        "3.2: the exercise-solution stands before what it belongs to",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_follow_the_registry(path):
    assert drift(path.stem[:2], json.loads(path.read_text(encoding="utf-8"))) == []
