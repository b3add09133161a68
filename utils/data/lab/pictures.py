"""Pictures of one to three coloured shapes, 12 by 12, with the one caption that is right.

A picture has four fields, two by two; each shape has a field of its own. The caption follows two rules. Shapes of the
upper fields are named before those of the lower ones, with "above" between; within a row the left one is named first.
Two shapes side by side alone are joined by "left of", else by "and".
"""

from __future__ import annotations

import html
import random
from collections.abc import Sequence
from textwrap import wrap
from typing import NamedTuple

from utils.data.lab.drawing import draw, seeded
from utils.data.lab.sentence import split

Picture = tuple[tuple[int, ...], ...]  # 12 rows of 12 colours, 0 for the ground
Words = tuple[str, ...]

SIZE = 12
COLOURS = ("ground", "red", "green", "blue", "yellow", "black")  # by their number in a picture
RGB = ("#ffffff", "#cc3311", "#009e73", "#0072b2", "#e8c000", "#1b1f24")
SHAPES: dict[str, dict[int, str]] = {  # drawn in 4 by 4 and 5 by 5
    "square": {4: "####/####/####/####", 5: "#####/#####/#####/#####/#####"},
    "circle": {4: ".##./####/####/.##.", 5: ".###./#####/#####/#####/.###."},
    "triangle": {4: "#.../##../###./####", 5: "#..../##.../###../####./#####"},
    "cross": {4: "#..#/.##./.##./#..#", 5: "#...#/.#.#./..#../.#.#./#...#"},
}


class Placed(NamedTuple):
    """A shape in one of the four fields: `below` and `right` are 0 or 1."""

    below: int
    right: int
    colour: str
    shape: str

    @property
    def words(self) -> Words:
        """What a caption calls it."""
        return ("a", self.colour, self.shape)


def pictures(
    count: int, seed: int = 0, part: str | None = None, shapes: tuple[int, int] = (1, 3)
) -> list[tuple[Picture, Words]]:
    """Pictures, each with its caption, which ends in a full stop; as many of one shape as of two and of three.

    Args:
        count: how many; the first n of more are the same n.
        seed: of the draw.
        part: "train" or "test": a scene (which shapes, in which colours, in which fields) is in one of them only,
            whatever the sizes of its shapes and their exact places.
        shapes: fewest and most shapes in a picture.
    """
    rng = seeded("pictures", count, seed, part)
    if not 1 <= shapes[0] <= shapes[1] <= 3:
        raise ValueError(f"shapes is {shapes}: it must be (fewest, most) between 1 and 3")
    found: list[tuple[Picture, Words]] = []
    while len(found) < count:
        scene = _scene(rng, rng.randint(*shapes))
        picture = _painted(rng, scene)
        if part in (None, split(tuple(str(item) for placed in scene for item in placed))):
            found.append((picture, caption(scene)))
    return found


def _scene(rng: random.Random, count: int) -> list[Placed]:
    """Shapes in different fields, in reading order, no two of the same kind and colour."""
    fields = sorted(rng.sample([(0, 0), (0, 1), (1, 0), (1, 1)], count))
    kinds: list[tuple[str, str]] = []
    while len(kinds) < count:
        kind = draw(rng, COLOURS[1:]), draw(rng, tuple(SHAPES))
        if kind not in kinds:
            kinds.append(kind)
    return [Placed(*field, *kind) for field, kind in zip(fields, kinds, strict=True)]


def caption(scene: Sequence[Placed]) -> Words:
    """The caption of one to three placed shapes, by the two rules of this module."""
    rows = [sorted(placed for placed in scene if placed.below == below) for below in (0, 1)]
    upper, lower = (_joined(row, "and") for row in rows)
    if upper and lower:
        return (*upper, "above", *lower, ".")
    return (*_joined(rows[0] or rows[1], "left of"), ".")


def _joined(row: Sequence[Placed], between: str) -> Words:
    first, *others = [placed.words for placed in row] or [()]
    return (*first, *(word for other in others for word in (*between.split(), *other)))


def _painted(rng: random.Random, scene: Sequence[Placed]) -> Picture:
    """The scene in 12 by 12 points; sizes and exact places by chance, with ground between any two shapes."""
    points = [[0] * SIZE for _ in range(SIZE)]
    down, along = rng.randrange(2), rng.randrange(2)
    for placed in scene:
        size = draw(rng, (4, 5))
        top = down + 6 * placed.below + rng.randrange(6 - size)
        left = along + 6 * placed.right + rng.randrange(6 - size)
        for y, row in enumerate(SHAPES[placed.shape][size].split("/")):
            for x, sign in enumerate(row):
                if sign == "#":
                    points[top + y][left + x] = COLOURS.index(placed.colour)
    return tuple(map(tuple, points))


def svg(shown: Sequence[Picture], texts: Sequence[str] = ()) -> str:
    """Pictures in rows of three as one SVG, with a text of one or more lines (cut at spaces and ends) below each.

    Raises:
        ValueError: without a picture, or with texts for some of them only.
    """
    if not shown or (texts and len(texts) != len(shown)):
        raise ValueError(f"{len(shown)} pictures and {len(texts)} texts: give pictures, and a text for each or none")
    columns = min(3, len(shown))
    lines = [[part for line in text.split("\n") for part in wrap(line, 28)] for text in texts or [""] * len(shown)]
    width, height = 200, 130 + 17 * max(map(len, lines))
    rows = -(-len(shown) // columns)
    body = "".join(
        f'<g transform="translate({width * (k % columns)} {height * (k // columns)})">{_drawn(picture)}'
        + "".join(
            f'<text x="100" y="{138 + 17 * n}" text-anchor="middle" font-size="14">{html.escape(line)}</text>'
            for n, line in enumerate(lines[k])
        )
        + "</g>"
        for k, picture in enumerate(shown)
    )
    box = f"0 0 {width * columns} {height * rows}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" font-family="sans-serif">{body}</svg>'


def _drawn(picture: Picture) -> str:
    """One picture, 120 by 120 at (40, 0): runs of one colour become one bar."""
    bars = [
        '<rect x="40" y="0" width="120" height="120" fill="#fff" stroke="#8a949e"/>',
        '<g shape-rendering="crispEdges">',
    ]
    for y, row in enumerate(picture):
        x = 0
        while x < SIZE:
            run = next((k for k in range(x, SIZE) if row[k] != row[x]), SIZE) - x
            if row[x]:
                bars.append(
                    f'<rect x="{40 + 10 * x}" y="{10 * y}" width="{10 * run}" height="10" fill="{RGB[row[x]]}"/>'
                )
            x += run
    return "".join([*bars, "</g>"])
