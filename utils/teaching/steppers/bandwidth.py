"""The context as a bandwidth meter: a sentence grows, the vector does not, and words fade from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from utils.teaching import page
from utils.teaching.steppers.frame import Step, direction, label, percent, quoted, stepper, track


def bandwidth_stepper(
    words: Sequence[str],
    recall: Mapping[int, Sequence[float]] | Mapping[str, Sequence[float]],
    numbers: int,
    title: str = "One vector, more and more words",
) -> None:
    """Show how much of a growing sentence a fixed vector holds.

    Args:
        words: an example sentence, at least as long as the longest length.
        recall: for each sentence length the measured share of sentences (0 to 1) in which a probe reads word k from the
            context vector, for k = 1 to that length; lengths may be texts, as records keep them.
        numbers: the size of the context vector.
        title: the stepper's title.
    """
    by_length = {int(length): [float(share) for share in shares] for length, shares in recall.items()}
    lengths = sorted(by_length)
    if numbers < 1 or not lengths or lengths[-1] > len(words):
        raise ValueError(f"numbers is {numbers}, lengths are {lengths}, and the example has {len(words)} words")
    steps = []
    for length in lengths:
        shares = by_length[length]
        if len(shares) != length or not all(0 <= share <= 1 for share in shares):
            raise ValueError(f"recall[{length}] is {shares!r}; it must hold {length} shares from 0 to 1")
        steps.append(_step(words[:length], shares, numbers))
    stepper(title, steps, above=label(f"The context vector has {numbers} numbers, however long the sentence is"))


def _step(words: Sequence[str], shares: Sequence[float], numbers: int) -> Step:
    length, each = len(words), numbers / len(words)
    meter = label(f"Numbers of the vector for each word: {each:.3g}") + track(1 / length, picked=True)
    items = "".join(
        f'<li dir="auto">{page.escape(word)}{track(share)}<small>{percent(share)}</small></li>'
        for word, share in zip(words, shares, strict=True)
    )
    worst = min(range(length), key=lambda k: shares[k])
    words_in = "1 word" if length == 1 else f"{length} words"
    text = (
        f"{words_in}: {each:.3g} numbers for each. A probe reads a word back in {percent(sum(shares) / length)} of "
        f"sentences on average; worst is word {worst + 1} ({quoted(words[worst])} here) with {percent(shares[worst])}."
    )
    return Step(
        meter
        + label("How often a probe finds the word in the vector")
        + f'<ul class="st-chips" dir="{direction(words)}">{items}</ul>',
        text,
    )
