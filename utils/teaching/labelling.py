"""The learner as labeller: which of two answers is the better one?

    panel = labelling_panel(pairs, recorded=labels, by="the lab's simulated labeller")
    panel.labels        # "first", "second", "tie" or None, one a pair

In a running notebook it is a panel of buttons (only what ipywidgets 7.7.1 and 8 share), which keeps each label in a
file of the learner's at once. On a page without a kernel a recorded labelling is replayed.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from utils.runtime import static
from utils.teaching import page
from utils.teaching.label_files import LABELS, Pair, default_file, read_labels, write_labels
from utils.teaching.steppers.frame import Step, label, stepper, track
from utils.teaching.widgets import widgets_work

_CSS = (
    ".course-stepper .lp-two{display:grid;grid-template-columns:1fr 1fr;gap:.6rem;margin:.3rem 0}"
    ".course-stepper .lp-one{padding:.5rem .7rem;border:1px solid var(--c-line);border-radius:6px}"
    ".course-stepper .lp-one.lp-best{border:3px solid var(--c-mark)}"
    ".course-stepper .lp-one small{display:block;color:var(--c-muted)}"
    "@media(max-width:34rem){.course-stepper .lp-two{grid-template-columns:1fr}}"
)


class Labelling:
    """Pairs of answers and what has been said of them so far.

    Attributes:
        pairs: (question, first answer, second answer).
        labels: for each pair "first", "second", "tie", or None as long as it is open.
        by: who labelled the recorded ones.
        recorded: the recorded labels.
    """

    def __init__(self, pairs: Sequence[Pair], recorded: Sequence[str] = (), by: str = "") -> None:
        if not pairs:
            raise ValueError("there are no pairs to label; give at least one (question, first, second)")
        if recorded and len(recorded) != len(pairs):
            raise ValueError(f"{len(recorded)} labels are recorded for {len(pairs)} pairs; give one for each")
        if wrong := [one for one in recorded if one not in LABELS]:
            raise ValueError(f"the recorded label {wrong[0]!r} must be one of {', '.join(LABELS)}")
        if recorded and not by:
            raise ValueError("say in `by` who made the recorded labels, such as 'the lab's simulated labeller'")
        self.pairs: list[Pair] = [(str(question), str(first), str(second)) for question, first, second in pairs]
        self.labels: list[str | None] = [None] * len(pairs)
        self.recorded, self.by = tuple(recorded), by
        self._order: list[int] = []

    @property
    def place(self) -> int | None:
        """The number of the first open pair, from 0; None if all are labelled."""
        return next((k for k, one in enumerate(self.labels) if one is None), None)

    @property
    def complete(self) -> bool:
        """Whether every pair has its label."""
        return self.place is None

    def choose(self, one: str) -> None:
        """Label the first open pair with "first", "second" or "tie"; does nothing if all are labelled."""
        if one not in LABELS:
            raise ValueError(f"the label {one!r} must be one of {', '.join(LABELS)}")
        if (place := self.place) is not None:
            self.labels[place] = one
            self._order.append(place)

    def undo(self) -> None:
        """Take back the last label, if there is one."""
        if self._order:
            self.labels[self._order.pop()] = None

    def fill(self, known: dict[Pair, str]) -> int:
        """Take labels for open pairs from elsewhere; returns how many. What is labelled already stays as it is."""
        places = [k for k, pair in enumerate(self.pairs) if self.labels[k] is None and pair in known]
        for k in places:
            self.labels[k] = known[self.pairs[k]]
        self._order += places
        return len(places)

    def left(self, k: int) -> str:
        """Which answer of pair k stands on the left, "first" or "second": drawn from its texts, the same every time.

        So nobody can learn to prefer a side, and no side belongs to a model.
        """
        return LABELS[zlib.crc32("\n".join(self.pairs[k]).encode()) % 2]

    def sides(self, k: int) -> tuple[str, str]:
        """The texts of pair k as they stand, left and right."""
        _, first, second = self.pairs[k]
        return (first, second) if self.left(k) == "first" else (second, first)

    def used(self) -> tuple[list[Pair], str]:
        """What a reward model may learn from, and whose it is: your own labels if all are there, else the recorded.

        As (question, better answer, worse answer); ties say nothing and are left out.
        """
        labels, whose = (self.labels, "you") if self.complete and not static() else (self.recorded, self.by)
        if not labels:
            raise ValueError(
                f"{self.labels.count(None)} pairs are still open, and no labelling is recorded; label them first"
            )
        both = zip(self.pairs, labels, strict=True)
        return [(q, a, b) if one == "first" else (q, b, a) for (q, a, b), one in both if one != "tie"], whose


def labelling_panel(
    pairs: Sequence[Pair],
    file: str | Path | None = None,
    recorded: Sequence[str] = (),
    by: str = "",
    title: str = "Which answer is better?",
) -> Labelling:
    """Show a panel to compare pairs of answers; on a page, the replay of a recorded labelling.

    Args:
        pairs: (question, first answer, second answer), at least two for the replay.
        file: where labels are kept, one more after each click; by default `labels.json` beside the learner's progress.
        recorded: a real labelling of these pairs, "first", "second" or "tie" for each.
        by: who made it, as a noun: it is said on the page.
        title: the heading.

    Returns:
        The labelling, which grows while it is made; on a page with the recorded labels, and no file is touched.
    """
    made = Labelling(pairs, recorded, by)
    if static() or not widgets_work():
        if not recorded:
            raise ValueError("without a kernel a recorded labelling is replayed: give `recorded` and `by`")
        made.labels = list(made.recorded)
        _replay(made, title)
        return made
    from IPython.display import display

    from utils.teaching.labelling_widgets import panel

    display(panel(made, Path(file).expanduser() if file else default_file(), title))
    return made


def keep(made: Labelling, path: Path) -> str:
    """Write the labels to their file; what there is to say about it, if anything."""
    labels: dict[Pair, str | None] = {}
    for pair, one in zip(made.pairs, made.labels, strict=True):
        labels[pair] = one or labels.get(pair)  # a pair may stand in the list twice
    try:
        aside = write_labels(path, labels)
    except OSError as error:
        return f"Your labels cannot be kept ({error}); they are lost when the kernel ends."
    return f"{path.name} could not be read; it is kept as {aside.name}." if aside else ""


def take_up(made: Labelling, path: Path) -> str:
    """Read labels of these pairs from a file; what there is to say about it, if anything."""
    try:
        found = made.fill(read_labels(path))
    except ValueError as error:
        return f"{error}. Nothing of it is used, and it is put aside before anything is written."
    return f"Labels taken up from {path.name}: {found}." if found else ""


def _replay(made: Labelling, title: str) -> None:
    counts = Counter(_spoken(made, k) for k in range(len(made.pairs)))
    told = ", ".join(f"{name} {counts[name]}" for name in ("left", "right", "tie") if counts[name])
    above = label(f"Labelled by {made.by}. In all: {told}. In a running notebook you label yourself.")
    stepper(title, [_step(made, k) for k in range(len(made.pairs))], above, _CSS)


def _spoken(made: Labelling, k: int) -> str:
    """The label of pair k as it was clicked: left, right or tie."""
    if made.labels[k] == "tie":
        return "tie"
    return "left" if made.labels[k] == made.left(k) else "right"


def _step(made: Labelling, k: int) -> Step:
    question, spoken = made.pairs[k][0], _spoken(made, k)
    boxes = "".join(
        f'<div class="lp-one{" lp-best" if spoken == side else ""}"><small>{side}'
        f'{", chosen" if spoken == side else ""}</small><span dir="auto">{page.escape(text)}</span></div>'
        for side, text in zip(("left", "right"), made.sides(k), strict=True)
    )
    asked = f'<p dir="auto"><strong>{page.escape(question)}</strong></p>'
    done = "calls it a tie" if spoken == "tie" else f"takes the answer on the {spoken}"
    whole = f'{asked}<div class="lp-two">{boxes}</div>{track((k + 1) / len(made.pairs), picked=True)}'
    return Step(whole, f"Pair {k + 1} of {len(made.pairs)}: the labeller {done}.")
