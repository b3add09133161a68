"""Greedy decoding word by word: what the decoder could write, what it writes, and the context that never changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from utils.teaching.steppers.frame import Step, chips, guess, label, percent, quoted, stepper


def decoding_stepper(
    source: Sequence[str],
    steps: Sequence[Mapping[str, Any]],
    context: Sequence[float] = (),
    title: str = "Greedy decoding, word by word",
) -> None:
    """Show greedy decoding as a stepper.

    Args:
        source: the words that the encoder has read.
        steps: one mapping a written word: ``candidates``, pairs (word, probability), the most probable first, and
            ``chosen``, the word that is written (by default the first candidate).
        context: numbers of the context vector, of which 32 are drawn; the colour says the sign, its strength the size.
        title: the stepper's title.
    """
    if not source or not steps:
        raise ValueError(f"source has {len(source)} words and there are {len(steps)} steps; both need at least one")
    written: list[str] = []
    made = [_begin(len(source))]
    for number, step in enumerate(steps, start=1):
        made.append(_word(number, step, written))
    stepper(title, made, above=_above(source, context))


def _above(source: Sequence[str], context: Sequence[float]) -> str:
    return (
        label("The encoder has read")
        + chips(source)
        + label("The context, all that the decoder sees")
        + _vector(context)
    )


def _vector(context: Sequence[float]) -> str:
    """A strip of cells, blue for positive and orange for negative numbers; a plain strip without numbers."""
    values = [float(value) for value in context][:32]
    largest = max((abs(value) for value in values), default=0.0) or 1.0
    cells = "".join(
        f'<i style="background:{"#0072b2" if value > 0 else "#d55e00"};opacity:{abs(value) / largest:.2f}"></i>'
        for value in values
    )
    said = f"The first {len(values)} numbers of the context vector" if values else "The context vector"
    return f'<div class="st-vector" role="img" aria-label="{said}">{cells or "<i></i>"}</div>'


def _begin(count: int) -> Step:
    text = (
        f"The encoder has read {count} words and left one vector. The decoder starts from it; nothing is written yet."
    )
    return Step(label("What may come next") + label("Written so far") + chips([]), text)


def _word(number: int, step: Mapping[str, Any], written: list[str]) -> Step:
    """The step of one word; it appends the word to ``written``."""
    candidates = [(str(word), float(probability)) for word, probability in step["candidates"]]
    if not candidates or not all(0 <= p <= 1 for _, p in candidates):
        raise ValueError(f"step {number} has the candidates {candidates!r}; give pairs of a word and a probability")
    chosen = str(step.get("chosen", candidates[0][0]))
    probabilities = dict(candidates)
    if chosen not in probabilities:
        raise ValueError(f"step {number} chooses {chosen!r}, which is not among its candidates {list(probabilities)}")
    last = f"its last word, {quoted(written[-1])}," if written else "the sign for the beginning"
    written.append(chosen)
    rows = "".join(guess(word, probability, word == chosen) for word, probability in candidates)
    picture = label("What may come next") + f'<div class="st-rows">{rows}</div>'
    picture += label("Written so far") + chips(written, new=len(written) - 1)
    text = f"Word {number}: the decoder reads {last} and the same context. "
    text += f"It writes {quoted(chosen)} ({percent(probabilities[chosen])})."
    return Step(picture, text)
