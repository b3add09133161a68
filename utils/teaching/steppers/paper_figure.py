"""Figure 1 of "Attention Is All You Need", drawn anew: each box is a step with its equation and its code."""

from __future__ import annotations

from importlib import import_module

from utils.teaching import page
from utils.teaching.source import link
from utils.teaching.steppers.frame import Step, stepper
from utils.teaching.steppers.paper_texts import PARTS, Part

WIDTH, HEIGHT, BOX, ROW = 400, 436, 26, 36  # of the drawing, of a box, and from box to box
TIPS = {"up": "m-3 4l3-4l3 4", "right": "m-4-3l4 3l-4 3", "left": "m4-3l-4 3l4 3"}
SIDES = {"encoder": 108, "decoder": 292}  # where the middle of each stack stands
# For each stack from the bottom up: what a box says, and the part that it is.
STACKS = {
    "encoder": (
        ("Embedding", "embedding"),
        ("+ positions", "positions"),
        ("Multi-head attention", "attention"),
        ("Add & norm", "norm"),
        ("Feed forward", "feed forward"),
        ("Add & norm", "norm"),
    ),
    "decoder": (
        ("Outputs, shifted", "shift"),
        ("Embedding", "embedding"),
        ("+ positions", "positions"),
        ("Masked attention", "masked"),
        ("Add & norm", "norm"),
        ("Multi-head attention", "cross"),
        ("Add & norm", "norm"),
        ("Feed forward", "feed forward"),
        ("Add & norm", "norm"),
        ("Linear", "linear"),
        ("Softmax", "softmax"),
    ),
}
FIRST = {"encoder": 1, "decoder": 0}  # the row of the lowest box
LAYERS = {"encoder": (3, 6), "decoder": (3, 8)}  # the rows that are repeated N times


def paper_figure_stepper(title: str = "The figure of the paper, box by box") -> None:
    """Show the paper's figure as a stepper: click a box, or walk through all of them in the order of reading."""
    steps = [Step(_picture(part), f"{part.title}. {part.text}") for part in PARTS]
    stepper(title, steps, drawing(), css=page.asset("paper_figure.css"))


def _picture(part: Part) -> str:
    equations = "".join(f'<p class="st-eq">{line}</p>' for line in part.equations)
    code = "".join(f"<li><code>{page.escape(_name(place))}</code> in {link(_found(place))}</li>" for place in part.code)
    return f'{equations}<p class="st-label">{page.inline(part.theirs)}</p><ul class="st-code">{code}</ul>'


def _found(place: str) -> object:
    """What stands at ``"module:Class.method"``."""
    module, _, names = place.partition(":")
    found: object = import_module(module)
    for name in names.split("."):
        found = getattr(found, name)
    return found


def _name(place: str) -> str:
    return place.partition(":")[2]


def drawing() -> str:
    """The figure as SVG; what belongs to a step bears its number."""
    parts = "".join(_stack(side) for side in STACKS) + _frames() + _wires()
    said = (
        "Left the encoder: embedding, positions, then N layers of attention and feed-forward network, each followed by "
        "add and norm. Right the decoder: the same with a masked attention and one more attention, whose keys and "
        "values come from the encoder; then linear and softmax."
    )
    return f'<svg class="st-draw st-paper" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{said}">{parts}</svg>'


def _y(row: float) -> float:
    """The middle of a row, counted from the bottom."""
    return HEIGHT - 24 - ROW * row


def _number(key: str) -> int:
    return next(k for k, part in enumerate(PARTS) if part.key == key)


def _box(x: float, row: float, words: str, key: str, width: float = 144) -> str:
    y = _y(row)
    return (
        f'<g data-step="{_number(key)}"><rect x="{x - width / 2:g}" y="{y - BOX / 2:g}" width="{width:g}" '
        f'height="{BOX}" rx="5"/><text x="{x:g}" y="{y + 5:g}" text-anchor="middle">{page.escape(words)}</text></g>'
    )


def _stack(side: str) -> str:
    x, rows = SIDES[side], STACKS[side]
    boxes = "".join(_box(x, FIRST[side] + k, words, key) for k, (words, key) in enumerate(rows))
    wires = "".join(_arrow(f"M{x} {_y(FIRST[side] + k) - 13:g}v-10") for k in range(len(rows) - 1))
    if side == "encoder":
        wires += f'<text x="{x}" y="{_y(0) + 9:g}" text-anchor="middle">Inputs</text>'
        wires += _arrow(f"M{x} {_y(0) - 6:g}v-17")
    else:
        wires += f'<text x="{x}" y="{_y(11) + 9:g}" text-anchor="middle">Probabilities</text>'
        wires += _arrow(f"M{x} {_y(10) - 13:g}v-10")
    return wires + boxes


def _frames() -> str:
    """The dashed frames around what is repeated, with the boxes that say how often."""
    made = ""
    for side, (low, high) in LAYERS.items():
        x, top = SIDES[side], _y(high) - 16
        made += f'<rect class="st-frame" x="{x - 84}" y="{top:g}" width="168" height="{_y(low) + 20 - top:g}" rx="8"/>'
    middle = sum(LAYERS["encoder"]) / 2
    return made + _box(14, middle, "× N", "encoder", 26) + _box(386, middle + 1, "× N", "decoder", 26)


def _wires() -> str:
    """The ways around the sublayers, and the way from the encoder into every layer of the decoder."""
    made = ""
    for side, rows in (("encoder", (3, 5)), ("decoder", (3, 5, 7))):
        out = -1 if side == "encoder" else 1
        edge = SIDES[side] + 72 * out
        for row in rows:
            path = f"M{SIDES[side]} {_y(row) + 18:g}H{edge + 7 * out}V{_y(row + 1):g}H{edge + out}"
            made += _arrow(path, "right" if out < 0 else "left")
    return made + _arrow(f"M{SIDES['encoder']} {_y(6) - 13:g}v-14H200V{_y(5):g}H218", "right")


def _arrow(path: str, way: str = "up") -> str:
    """A line with a tip."""
    return f'<path class="st-wire" d="{path}{TIPS[way]}"/>'
