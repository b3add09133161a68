"""Live widgets with a static twin. Only what ipywidgets 7.7.1 (Colab) and 8 share is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import metadata
from typing import Any

from utils.runtime import static
from utils.teaching import page

OLDEST = (7, 7)  # what Colab runs


def live_or_static(live: Callable[[], Any], twin: str, plain: str) -> None:
    """Show a widget where there is a kernel, and its static twin on pages (``COURSE_STATIC=1``).

    Where ipywidgets is missing or too old, the twin is shown with a sentence that says so.

    Args:
        live: makes the widget; called only if it will be shown.
        twin: the HTML for pages, which must say what the widget would have shown.
        plain: a sentence for terminals.
    """
    if static() or not widgets_work():
        page.show(twin, plain)
        return
    from IPython.display import display

    display(live())


def widgets_work() -> bool:
    """Whether ipywidgets is there and new enough; if not, one sentence says what to do."""
    try:
        found = metadata.version("ipywidgets")
    except metadata.PackageNotFoundError:
        lacking = "ipywidgets is not installed"
    else:
        if tuple(int(part) for part in found.split(".")[:2]) >= OLDEST:
            return True
        lacking = f"ipywidgets {found} is too old"
    print(f"{lacking}, so you see the box as on the page: `pip install --upgrade ipywidgets`, then restart the kernel.")
    return False


def translate_box(
    translate: Callable[[str], str],
    examples: Sequence[tuple[str, str]],
    title: str = "Translate",
) -> None:
    """A box that translates what you type; on a page, recorded examples.

    Args:
        translate: source text -> translation; a ``ValueError`` of it is shown as a sentence.
        examples: pairs (source, translation) that were really made, the first of which fills the box.
        title: the heading.
    """
    if not examples:
        raise ValueError("translate_box needs at least one example for readers without a kernel")
    live_or_static(lambda: _box(translate, examples, title), _examples(examples, title), f"{title}: {examples[0][0]}")


def _examples(examples: Sequence[tuple[str, str]], title: str) -> str:
    rows = [[page.Markup(_any_direction(source)), page.Markup(_any_direction(output))] for source, output in examples]
    note = '<p class="cc-muted">On this page examples are shown; in a running notebook you can type your own.</p>'
    heading = f'<p class="cc-title">{page.inline(title)}</p>'
    return page.card("box", heading + page.table(["you write", "the model answers"], rows, title) + note)


def _any_direction(text: str) -> str:
    return f'<span dir="auto">{page.escape(text)}</span>'


def _box(translate: Callable[[str], str], examples: Sequence[tuple[str, str]], title: str) -> Any:
    """A text field, a button and an answer; Enter works like the button."""
    import ipywidgets as widgets

    layout = widgets.Layout(width="95%", max_width="40rem")
    text = widgets.Text(value=examples[0][0], description="Sentence:", layout=layout)
    button = widgets.Button(description=title, button_style="primary")
    answer = widgets.HTML()

    def run(*_: Any) -> None:
        try:
            said = _any_direction(translate(text.value))
        except ValueError as error:
            said = f"<em>{page.escape(error)}</em>"
        answer.value = f'<p aria-live="polite" style="font-size:1.05em">{said}</p>'

    button.on_click(run)
    # Not on_submit, which ipywidgets 8 calls deprecated: so Enter reports, and leaving the field does too.
    text.continuous_update = False
    text.observe(run, names="value")
    run()
    return widgets.VBox([text, button, answer])
