"""Byte-pair encoding, merge by merge: which pair stands side by side most often, and what becomes of the words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice

from utils.teaching import page
from utils.teaching.steppers.frame import Step, label, stepper

_CSS = (
    ".course-stepper .mg-words{display:grid;grid-template-columns:max-content 1fr;gap:.25rem .8rem;align-items:center}"
    ".course-stepper .mg-words>span{color:var(--c-muted);font-variant-numeric:tabular-nums;text-align:right}"
)


def merges_stepper(
    texts: Sequence[str], count: int = 12, words: int = 7, title: str = "Byte-pair encoding, merge by merge"
) -> None:
    """Show the first merges that `utils.data.pieces` learns from the texts.

    Args:
        texts: the training texts.
        count: how many merges are shown, at least one.
        words: how many words of the texts are shown, the most frequent first.
        title: the stepper's title.
    """
    from utils.data import pieces

    if count < 1 or words < 1:
        raise ValueError(f"{count} merges of {words} words: show at least one of each")
    times = Counter(word for text in texts for word in pieces.words(text))
    shown = dict(times.most_common(words))
    letters = {word: list(word) for word in times}
    size = sum(n * len(letters[word]) for word, n in times.items())
    kinds = len({letter for word in letters for letter in word})
    begin = (
        f"Every word is spelled in letters, and `{pieces.SPACE}` stands for the space before it: {size:,} pieces of "
        f"{kinds} kinds in the whole text."
    )
    steps = [Step(_rows(letters, shown, None), begin)]
    for number, merge in enumerate(islice(pieces.merging(texts), count), start=1):
        new = "".join(merge.pair)
        size = sum(n * len(merge.words[word]) for word, n in times.items())
        text = (
            f"Merge {number}: `{merge.pair[0]}` and `{merge.pair[1]}` stand side by side {_times(merge.times)}, more "
            f"often than, or as often as, any other pair. They become one piece, `{new}`: the text has {size:,} pieces "
            f"now, of at most {kinds + number} kinds."
        )
        steps.append(Step(_rows(merge.words, shown, new), text))
    above = label("The most frequent words, and how often each occurs. The piece just made is marked")
    stepper(title, steps, above, css=_CSS)


def _rows(split: dict[str, list[str]], shown: dict[str, int], new: str | None) -> str:
    rows = "".join(f"<span>{times:,} ×</span>{_chips(split[word], new)}" for word, times in shown.items())
    return f'<div class="mg-words">{rows}</div>'


def _chips(pieces: Sequence[str], new: str | None) -> str:
    items = (f"<li{' class=st-new' if piece == new else ''}>{page.escape(piece)}</li>" for piece in pieces)
    return f'<ul class="st-chips">{"".join(items)}</ul>'


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"
