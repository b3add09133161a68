"""A chat box over several models: ask the same question of each, and see what every stage of training bought."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from utils.runtime import static
from utils.teaching import page
from utils.teaching.steppers.frame import Step, choices, label, quoted, stepper
from utils.teaching.widgets import widgets_work

Answer = Callable[[str], str]
"""Question -> answer; a ``ValueError`` of it is shown as a sentence."""

KEPT = 30  # exchanges that stay in sight


@dataclass(frozen=True)
class Talk:
    """The words of a box: what is put in, how one asks for an answer, and how a page tells what came."""

    one: str = "question"
    ask: str = "Ask"
    field: str = "You:"
    asked: str = "Asked"
    does: str = "answers"


ASKING = Talk()
TRANSLATING = Talk("sentence", "Translate", "Sentence:", "Given", "translates")
CONTINUING = Talk("beginning", "Go on", "Begin:", "Begun with", "goes on")

_CSS = (
    ".course-stepper .cb-asked{margin:.3rem 0;padding:.35rem .7rem;border-radius:10px;background:var(--c-soft);"
    "width:fit-content;max-width:90%;margin-left:auto}"
    ".course-stepper .cb-said{display:grid;grid-template-columns:fit-content(30%) minmax(0,1fr);gap:.35rem .7rem;"
    "margin:.4rem 0}"
    ".course-stepper .cb-said dt{font-weight:650}"
    ".course-stepper .cb-said dd{margin:0;white-space:pre-line;padding:.1rem .6rem;border-left:3px solid var(--c-mark)}"
)


def chat_box(
    models: Mapping[str, Answer], examples: Sequence[str], title: str = "Ask all of them", talk: Talk = ASKING
) -> None:
    """Show a box in which one asks, and switches between models; on a page, questions and what each model answered.

    Args:
        models: by name, in the order of their training, what each makes of a question. On a page each is asked all
            examples, so what is shown was really answered.
        examples: questions, the first of which fills the box; at least two, since a page walks through them.
        title: the heading.
        talk: the words of the box, such as `TRANSLATING`.
    """
    if not models:
        raise ValueError("chat_box needs at least one model: {'tuned': answer}, where answer(question) gives a text")
    if len(examples) < 2 or len(set(examples)) < len(examples):
        raise ValueError(
            f"chat_box needs at least two different examples for readers without a kernel, not {examples!r}"
        )
    if static() or not widgets_work():
        steps = [_step(models, question, talk) for question in examples]
        doors = label(f"Choose a {talk.one}") + choices(examples, f"{talk.one.capitalize()}s")
        note = label(f"On this page recorded answers are shown; in a running notebook you give your own {talk.one}s.")
        stepper(title, steps, note + doors, _CSS)
        return
    from IPython.display import display

    display(_Box(models, examples[0], title, talk).box)


def _answer(answer: Answer, question: str) -> str:
    """What a model says, as HTML."""
    try:
        said = answer(question)
    except ValueError as error:
        return f"<em>{page.escape(error)}</em>"
    return page.escape(said) if said.strip() else "<em>(it says nothing)</em>"


def _step(models: Mapping[str, Answer], question: str, talk: Talk) -> Step:
    rows = "".join(
        f'<dt>{page.escape(name)}</dt><dd dir="auto">{_answer(answer, question)}</dd>'
        for name, answer in models.items()
    )
    asked = f'<p class="cb-asked" dir="auto">{page.escape(question)}</p>'
    count = "the model" if len(models) == 1 else f"each of {len(models)} models"
    return Step(f'{asked}<dl class="cb-said">{rows}</dl>', f"{talk.asked} {quoted(question)}, {count} {talk.does}:")


class _Box:
    """The live box. Enter and the button ask; switching the model asks it the same question.

    What is asked again joins the exchange that is already there: leaving the field reports a question, and pressing the
    button does so once more.
    """

    def __init__(self, models: Mapping[str, Answer], first: str, title: str, talk: Talk = ASKING) -> None:
        import ipywidgets as widgets

        self.models, self.talk = models, talk
        self.told: list[tuple[str, dict[str, str]]] = []
        layout = widgets.Layout(width="95%", max_width="44rem")
        self.model = widgets.ToggleButtons(options=list(models), description="Model:")
        # Not on_submit, which ipywidgets 8 calls deprecated: so Enter reports, and leaving the field does too.
        self.text = widgets.Text(value=first, description=talk.field, layout=layout, continuous_update=False)
        self.one = widgets.Button(description=talk.ask, button_style="primary")
        self.all = widgets.Button(description=f"{talk.ask} all")
        self.said = widgets.HTML(layout=layout)
        self.one.on_click(lambda _: self._ask([self.model.value]))
        self.all.on_click(lambda _: self._ask(list(self.models)))
        self.text.observe(lambda _: self._ask([self.model.value]), names="value")
        self.model.observe(lambda _: self._ask([self.model.value]), names="value")
        heading = widgets.HTML(f"<strong>{page.inline(title)}</strong>")
        buttons = widgets.HBox([self.one, self.all])
        self.box: Any = widgets.VBox([heading, self.model, self.text, buttons, self.said])
        self._ask([self.model.value])

    def _ask(self, names: Sequence[str]) -> None:
        question, note = self.text.value.strip(), ""
        if not question:
            note = f"<p><em>Write a {self.talk.one} first.</em></p>"
        else:
            if not self.told or self.told[-1][0] != question:
                self.told = [*self.told[1 - KEPT :], (question, {})]
            self.told[-1][1].update({name: _answer(self.models[name], question) for name in names})
        # The newest stands on top, where the eye is.
        shown = "<hr>".join(_exchange(*one) for one in reversed(self.told))
        self.said.value = f'<div aria-live="polite">{note}{shown}</div>'


def _exchange(question: str, said: Mapping[str, str]) -> str:
    rows = "".join(
        f'<p><strong>{page.escape(name)}</strong> <span dir="auto" style="white-space:pre-line">{text}</span></p>'
        for name, text in said.items()
    )
    return f'<p style="text-align:right" dir="auto">{page.escape(question)}</p>{rows}'
