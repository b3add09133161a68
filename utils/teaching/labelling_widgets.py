"""The live panel of `utils.teaching.labelling`: buttons, a field for keys, progress, and a file.

Only what ipywidgets 7.7.1 (Colab) and 8 share. Buttons are reached by Tab and pressed by Enter or Space; the field for
keys takes one letter a choice, for those who label many.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from utils.teaching import page
from utils.teaching.labelling import Labelling, keep, take_up

KEYS = {"l": "left", "r": "right", "t": "tie", "u": "undo"}
_BOX = "border:1px solid #8a949e;border-radius:6px;padding:.5rem .7rem;min-height:3.5em;line-height:1.5"


def panel(made: Labelling, path: Path, title: str) -> Any:
    """The widget that fills a labelling; labels of these pairs that the file holds are taken up."""
    return _Panel(made, path, title).box


class _Panel:
    def __init__(self, made: Labelling, path: Path, title: str) -> None:
        import ipywidgets as widgets

        self.made = made
        wide, half = widgets.Layout(width="100%", max_width="46rem"), widgets.Layout(width="50%", margin="2px")
        self.question, self.note = widgets.HTML(), widgets.HTML()
        self.answers = [widgets.HTML(layout=half), widgets.HTML(layout=half)]
        self.bar = widgets.IntProgress(min=0, max=len(made.pairs), description="Labelled:")
        self.buttons = {
            name: widgets.Button(description=text)
            for name, text in (("left", "Left"), ("tie", "Tie"), ("right", "Right"), ("undo", "Undo"))
        }
        self.keys = widgets.Text(
            description="Keys:", placeholder="l, r, t or u (undo)", layout=widgets.Layout(width="16rem")
        )
        self.file = widgets.Text(value=str(path), description="File:", layout=widgets.Layout(width="26rem"))
        self.save, self.load = widgets.Button(description="Save"), widgets.Button(description="Load")
        self._listen()
        heading = widgets.HTML(f"<strong>{page.inline(title)}</strong>")
        two, row = widgets.HBox(self.answers, layout=wide), widgets.HBox([*self.buttons.values()])
        below = widgets.HBox([self.file, self.save, self.load])
        self.box = widgets.VBox([heading, self.bar, self.question, two, row, self.keys, below, self.note], layout=wide)
        self._show(take_up(made, path))

    def _listen(self) -> None:
        for name, button in self.buttons.items():
            button.on_click(lambda _, name=name: self._do(name))
        self.keys.observe(self._typed, names="value")
        self.save.on_click(lambda _: self._show(keep(self.made, self._path()) or f"Saved to {self._path().name}."))
        self.load.on_click(lambda _: self._show(take_up(self.made, self._path()) or "There is nothing new to take up."))

    def _path(self) -> Path:
        return Path(self.file.value).expanduser()

    def _typed(self, change: Any) -> None:
        """One letter a choice; the field is emptied, so that the next letter is a change again.

        Only the last letter counts: a fast hand types it before the emptied field is back, and no pair that was not
        seen yet may be labelled twice.
        """
        letter = change["new"].strip().lower()[-1:]
        if not letter:
            return
        self.keys.value = ""
        if letter in KEYS:
            self._do(KEYS[letter])
        else:
            self._show(f"The key {letter} means nothing here: l, r, t or u.")

    def _do(self, name: str) -> None:
        if name == "undo":
            self.made.undo()
        elif (place := self.made.place) is not None:
            left = self.made.left(place)
            other = "second" if left == "first" else "first"
            self.made.choose({"left": left, "right": other, "tie": "tie"}[name])
        self._show(keep(self.made, self._path()))

    def _show(self, note: str) -> None:
        made, place = self.made, self.made.place
        self.bar.value = len(made.labels) - made.labels.count(None)
        self.note.value = f'<span aria-live="polite">{page.escape(note)}</span>'
        for name in ("left", "tie", "right"):
            self.buttons[name].disabled = place is None
        self.buttons["undo"].disabled = self.bar.value == 0
        if place is None:
            self.question.value = f"<p>All {len(made.pairs)} pairs are labelled. Run the next cell.</p>"
            sides = ("", "")
        else:
            count = f"Pair {place + 1} of {len(made.pairs)}"
            asked = f'<strong dir="auto">{page.escape(made.pairs[place][0])}</strong>'
            self.question.value = f'<p aria-live="polite">{count}: {asked}</p>'
            sides = made.sides(place)
        for widget, text in zip(self.answers, sides, strict=True):
            widget.value = f'<div dir="auto" style="{_BOX}">{page.escape(text)}</div>' if place is not None else ""
