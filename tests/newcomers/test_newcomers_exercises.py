"""What a newcomer answers to an exercise: for each mistake one sentence, and never a stack trace."""

from __future__ import annotations

import math

import pytest
import torch
from troubleshooting import known

from utils.teaching import check
from utils.teaching.exercises import chapters, exercises, find, judge
from utils.teaching.exercises.progress import Progress

ALL = [exercise for chapter in chapters() for exercise in exercises(chapter)]


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(check, "_progress", Progress())


def no_return(target, bos=2):
    print(torch.cat([torch.full_like(target[:, :1], bos), target[:, :-1]], dim=1))


def wrong_shape(target, bos=2):
    return target[:, 1:]


def a_text(target, bos=2):
    return str(target)


def misspelled(target, bos=2):
    return torch.cat([first, target[:, :-1]], dim=1)  # noqa: F821


def wrong_way(target, bos=2):
    return torch.cat([torch.full_like(target[:1], bos), target[:, :-1]], dim=1)


def multiplied(target, bos=2):
    return target.float() @ torch.ones(99, 1)


def too_large(target, bos=2):
    return torch.nn.Embedding(5, 2)(target)


def no_ids(target, bos=2):
    return torch.nn.Embedding(50, 2)(target.float())


def leaves(target, bos=2):
    raise SystemExit


def no_argument():
    return 0


MISTAKES = {
    "print for return": (("3.1", no_return), "it returns None: does every path end in a `return`?"),
    "shape": (("3.1", wrong_shape), "the shape (1, 4), where (1, 5) is right"),
    "type": (("3.1", a_text), "a text, where a tensor is right"),
    "called": (("3.1", torch.zeros(2, 3)), 'give the function itself, `check("3.1", shift)`, not [['),
    "a word": (("3.1", "shift"), "give the function itself, `check(\"3.1\", shift)`, not 'shift'"),
    "no answer": (("3.1",), 'not answered yet: give your answer too, check("3.1", shift)'),
    "a number for the name": ((3.1, wrong_shape), "the shape (1, 4), where (1, 5) is right"),
    "no such exercise": (("3.12", no_return), "there is no exercise '3.12'; there are: 3.1, 3.2"),
    "no such chapter": (("33.1", no_return), "there is no exercise '33.1'; there are: 1.1, 1.2"),
    "arguments": (("3.1", no_argument), "cannot be called with what the exercise asks for: too many positional"),
    "misspelled": (("3.1", misspelled), "name 'first' is not defined; run the cell that defines it"),
    "shapes inside": (("3.1", wrong_way), "print the shapes one line above"),
    "product": (("3.1", multiplied), "shapes cannot be multiplied (1x5 and 99x1); print the shapes one line above"),
    "ids": (("3.1", too_large), "index out of range in self; an id is not below the number of rows in the table"),
    "kind of number": (("3.1", no_ids), "look at `.dtype`: ids are whole numbers"),
    "exit": (("3.1", leaves), "with exit(): a function ends with `return`"),
    "none": (("8.3", None), "`gae_answer` is None; assign the answer itself to it"),
    "too few": (("8.3", [0.1]), "1 items ([0.1]), where 3 are right."),
    "a text for a list": (("8.3", "0.1"), "a text, where a list is right"),
    "huge": (("1.3", lambda nats: 10**400), "with OverflowError: int too large"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_answer_is_told_in_a_sentence(mistake, capsys):
    arguments, says = MISTAKES[mistake]
    check(*arguments)
    lines = capsys.readouterr().out.splitlines()
    line = next(line for line in lines if line.startswith(("3.", "8.", "1.3", "there is")))
    assert says in line
    assert not any("Traceback" in line for line in lines)


def test_a_list_that_is_too_short_does_not_get_the_solution(capsys):
    check("8.3", [0.1])
    assert "0.15" not in capsys.readouterr().out


@pytest.mark.parametrize("swallows", [False, True], ids=["plain", "catches everything"])
def test_an_endless_loop_ends(swallows, capsys, monkeypatch):
    monkeypatch.setattr(judge, "SECONDS", 0.5)

    def shift(target, bos=2):
        words = [bos]
        while words:
            try:
                words[0] += 1
            except Exception:
                assert swallows
        return words

    check("3.1", shift)  # which comes back
    line = capsys.readouterr().out.splitlines()[0]
    assert "it has not ended after 0.5 seconds in line" in line
    assert "does the condition of each loop become false some day" in line


def test_a_loop_that_one_stops_by_hand(capsys, monkeypatch):
    def shift(target, bos=2):
        raise KeyboardInterrupt

    check("3.1", shift)
    assert "you stopped it in line 2 of your function, `raise KeyboardInterrupt`" in capsys.readouterr().out


ODD = (1j, None, True, 0, -1, 1.5, math.nan, math.inf, 10**400, "", "a", b"a", [], [[]], {}, set(), object(), int,
       print, len, torch.tensor([]), torch.tensor(2), torch.zeros(2, 2, dtype=torch.complex64),
       torch.empty(1, device="meta"), torch.zeros(2).requires_grad_(), torch.zeros(2).to_sparse(), range(3),
       iter([1]))  # fmt: skip


@pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.id)
def test_no_answer_however_odd_gets_a_trace(exercise, capsys):
    """As the value itself, and as what a function returns."""
    for odd in ODD:
        for answer in (odd, lambda *_, odd=odd, **__: odd):
            check(exercise.id, answer)
            said = capsys.readouterr().out
            told = [line for line in said.splitlines() if line.startswith(f"{exercise.id} not ")]
            assert len(told) == 1, (odd, said)


def test_the_page_knows_them(capsys):
    check("3.1", no_return)
    known("for … it returns None: does every path", capsys.readouterr().out)
    check("3.1", wrong_shape)
    known("for … it returns the shape", capsys.readouterr().out)
    check("3.1", wrong_way)
    known("it stops in line … of your function", capsys.readouterr().out)
    check("3.1", torch.zeros(2, 3))
    known("give the function itself, `check", capsys.readouterr().out)
    check("3.12", no_return)
    known("there is no exercise '…'", capsys.readouterr().out)


def test_the_page_knows_an_endless_loop(capsys, monkeypatch):
    monkeypatch.setattr(judge, "SECONDS", 0.2)

    def shift(target, bos=2):
        while True:
            pass

    check("3.1", shift)
    known("it has not ended after … seconds", capsys.readouterr().out)


def test_progress_that_cannot_be_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", "/dev/full/progress.json")
    with pytest.warns(UserWarning, match="COURSE_PROGRESS") as caught:
        check("3.1", find("3.1").wrong[0].answer)
    known("your progress cannot be kept", str(caught[0].message))
