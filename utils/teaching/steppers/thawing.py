"""ULMFiT's three tricks: how fast each layer learns at each step, with one trick at a time and with all three."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from utils.teaching import page
from utils.teaching.steppers.frame import Step, label, percent, stepper

_CSS = (
    ".course-stepper .th-rows{display:grid;grid-template-columns:minmax(4.5rem,max-content) 1fr 5.2rem;"
    "gap:.25rem .6rem;align-items:center;max-width:40rem;margin-top:.4rem}"
    ".course-stepper .th-rows span{font-variant-numeric:tabular-nums}.course-stepper .th-name{text-align:right}"
    ".course-stepper .th-rows svg{display:block;width:100%;height:2.4rem;background:var(--c-soft);border-radius:3px}"
    ".course-stepper .th-area{fill:var(--c-mark);opacity:.75}"
    ".course-stepper .th-now{stroke:var(--c-ink);stroke-width:2;vector-effect:non-scaling-stroke}"
    ".course-stepper .th-epoch{stroke:var(--c-line);stroke-width:1;vector-effect:non-scaling-stroke}"
)
_HEIGHT = 20  # of a layer's chart, in units of its own; a step is 4 wide
_WIDE = 4
_LAYERS = ("embedding", "LSTM 1", "LSTM 2", "LSTM 3", "head")


@dataclass(frozen=True)
class Tricks:
    """Which of the three tricks are used."""

    name: str
    triangle: bool = False
    by_layer: bool = False
    thaws: bool = False


VIEWS = (
    Tricks("no trick"),
    Tricks("slanted triangle", triangle=True),
    Tricks("rates by layer", by_layer=True),
    Tricks("gradual unfreezing", thaws=True),
    Tricks("all three", triangle=True, by_layer=True, thaws=True),
)


def thawing_stepper(
    layers: Sequence[str] = _LAYERS,
    epochs: int = 6,
    batches: int = 8,
    rate: float = 0.01,
    factor: float = 2.6,
    title: str = "Who learns how fast, and from when on",
) -> None:
    """Show the learning rate of every layer over the steps of fine-tuning, for each trick alone and for all three.

    The rates are read off an optimizer that `utils.training.finetune` and `schedules` drive, as they drive a model's.

    Args:
        layers: names of the layers, from the one that reads the words to the head; at least two.
        epochs: passes over the data, at least two; one more layer thaws in each.
        batches: steps in an epoch, at least two.
        rate: the highest rate of the head.
        factor: how many times slower each layer learns than the one above it.
        title: the stepper's title.
    """
    if len(layers) < 2 or epochs < 2 or batches < 2:
        raise ValueError(f"{len(layers)} layers, {epochs} epochs and {batches} batches: give at least two of each")
    tables = [rates(tricks, len(layers), epochs, batches, rate, factor) for tricks in VIEWS]
    smallest = min(min(row) for row in (map(_learning, zip(*tables[-1], strict=True))) if row)
    bottom = math.floor(math.log10(smallest) + 1e-9)
    steps: list[Step] = []
    starts = []
    for tricks, table in zip(VIEWS, tables, strict=True):
        starts.append(len(steps))
        moments = _moments(tricks, table, batches)
        for now in moments:
            picture = _picture(layers, table, now, batches, (bottom, math.log10(rate)))
            text = _text(tricks, layers, table, now, batches)
            steps.append(Step(picture, f"{text} {_sums(layers, table, tables[0])}" if now == moments[-1] else text))
    stepper(title, steps, above=_above(starts, bottom, rate), css=_CSS)


def rates(tricks: Tricks, layers: int, epochs: int, batches: int, rate: float, factor: float) -> list[list[float]]:
    """The rate of each layer at each step, (epochs * batches) rows of `layers`; 0 where a layer is frozen.

    `layers` dummies of one parameter each are trained with the package's own tricks, and the optimizer is read.
    """
    import torch
    from torch import nn

    from utils.training.finetune import GradualUnfreezing, discriminative_rates, slanted_triangular
    from utils.training.schedules import schedule

    groups = [[nn.Parameter(torch.zeros(1))] for _ in range(layers)]
    optimizer = torch.optim.SGD(discriminative_rates(groups, rate, factor if tricks.by_layer else 1.0), lr=rate)
    along = schedule(optimizer, slanted_triangular(epochs * batches) if tricks.triangle else lambda step: 1.0)
    data = GradualUnfreezing(_Steps(batches), groups) if tricks.thaws else _Steps(batches)
    table = []
    for epoch in range(epochs):
        for _ in data.epoch(epoch):
            learn = [group["params"][0].requires_grad for group in optimizer.param_groups]
            table.append([g["lr"] * on for g, on in zip(optimizer.param_groups, learn, strict=True)])
            optimizer.step()
            along.step()
    return table


class _Steps:
    """As many batches in an epoch as there are steps; what is in them does not matter here."""

    def __init__(self, count: int):
        self.count = count

    def __len__(self) -> int:
        return self.count

    def epoch(self, number: int, skip: int = 0) -> Iterator[tuple[()]]:
        """Nothing, `count` times."""
        yield from ((),) * (self.count - skip)


def _learning(values: Sequence[float]) -> list[float]:
    return [value for value in values if value > 0]


def _moments(tricks: Tricks, table: list[list[float]], batches: int) -> list[int]:
    """The steps at which there is something to see: start, peak, each epoch that thaws a layer, the last one."""
    heads = [row[-1] for row in table]
    found = {0, len(table) - 1}
    if tricks.triangle:
        found.add(heads.index(max(heads)))
    if tricks.thaws:
        learn = [len(_learning(row)) for row in table]
        found |= {step for step in range(0, len(table), batches) if step and learn[step] > learn[step - 1]}
    elif tricks.triangle:
        found.add(len(table) // 2)
    return sorted(found) if tricks.triangle or tricks.thaws else [0]


def _above(starts: list[int], bottom: int, rate: float) -> str:
    """A button for each view, and how the charts are to be read."""
    buttons = "".join(
        f'<button type="button" data-step="{start}" aria-pressed="{str(start == 0).lower()}">{tricks.name}</button>'
        for tricks, start in zip(VIEWS, starts, strict=True)
    )
    low, high = _spoken(10.0**bottom), _spoken(rate)
    reading = (
        "A chart for each layer: steps from left to right, a thin line where an epoch begins, a thick one at the step "
        f"told below. The height is the rate, logarithmic, from {low} to {high}; frozen is empty."
    )
    group = '<div class="st-choices" role="group" aria-label="Go to a trick">'
    return label("Choose a trick") + f"{group}{buttons}</div>" + label(reading)


def _picture(
    layers: Sequence[str], table: list[list[float]], now: int, batches: int, scale: tuple[float, float]
) -> str:
    rows = ""
    for k in reversed(range(len(layers))):  # the head on top, as the net is drawn
        values = [row[k] for row in table]
        rows += (
            f'<span class="th-name">{page.escape(layers[k])}</span>{_chart(values, now, batches, scale)}'
            f"<span>{_spoken(values[now])}</span>"
        )
    return f'<div class="th-rows">{rows}</div>'


def _chart(values: Sequence[float], now: int, batches: int, scale: tuple[float, float]) -> str:
    """One layer's rates as steps of an area."""
    bottom, top = scale
    d, before = "", 0
    for step, value in enumerate(values):
        height = max(1, round(_HEIGHT * (math.log10(value) - bottom) / (top - bottom))) if value > 0 else 0
        if step and height == before:
            continue
        d += f"H{_WIDE * step}V{_HEIGHT - height}" if step else f"M0 {_HEIGHT}V{_HEIGHT - height}"
        before = height
    width = _WIDE * len(values)
    epochs = "".join(f"M{_WIDE * step} 0V{_HEIGHT}" for step in range(batches, len(values), batches))
    middle = _WIDE * now + _WIDE // 2
    return (
        f'<svg viewBox="0 0 {width} {_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="th-area" d="{d}H{width}V{_HEIGHT}z"/><path class="th-epoch" d="{epochs}"/>'
        f'<path class="th-now" d="M{middle} 0V{_HEIGHT}"/></svg>'
    )


def _spoken(rate: float) -> str:
    """A rate to two digits that count, without an exponent."""
    return f"{rate:.{1 - math.floor(math.log10(rate))}f}".rstrip("0") if rate > 0 else "frozen"


def _text(tricks: Tricks, layers: Sequence[str], table: list[list[float]], now: int, batches: int) -> str:
    row = table[now]
    frozen = [name for name, value in zip(layers, row, strict=True) if value == 0]
    where = f"{tricks.name.capitalize()}, step {now + 1} of {len(table)}, in epoch {now // batches + 1}."
    low, high, count = min(_learning(row)), max(row), len(_learning(row))
    if count == 1:
        learn = f"Only the {layers[-1]} learns, at {_spoken(high)}"
    elif math.isclose(low, high):
        learn = f"{f'{count} of {len(layers)}' if frozen else 'All'} layers learn at {_spoken(high)}"
    else:
        lowest = f"{layers[len(frozen)]} at {_spoken(low)}, {high / low:.3g} times slower"
        learn = f"The {layers[-1]} learns at {_spoken(high)}, and {lowest}"
    return f"{where} {learn}; frozen: {', '.join(frozen)}." if frozen else f"{where} {learn}; nothing is frozen."


def _sums(layers: Sequence[str], table: list[list[float]], plain: list[list[float]]) -> str:
    """How far each layer may go in all, beside training without any trick."""
    shares = [sum(row[k] for row in table) / sum(row[k] for row in plain) for k in (0, len(layers) - 1)]
    if all(math.isclose(share, 1) for share in shares):
        return "So it stays to the end: every layer may go as far as every other."
    first, head = (percent(share) for share in shares)
    return (
        f"Added up over all steps, the rates of the {layers[0]} come to {first} of what they are without any trick, "
        f"those of the {layers[-1]} to {head}."
    )
