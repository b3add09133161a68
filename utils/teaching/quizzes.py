"""Quizzes by jupyterquiz, as one output that works offline and by keyboard.

``jupyterquiz.display_quiz`` makes two outputs with random ids, asks a CDN for MathJax, and speaks to no screen reader.
Here its code (MIT licence, John M. Shea) runs inside a function of its own, which hides MathJax and the console from
it, and what it renders gets roles and labels. The questions are in its format.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from utils.teaching import page

_SCRIPTS = ("helpers.js", "multiple_choice.js", "numeric.js")


def quiz(questions: Sequence[Mapping[str, Any]], title: str = "What have you seen?") -> None:
    """Show a quiz.

    Args:
        questions: in jupyterquiz's format: ``question``, ``type`` (``"multiple_choice"`` with one right answer, or
            ``"numeric"``) and ``answers``, each with ``answer`` (``value``, ``range`` or ``type: default`` for
            numbers), ``correct`` and ``feedback``, the reason. Between backticks stands code; all else is plain text.
        title: the heading.
    """
    if not questions:
        raise ValueError("a quiz needs at least one question")
    data = json.dumps([_prepared(question) for question in questions], ensure_ascii=False)
    body = (
        f'<p class="cc-title">{page.inline(title)}</p><div class="cq-box" data-questions="{page.escape(data)}"></div>'
        f"<noscript>The questions need JavaScript.</noscript>{page.script(_script())}"
    )
    style = resources.files("jupyterquiz").joinpath("styles.css").read_text(encoding="utf-8") + page.asset("quiz.css")
    page.show(page.card("quiz", body, css=style), f"quiz: {len(questions)} questions")


def _script() -> str:
    folder = resources.files("jupyterquiz").joinpath("js")
    code = "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in _SCRIPTS)
    shield = "var MathJax, console = { log: function () {}, error: window.console.error.bind(window.console) };"
    return f"(function () {{\n{shield}\n{code}\n{page.asset('quiz.js')}\n}})();"


def _prepared(question: Mapping[str, Any]) -> dict[str, Any]:
    """A question with escaped texts; ``ValueError`` where a reason is missing or the right answer is not one."""
    text, kind = str(question.get("question", "")), question.get("type")
    if not text or kind not in ("multiple_choice", "numeric"):
        raise ValueError(f"question {text!r} has the type {kind!r}; write a text and 'multiple_choice' or 'numeric'")
    answers = [dict(answer) for answer in question.get("answers", ())]
    right = sum(bool(answer.get("correct")) for answer in answers)
    if right != 1 or len(answers) < 2:
        raise ValueError(f"question {text!r} has {right} right answers of {len(answers)}; it needs one of at least two")
    if kind == "numeric" and not any(answer.get("type") == "default" for answer in answers):
        raise ValueError(f"question {text!r} needs an answer of type 'default', for every other number")
    for answer in answers:
        if not str(answer.get("feedback", "")).strip():
            raise ValueError(f"an answer to {text!r} has no feedback: {answer}; say why it is right or wrong")
        word = "Right." if answer.get("correct") else "No."
        answer["feedback"] = f"{word} {page.inline(answer['feedback'])}"
        answer["correct"] = bool(answer.get("correct"))
        if "answer" in answer:
            answer["answer"] = page.inline(answer["answer"])
    return {**question, "question": page.inline(text), "answers": answers}
