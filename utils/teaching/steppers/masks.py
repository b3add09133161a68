"""Masks: which word may look at which, as the models of the course build them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from utils.teaching import page
from utils.teaching.steppers.frame import Step, label, stepper

if TYPE_CHECKING:
    from torch import Tensor

PAD = "PAD"

_OPEN = (
    "Every word may look at every place, at the padding too. So a sentence gets another result when it stands in a "
    "batch with a longer one: a mistake that no error message shows."
)
_PADDING = (
    "The padding mask, `(source != pad)[:, None, None]`, closes the columns of the padding, for all words alike. The "
    "rows of the padding stay: what they find is looked at by no word."
)
_CAUSAL = (
    "The decoder learns all places at once, and no place may see the words behind it, which it has to write. "
    "`causal_mask(T)` is True on and below the diagonal: each word sees itself and what stands before it."
)
_OFF = (
    "A classic mistake: the diagonal is missing. The first word may look at nothing, and no word at itself. The other "
    "way round, one diagonal too many, each word sees the answer that it is asked for."
)
_BOTH = (
    "Both at once is `and`: a place must be allowed by both. Padding stands at the end, where the causal mask hides it "
    "from all real words anyway. So our decoder needs no padding mask for its own words."
)
_CROSS = (
    "From the decoder to the encoder each target word may look at every source word: the source is known as a whole. "
    "Only the padding of the source is closed."
)
_CACHE = (
    "In use the decoder writes one word a time and keeps the keys of the words before. Its mask has one row, the last "
    "of the triangle: `causal_mask(1, past)`. With the first row instead, the word would see the beginning and no more."
)


def masks_stepper(
    source: Sequence[str] = ("the", "dog", "sleeps"),
    target: Sequence[str] = ("BOS", "le", "chien", "dort"),
    padding: int = 2,
    title: str = "Who may look at whom",
) -> None:
    """Show the masks of a Transformer on a small pair of sentences, each computed as the model computes it.

    Args:
        source: the words of the source, behind which stand `padding` places.
        target: what the decoder reads, at least three words, behind which stands one place of padding.
        padding: how many places of padding the source has, at least one.
        title: the stepper's title.
    """
    if not source or len(target) < 3 or padding < 1:
        raise ValueError(
            f"{len(source)} source words, {len(target)} target words and {padding} places of padding; "
            "give at least one word, three words and one place"
        )
    stepper(title, _steps(source, target, padding), css=page.asset("grid.css"))


def _steps(source: Sequence[str], target: Sequence[str], padding: int) -> list[Step]:
    import torch

    from utils.models.attention import causal_mask

    read, written = [*source, *[PAD] * padding], [*target, PAD]
    S, T = len(read), len(written)
    real = torch.tensor([word != PAD for word in read])
    own = torch.tensor([word != PAD for word in written])
    causal, last = causal_mask(len(target)), causal_mask(1, past=len(target) - 1)
    return [
        _grid("Encoder, without a mask", read, read, torch.ones(S, S, dtype=torch.bool), _OPEN),
        _grid("Encoder: the padding mask", read, read, real.expand(S, S), _PADDING),
        _grid("Decoder: the causal mask", target, target, causal, _CAUSAL),
        _grid("Decoder, one word off", target, target, causal.tril(-1), _OFF),
        _grid("Decoder: causal and padding", written, written, causal_mask(T) & own, _BOTH),
        _grid("Decoder to encoder", target, read, real.expand(len(target), S), _CROSS),
        _grid("Decoder, writing with a cache", [target[-1]], target, last, _CACHE),
    ]


def _grid(name: str, rows: Sequence[str], columns: Sequence[str], mask: Tensor, text: str) -> Step:
    heads = "".join(f'<th scope="col" dir="auto">{page.escape(word)}</th>' for word in columns)
    body = "".join(
        f'<tr><th scope="row" dir="auto">{page.escape(word)}</th>{"".join(map(_cell, allowed))}</tr>'
        for word, allowed in zip(rows, mask.tolist(), strict=True)
    )
    table = (
        f'<div class="cc-scroll" tabindex="0" role="region" aria-label="Mask: {page.escape(name)}">'
        f'<table class="st-grid"><thead><tr><th scope="col">looks ↓ at →</th>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
    return Step(label(f"{name}: {int(mask.sum())} of {mask.numel()} pairs are True") + table, f"{name}. {text}")


def _cell(allowed: bool) -> str:
    return f'<td class="st-{"yes" if allowed else "no"}">{"True" if allowed else "False"}</td>'
