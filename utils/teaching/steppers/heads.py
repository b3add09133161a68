"""The heads of a Transformer over a sentence: choose a word, and see where each head of each layer looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from utils.teaching import page
from utils.teaching.steppers.frame import Step, choices, direction, label, percent, quoted, stepper

Heads = list[list[list[list[float]]]]  # layers x heads x words that look x words looked at


def heads_stepper(tokens: Sequence[str], weights: Any, title: str = "Where each head looks") -> None:
    """Show the weights of self-attention as a stepper, one step for each word that looks.

    Args:
        tokens: the words of one sentence, without padding.
        weights: L x h x T x T, a tensor or lists: for each layer and head a row of shares that sum to 1 for each word,
            as ``model.start(source, trace=True).trace["encoder"][0]`` keeps them.
        title: the stepper's title.
    """
    heads = _checked(tokens, weights)
    steps = [_step(tokens, heads, word) for word in range(len(tokens))]
    above = label("Choose the word that looks") + choices(tokens, "The word that looks")
    stepper(title, steps, above, css=page.asset("grid.css"))


def _checked(tokens: Sequence[str], weights: Any) -> Heads:
    heads: Heads = weights.tolist() if hasattr(weights, "tolist") else [[list(h) for h in layer] for layer in weights]
    words, counts = len(tokens), sorted({len(layer) for layer in heads})
    if words < 2 or not heads or len(counts) != 1 or not counts[0]:
        raise ValueError(f"{words} words and layers of {counts} heads; give two words or more, and equal layers")
    for layer, rows_of in enumerate(heads, start=1):
        for head, rows in enumerate(rows_of, start=1):
            if len(rows) != words or any(len(row) != words for row in rows):
                raise ValueError(f"layer {layer}, head {head} is not {words} x {words}, a share for each pair of words")
            for token, row in zip(tokens, rows, strict=True):
                if min(row) < 0 or abs(sum(row) - 1) > 0.01:
                    raise ValueError(
                        f"layer {layer}, head {head}: the shares of {token!r} sum to {sum(row):.3g}, not 1"
                    )
    return heads


def _step(tokens: Sequence[str], heads: Heads, word: int) -> Step:
    text = f"{quoted(tokens[word])} looks. " + " ".join(
        f"Layer {number}: {', '.join(_most(tokens, rows[word], head) for head, rows in enumerate(layer, start=1))}."
        for number, layer in enumerate(heads, start=1)
    )
    gap = '<td class="st-gap"></td>'
    layers = gap.join(
        f'<th scope="colgroup" colspan="{len(layer)}">layer {number}</th>' for number, layer in enumerate(heads, 1)
    )
    numbers = gap.join("".join(f'<th scope="col">{k + 1}</th>' for k in range(len(layer))) for layer in heads)
    rows = "".join(
        f'<tr{" class=st-picked" if k == word else ""}><th scope="row" dir="auto">{page.escape(token)}</th>'
        + gap.join("".join(_cell(rows[word][k]) for rows in layer) for layer in heads)
        + "</tr>"
        for k, token in enumerate(tokens)
    )
    head = f'<thead><tr><td class="st-gap"></td>{layers}</tr><tr><th scope="col">head</th>{numbers}</tr></thead>'
    table = f'<table class="st-grid" dir="{direction(tokens)}">{head}<tbody>{rows}</tbody></table>'
    region = f'<div class="cc-scroll" tabindex="0" role="region" aria-label="Shares of {page.escape(tokens[word])}">'
    return Step(label("How much of its attention each word gets, in %") + region + table + "</div>", text)


def _most(tokens: Sequence[str], row: Sequence[float], head: int) -> str:
    best = max(range(len(row)), key=row.__getitem__)
    return f"head {head} most at {quoted(tokens[best])} ({percent(row[best])})"


def _cell(share: float) -> str:
    """A share as a patch whose strength shows it, and in per cent; nothing below half a per cent."""
    if share < 0.005:
        return "<td></td>"
    return f'<td style="--s:{share:.2g}">{100 * share:.0f}</td>'
