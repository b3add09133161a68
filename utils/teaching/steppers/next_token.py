"""The next token's distribution, with temperature, top-k and top-p to be moved by the reader.

The page computes it anew from the logits, as `utils.decoding.filter_logits` does: first the temperature, then top-k,
then top-p. The best tokens are there one by one; all others lie in groups of nearly equal logits, so that their share
is right while their number may be thousands.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from utils.teaching import page
from utils.teaching.steppers.frame import percent

if TYPE_CHECKING:
    from torch import Tensor

LIMIT = 40_000  # bytes of one output
SINGLE = 60  # so many tokens are kept one by one
WIDTH = 0.25  # width of a group of the others, in logits


def next_token_stepper(
    words: Sequence[str],
    logits: Sequence[float] | Tensor,
    prompt: str = "",
    shown: int = 12,
    title: str = "What comes next?",
) -> None:
    """Show what a model thinks comes next, and let the reader move temperature, top-k and top-p, and draw.

    Args:
        words: the tokens of the vocabulary as a reader should see them, V of them, at least two.
        logits: the model's logits, (V,); a token that can never come may have minus infinity.
        prompt: the text that is continued.
        shown: how many of the most probable tokens get a bar.
        title: what it shows.
    """
    values = [float(value) for value in logits]
    if len(words) < 2 or len(words) != len(values):
        raise ValueError(f"{len(words)} words and {len(values)} logits: give one for each of at least two tokens")
    if any(math.isnan(value) or value == math.inf for value in values) or not 2 <= shown <= SINGLE:
        raise ValueError(f"logits must be numbers, and shown, here {shown}, must lie between 2 and {SINGLE}")
    possible = sorted(((v, w) for w, v in zip(words, values, strict=True) if v > -math.inf), key=lambda item: -item[0])
    if len(possible) < 2:
        raise ValueError("fewer than two tokens have a logit above minus infinity: there is nothing to choose")
    highest = possible[0][0]
    best = [(word, value - highest) for value, word in possible[:SINGLE]]
    rest = _groups([value - highest for value, _ in possible[SINGLE:]])
    made = page.card("sampler", _body(title, prompt, best, rest, min(shown, len(best))), css=page.asset("sampler.css"))
    if len(made.encode()) > LIMIT:
        raise ValueError(f"{title!r} takes {len(made.encode()):,} bytes, more than {LIMIT:,}: shorten the prompt")
    page.show(made, f"next token: {title}, {len(possible)} tokens")


def _groups(values: Sequence[float]) -> list[tuple[float, int]]:
    """Logits (largest first) in groups: the logit whose probability is the group's mean, and how many there are."""
    groups: dict[int, list[float]] = {}
    for value in values:
        groups.setdefault(math.floor(value / WIDTH), []).append(value)
    return [
        (math.log(sum(math.exp(v - max(group)) for v in group) / len(group)) + max(group), len(group))
        for group in groups.values()
    ]


def _body(
    title: str, prompt: str, best: Sequence[tuple[str, float]], rest: Sequence[tuple[float, int]], shown: int
) -> str:
    total = sum(math.exp(v) for _, v in best) + sum(n * math.exp(v) for v, n in rest)
    shares = [math.exp(value) / total for _, value in best]
    rows = "".join(_row(word, share) for (word, _), share in zip(best[:shown], shares, strict=False))
    rows += _row(f"all {sum(n for _, n in rest) + len(best) - shown:,} others", max(0.0, 1 - sum(shares[:shown])))
    data = json.dumps(
        {"best": [[word, round(v, 3)] for word, v in best], "rest": [[round(v, 3), n] for v, n in rest], "rows": shown},
        ensure_ascii=False,
        separators=(",", ":"),
    )
    text = f'<p class="ns-prompt" dir="auto">{page.escape(prompt)} <b>?</b></p>' if prompt else ""
    return (
        f'<p class="cc-title">{page.inline(title)}</p>{text}<div class="ns" data-logits="{page.escape(data)}">'
        f"{_controls(len(best))}"
        f'<p class="ns-said" aria-live="polite">Temperature 1, no token left out.</p><div class="ns-rows">{rows}</div>'
        '<p class="ns-bar"><button type="button" class="ns-draw">Draw 20 tokens</button>'
        '<button type="button" class="ns-reset">Back to the model\'s own</button></p>'
        '<ul class="ns-drawn" aria-live="polite" aria-label="Drawn tokens"><li class="ns-none">none drawn yet</li></ul>'
        "<noscript>Without JavaScript only the model's own distribution is shown.</noscript></div>"
        f"{page.script(page.asset('sampler.js'))}"
    )


def _controls(singles: int) -> str:
    """Three sliders; the last place of top-k stands for "all"."""
    return '<div class="ns-controls">' + "".join(
        f'<label><span>{name}</span><input type="range" data-name="{key}" min="{low}" max="{high}" step="{step}" '
        f'value="{value}"><output>{said}</output></label>'
        for name, key, low, high, step, value, said in (
            ("Temperature", "temperature", 0.1, 2, 0.1, 1, "1.0"),
            ("Top-k", "k", 1, singles + 1, 1, singles + 1, "all"),
            ("Top-p", "p", 0.05, 1, 0.05, 1, "1.00"),
        )
    ) + "</div>"  # fmt: skip


def _row(word: str, share: float) -> str:
    return (
        f'<span class="ns-word" dir="auto">{page.escape(word)}</span>'
        f'<div class="ns-track"><b style="width:{100 * share:.1f}%"></b></div>'
        f'<span class="ns-share">{percent(share)}</span>'
    )
