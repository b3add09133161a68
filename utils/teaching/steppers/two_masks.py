"""Fill in the blank against continue the text: what each mask lets a model look at, and what it then guesses."""

from __future__ import annotations

from collections.abc import Sequence

from utils.teaching import page
from utils.teaching.steppers.frame import Step, choices, guess, label, percent, quoted, stepper

Guesses = Sequence[tuple[str, float]]

_CSS = (
    ".course-stepper .tm-pair{display:grid;grid-template-columns:1fr 1fr;gap:.3rem 1.6rem}"
    "@media(max-width:620px){.course-stepper .tm-pair{grid-template-columns:1fr}}"
    ".course-stepper .tm-pair .st-rows{grid-template-columns:minmax(4.5rem,max-content) 1fr 3.6rem;margin-top:.4rem}"
    ".course-stepper .st-chips li.tm-shut{border-style:dashed;background:transparent;color:var(--c-muted)}"
    ".course-stepper .st-chips li.tm-asked{border:2px solid var(--c-mark);font-weight:650}"
)


def two_masks_stepper(
    tokens: Sequence[str],
    filled: Sequence[Guesses],
    continued: Sequence[Guesses],
    title: str = "The same sentence, two masks",
) -> None:
    """Show for each word of a sentence what BERT and GPT may look at, and what they guess.

    Args:
        tokens: the words of the sentence, at least two.
        filled: for each word what BERT guesses when that word is hidden: pairs (word, probability), best first.
        continued: for each word what GPT guesses for its place from the words before it, in the same form.
        title: the stepper's title.
    """
    if len(tokens) < 2 or not len(tokens) == len(filled) == len(continued):
        raise ValueError(
            f"{len(tokens)} words, {len(filled)} filled and {len(continued)} continued: "
            "give guesses of both for each of at least two words"
        )
    steps = [_step(tokens, place, filled[place], continued[place]) for place in range(len(tokens))]
    above = label("Choose the word that is asked for") + choices(list(tokens), "The word that is asked for")
    stepper(title, steps, above, css=_CSS)


def _step(tokens: Sequence[str], place: int, filled: Guesses, continued: Guesses) -> Step:
    word, others = tokens[place], len(tokens) - 1
    _checked(filled, f"filled, word {place + 1}")
    _checked(continued, f"continued, word {place + 1}")
    bert = _side(f"BERT may look at {_words(others)}, on both sides", tokens, place, len(tokens), filled)
    before = f"{_words(place)}, only before it" if place else "no word yet"
    gpt = _side(f"GPT may look at {before}", tokens, place, place + 1, continued)
    text = (
        f"Word {place + 1}, {quoted(word)}. BERT sees the rest of the sentence and {_share(word, filled)}. GPT sees "
        f"{_words(place) if place else 'only that a sentence begins'} and {_share(word, continued)}."
    )
    return Step(f'<div class="tm-pair">{bert}{gpt}</div>', text)


def _side(head: str, tokens: Sequence[str], place: int, closed: int, guesses: Guesses) -> str:
    """One model's half: the sentence as it sees it, closed to it from the word `closed` on, and its guesses."""
    items = [f'<li dir="auto">{page.escape(word)}</li>' for word in tokens[:closed]]
    items += [f'<li class="tm-shut" dir="auto"><s>{page.escape(word)}</s></li>' for word in tokens[closed:]]
    items[place] = '<li class="tm-asked">?</li>'
    rows = "".join(guess(word, share, word == tokens[place]) for word, share in guesses)
    return f'<div>{label(head)}<ul class="st-chips">{"".join(items)}</ul><div class="st-rows">{rows}</div></div>'


def _checked(guesses: Guesses, where: str) -> None:
    shares = [share for _, share in guesses]
    if not 1 <= len(shares) <= 10 or not all(0 <= share <= 1 for share in shares) or sum(shares) > 1.001:
        raise ValueError(f"{where}: the guesses are {list(guesses)!r}; give 1 to 10 pairs of a word and a probability")


def _share(word: str, guesses: Guesses) -> str:
    found = dict(guesses).get(word)
    return f"gives it {percent(found)}" if found is not None else f"does not guess it in {len(guesses)} tries"


def _words(count: int) -> str:
    return {0: "no word", 1: "1 word"}.get(count, f"{count} words")
