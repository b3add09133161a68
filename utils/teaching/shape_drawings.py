"""The one drawing language of the four shapes: blue boxes go in, grey boxes are states, green boxes come out.

A column is a moment. Arrows point the way that numbers flow; a dashed arrow feeds what was written into the next state.
`python -m utils.teaching.shape_drawings` writes the drawings of the pictures' folder anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from utils.teaching import page

PICTURE = "picture"  # the input that is drawn, not written
WIDTH, HEIGHT = 96, 168  # of a column

LOOKS = {  # every part of a drawing; the stepper makes classes of them
    "in": "fill:#e4f0f8;stroke:#0072b2;stroke-width:1.6",
    "state": "fill:#eef1f4;stroke:#6b7580;stroke-width:1.6",
    "out": "fill:#e2f4ed;stroke:#007a59;stroke-width:1.6",
    "word": "fill:#1b1f24;font-size:21px;text-anchor:middle",
    "flow": "fill:none;stroke:#6b7580;stroke-width:2",
    "fed": "fill:none;stroke:#007a59;stroke-width:2;stroke-dasharray:4 3",
    "tip": "fill:#6b7580",
    "fed-tip": "fill:#007a59",
    "red": "fill:#cc3311",
    "paper": "fill:#fff;stroke:#6b7580;stroke-width:1",
}
Look = Callable[[str], str]


@dataclass(frozen=True)
class Moment:
    """What goes in at one moment and what comes out; empty for nothing."""

    read: str = ""
    written: str = ""


@dataclass(frozen=True)
class Shape:
    """A shape with its example; `says` is the example in one sentence."""

    name: str
    moments: tuple[Moment, ...]
    says: str


ONE_TO_ONE = Shape("one to one", (Moment(PICTURE, "square"),), "A picture, read at once, gets one name: no sequence.")
ONE_TO_MANY = Shape(
    "one to many",
    (Moment(PICTURE, "a"), Moment("", "red"), Moment("", "square")),
    "A picture, read at once, becomes a caption of three words.",
)
MANY_TO_ONE = Shape(
    "many to one",
    (Moment("a"), Moment("dull"), Moment("film", "blame")),
    "A review of three words becomes one verdict, after its last word.",
)
SYNCHRONOUS = Shape(
    "synchronous many to many",
    (Moment("Anna", "PER"), Moment("sees", "O"), Moment("Rome", "LOC")),
    "Each of three words gets a tag of its own, in its place: person, nothing, location.",
)
ASYNCHRONOUS = Shape(
    "asynchronous many to many",
    (Moment("je"), Moment("suis"), Moment("en"), Moment("retard"), Moment("", "I'm"), Moment("", "late")),
    "Four French words are read, then two English ones are written; no word has a place of its own on the other side.",
)
SHAPES = (ONE_TO_ONE, ONE_TO_MANY, MANY_TO_ONE, SYNCHRONOUS, ASYNCHRONOUS)


def described(shape: Shape) -> str:
    """What there is to see in the drawing of a shape, moment by moment."""
    told = []
    for moment in shape.moments:
        goes_in = f"{'a picture' if moment.read == PICTURE else moment.read} in" if moment.read else ""
        comes_out = f"{moment.written} out" if moment.written else ""
        told.append(" and ".join(part for part in (goes_in, comes_out) if part))
    return f"{shape.says} Moment by moment: {'; '.join(told)}."


def inline(part: str) -> str:
    """The look of a part as a style, for a drawing that stands alone."""
    return f'style="{LOOKS[part]}"'


def columns(shape: Shape, look: Look = inline, now: int | None = None) -> str:
    """The columns of a shape, side by side from x = 0; with `now`, moments behind it are faint."""
    drawn = []
    for k, moment in enumerate(shape.moments):
        faint = ' opacity=".45"' if now is not None and k > now else ""
        body = _column(moment, look) + (_arrows(shape.moments[k - 1], moment, look) if k else "")
        drawn.append(f'<g transform="translate({WIDTH * k} 0)"{faint}>{body}</g>')
    return "".join(drawn)


def _column(moment: Moment, look: Look) -> str:
    """Output above, state in the middle, input below, and the arrows between them."""
    parts = [f'<rect {look("state")} x="22" y="64" width="52" height="40" rx="20"/>']
    if moment.written:
        parts += [_box("out", 4, moment.written, look), _arrow("flow", "tip", "M48 64V44", (48, 38), look)]
    if moment.read:
        parts += [_box("in", 130, moment.read, look), _arrow("flow", "tip", "M48 130V112", (48, 106), look)]
    return "".join(parts)


def _box(kind: str, y: int, word: str, look: Look) -> str:
    box = f'<rect {look(kind)} x="6" y="{y}" width="84" height="34" rx="6"/>'
    if word == PICTURE:
        return (
            box + f'<path {look("paper")} d="M35 {y + 4}h26v26h-26z"/><path {look("red")} d="M40 {y + 9}h12v12h-12z"/>'
        )
    return f'{box}<text {look("word")} x="48" y="{y + 24}">{page.escape(word)}</text>'


def _arrows(before: Moment, moment: Moment, look: Look) -> str:
    """From the state before to this one; and where nothing is read, from what was written before."""
    found = _arrow("flow", "tip", "M-22 84H14", (20, 84), look, right=True)
    if before.written and not moment.read:
        found += _arrow("fed", "fed-tip", "M-6 21H0V72H16", (23, 72), look, right=True)
    return found


def _arrow(line: str, tip: str, path: str, end: tuple[int, int], look: Look, right: bool = False) -> str:
    """A line and its tip, drawn as a path since a marker would need an id."""
    x, y = end
    head = f"M{x} {y}l-9 -5v10z" if right else f"M{x} {y}l-5 9h10z"
    return f'<path {look(line)} d="{path}"/><path {look(tip)} d="{head}"/>'


_TEXT = 'font-size="{}" fill="{}" font-weight="{}"'
_FONT = "'Source Sans 3','Segoe UI',system-ui,'Helvetica Neue',Arial,sans-serif"
_KEY = (("in", "goes in"), ("state", "state"), ("out", "comes out"))
_NOTES = ("Dashed: what was written goes into the next state.", "PER: a person, LOC: a location, O: neither.")


def _panel(shape: Shape, x: float, y: float) -> str:
    """A shape with its name above."""
    name = f'<text x="{x}" y="{y + 20}" {_TEXT.format(20, "#1b1f24", 650)}>{shape.name.capitalize()}</text>'
    return f'{name}<g transform="translate({x} {y + 34})">{columns(shape)}</g>'


def _key(y: int) -> str:
    """What the three colours mean."""
    parts = []
    for k, (kind, says) in enumerate(_KEY):
        parts.append(
            f'<rect {inline(kind)} x="{8 + 170 * k}" y="{y}" width="34" height="20" rx="{10 if k == 1 else 4}"/>'
        )
        parts.append(f'<text x="{50 + 170 * k}" y="{y + 16}" {_TEXT.format(18, "#4f5963", 400)}>{says}</text>')
    return "".join(parts)


def _svg(name: str, title: str, description: str, height: int, body: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 {height}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc" font-family="{_FONT}">\n'
        f'  <title id="{name}-title">{page.escape(title)}</title>\n'
        f'  <desc id="{name}-desc">{page.escape(description)}</desc>\n  {body}\n</svg>\n'
    )


def _panels(placed: Sequence[tuple[Shape, float, float]]) -> str:
    return "\n  ".join(_panel(*one) for one in placed)


def drawings() -> dict[str, str]:
    """The drawings by the name of their file: all shapes together, and each alone."""
    together = [(ONE_TO_MANY, 0, 0), (MANY_TO_ONE, 306, 0), (SYNCHRONOUS, 0, 222), (ONE_TO_ONE, 402, 222)]
    said = " ".join(f"{shape.name.capitalize()}: {described(shape)}" for shape in SHAPES)
    notes = [
        f'<text x="8" y="{714 + 26 * k}" {_TEXT.format(18, "#4f5963", 400)}>{note}</text>'
        for k, note in enumerate(_NOTES)
    ]
    body = "\n  ".join([_panels([*together, (ASYNCHRONOUS, 0, 444)]), _key(664), *notes])
    made = {"four_shapes": _svg("four_shapes", "The four shapes, and one to one", said, 752, body)}
    for shape in SHAPES:
        name = "shape_" + shape.name.removesuffix(" many to many").replace(" ", "_")
        x = (600 - WIDTH * len(shape.moments)) / 2
        alone = f'<g transform="translate({x:g} 0)">{columns(shape)}</g>{_key(184)}'
        made[name] = _svg(name, shape.name.capitalize(), described(shape), 214, alone)
    return made


def main() -> None:
    """Write the files."""
    folder = Path(__file__).parent / "assets" / "pictures"
    for name, svg in drawings().items():
        (folder / f"{name}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
