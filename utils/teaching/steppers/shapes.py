"""The four shapes of a sequence problem, moment by moment, and one to one beside them."""

from __future__ import annotations

from utils.teaching import page
from utils.teaching.shape_drawings import (
    ASYNCHRONOUS,
    HEIGHT,
    LOOKS,
    ONE_TO_ONE,
    PICTURE,
    SHAPES,
    SYNCHRONOUS,
    WIDTH,
    Shape,
    columns,
)
from utils.teaching.steppers.frame import Step, quoted, stepper

_LOOKS = "".join(f".course-stepper .sh-{part}{{{look}}}" for part, look in LOOKS.items())
_CSS = (
    f"{_LOOKS}.course-stepper .sh-picture{{display:block;width:100%;max-width:{WIDTH * 6}px;height:auto}}"
    ".course-stepper .sh-flow{stroke:var(--c-muted)}.course-stepper .sh-tip{fill:var(--c-muted)}"
    ".course-stepper .sh-fed{stroke:var(--c-good)}.course-stepper .sh-fed-tip{fill:var(--c-good)}"
    ".course-stepper .sh-name{font-weight:650}"
)


def shapes_stepper(title: str = "Five shapes, moment by moment") -> None:
    """Show how inputs and outputs follow each other in each of the shapes; it needs no data.

    Args:
        title: the stepper's title.
    """
    steps: list[Step] = []
    starts = []
    for shape in SHAPES:
        starts.append(len(steps))
        steps += [Step(_picture(shape, now), _text(shape, now)) for now in range(len(shape.moments))]
    stepper(title, steps, above=_doors(starts), css=_CSS)


def _doors(starts: list[int]) -> str:
    """A button for each shape, which leads to its first moment."""
    names = (shape.name.removesuffix(" many to many") for shape in SHAPES)
    buttons = "".join(
        f'<button type="button" data-step="{start}" aria-pressed="{str(start == 0).lower()}">{name}</button>'
        for name, start in zip(names, starts, strict=True)
    )
    return f'<div class="st-choices" role="group" aria-label="Go to a shape">{buttons}</div>'


def _picture(shape: Shape, now: int) -> str:
    drawn = columns(shape, look=lambda part: f'class="sh-{part}"', now=now)
    name = f"{shape.name.capitalize()}, moment {now + 1} of {len(shape.moments)}"
    return (
        f'<p class="st-label"><span class="sh-name">{name}.</span> {page.escape(shape.says)}</p>'
        f'<svg class="sh-picture" viewBox="0 0 {WIDTH * 6} {HEIGHT}" role="img" '
        f'aria-label="{page.escape(shape.says)}">{drawn}</svg>'
    )


def _text(shape: Shape, now: int) -> str:
    moment, last = shape.moments[now], now == len(shape.moments) - 1
    goes_in = "A picture goes in" if moment.read == PICTURE else f"{quoted(moment.read)} goes in"
    if moment.read and moment.written:
        text = f"{goes_in}, {quoted(moment.written)} comes out."
    elif moment.read:
        text = f"{goes_in}, nothing comes out: the state keeps what is needed later."
    else:
        before = shape.moments[now - 1].written
        fed = f"It knows from the dashed arrow that it has written {quoted(before)}." if before else ""
        text = f"Nothing goes in any more. From the state comes {quoted(moment.written)}. {fed}".strip()
    return f"{text} {_ends(shape)}" if last else text


def _ends(shape: Shape) -> str:
    """What the last moment shows."""
    if shape is ONE_TO_ONE:
        return "There is no sequence on either side, so no recurrent net is needed."
    if shape is SYNCHRONOUS:
        return "As many come out as go in, each in its place."
    if shape is ASYNCHRONOUS:
        return "Four went in, two came out. How many come out is decided while writing: a real model ends with a sign."
    if shape.moments[0].read == PICTURE:
        return "One went in, three came out; a real model writes a sign for the end as well."
    return "Three went in, one came out, when all was read."
