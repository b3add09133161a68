"""Exercises of chapter 07, one block and two masks."""

from __future__ import annotations

import torch

from utils.teaching.exercises import pieces_07, sizes_07, writing_07
from utils.teaching.exercises.model import Case, Exercise, Wrong


def hide(tokens, chance, fate, other, mask=4):
    """Four tensors (T,) -> what BERT reads, and where it has to answer (bool), both (T,)."""
    hidden = (chance < 0.15) & (tokens > 3)
    inputs = torch.where(hidden & (fate < 0.8), mask, tokens)
    inputs = torch.where(hidden & (fate >= 0.8) & (fate < 0.9), other, inputs)
    return inputs, hidden


def _hidden(tokens, chance):
    return (chance < 0.15) & (tokens > 3)


def _all_masked(tokens, chance, fate, other, mask=4):
    hidden = _hidden(tokens, chance)
    return torch.where(hidden, mask, tokens), hidden


def _specials_too(tokens, chance, fate, other, mask=4):
    hidden = chance < 0.15
    inputs = torch.where(hidden & (fate < 0.8), mask, tokens)
    return torch.where(hidden & (fate >= 0.8) & (fate < 0.9), other, inputs), hidden


def _asked_where_changed(tokens, chance, fate, other, mask=4):
    inputs, hidden = hide(tokens, chance, fate, other, mask)
    return inputs, hidden & (fate < 0.9)


def _asked_where_masked(tokens, chance, fate, other, mask=4):
    inputs, hidden = hide(tokens, chance, fate, other, mask)
    return inputs, hidden & (fate < 0.8)


def _fate_of_all(tokens, chance, fate, other, mask=4):
    inputs = torch.where(fate < 0.8, mask, tokens)
    return torch.where((fate >= 0.8) & (fate < 0.9), other, inputs), _hidden(tokens, chance)


def _last_tenth(tokens, chance, fate, other, mask=4):
    hidden = _hidden(tokens, chance)
    inputs = torch.where(hidden & (fate < 0.8), mask, tokens)
    return torch.where(hidden & (fate >= 0.9), other, inputs), hidden


def _draws(seed, length=400):
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(5, 50, (length,), generator=generator)
    tokens[0], tokens[-20:-19], tokens[-19:] = 2, 3, 0
    chance, fate = torch.rand(2, length, generator=generator)
    return tokens, chance, fate, torch.randint(5, 50, (length,), generator=generator)


HIDE = Exercise(
    id="7.2",
    title="Which words BERT is asked for",
    task="""
BERT learns to tell hidden words. Each word is chosen where its number in `chance` is below 0.15; ids 0 to 3 (padding,
unknown, beginning, end) never are. What stands in the place of a chosen word is decided by its number in `fate`: below
0.8 the id `mask`, from 0.8 to below 0.9 the word in `other`, from 0.9 on the word itself. Write `hide`. Return what
the model reads, and a bool tensor that is True wherever it is asked, which is at *every* chosen word.
""",
    difficulty=1,
    minutes=8,
    solution=hide,
    cases=(
        Case("400 tokens, 19 of them padding", lambda: _draws(0)),
        Case("400 other tokens, and another sign", lambda: (*_draws(1), 49)),
    ),
    hints=(
        "First the chosen ones: `hidden = (chance < 0.15) & (tokens > 3)`.",
        "`torch.where(condition, a, b)` takes a where the condition is True, b elsewhere.",
        "Two such calls, one after the other; each condition begins with `hidden &`.",
    ),
    wrong=(
        Wrong(_all_masked, "every chosen word became the mask; one in ten becomes another word and one in ten stays"),
        Wrong(_specials_too, "padding, beginning or end were chosen too; only words may be, so ids above 3"),
        Wrong(
            _asked_where_changed,
            "it is asked for the words that stayed, too: else it learns that what it sees is never the answer",
        ),
        Wrong(_asked_where_masked, "you ask at the masks only; each chosen word is asked for, whatever stands there"),
        Wrong(_fate_of_all, "`fate` is for the chosen words only; the others stay as they are"),
        Wrong(_last_tenth, "the other word belongs to 0.8 up to 0.9; from 0.9 on the word stays"),
    ),
    explanation="""
When BERT is used, no word is hidden. If in training it were asked at masks only, it would need to know nothing about
a word that it can see. So some chosen words are shown, true or false, and it cannot tell which. `utils.data.masking`
draws `chance` and `fate` anew for each epoch.
""",
)


def next_token_loss(logits, tokens, pad=0):
    """Logits (B, T, V) of a causal model and the tokens (B, T) that it read -> the mean loss of a token, in nats."""
    predicted, target = logits[:, :-1], tokens[:, 1:]
    losses = -predicted.log_softmax(dim=-1).gather(-1, target[:, :, None])[:, :, 0]
    real = target != pad
    return losses[real].mean()


def _losses(logits, target, pad=0):
    losses = -logits.log_softmax(dim=-1).gather(-1, target[:, :, None])[:, :, 0]
    return losses, target != pad


def _not_shifted(logits, tokens, pad=0):
    losses, real = _losses(logits, tokens)
    return losses[real].mean()


def _backwards(logits, tokens, pad=0):
    losses, real = _losses(logits[:, 1:], tokens[:, :-1])
    return losses[real].mean()


def _shifted_twice(logits, tokens, pad=0):
    losses, real = _losses(logits[:, :-2], tokens[:, 2:])
    return losses[real].mean()


def _padding_too(logits, tokens, pad=0):
    return _losses(logits[:, :-1], tokens[:, 1:])[0].mean()


def _padding_divides(logits, tokens, pad=0):
    losses, real = _losses(logits[:, :-1], tokens[:, 1:])
    return losses[real].sum() / losses.numel()


def _of_sentences(logits, tokens, pad=0):
    losses, real = _losses(logits[:, :-1], tokens[:, 1:])
    return ((losses * real).sum(dim=1) / real.sum(dim=1)).mean()


def _texts(seed):
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(1, 7, (3, 6), generator=generator)
    tokens[1, 4:] = 0
    tokens[2, 2:] = 0
    return 2 * torch.randn(3, 6, 7, generator=generator), tokens


SHIFT = Exercise(
    id="7.3",
    title="The loss of a causal model",
    task="""
A causal model has read `tokens` (B, T) and gives at every place logits for the token that comes *next*. Nothing comes
behind the last place, and nothing comes before the first token, so the first one is never asked for. Write
`next_token_loss`: the mean of `-log p(next token)` over all places where a real token comes next. Where `pad` comes
next there is nothing to learn.
""",
    difficulty=2,
    minutes=10,
    solution=next_token_loss,
    cases=(Case("three texts of 6, 4 and 2 tokens", lambda: _texts(0)), Case("three others", lambda: _texts(1))),
    hints=(
        "The place t is compared with token t + 1: which end is cut off the logits, which off the tokens?",
        "`logits[:, :-1]` and `tokens[:, 1:]` have the same length and belong together.",
        "`log_softmax(dim=-1).gather(-1, target[:, :, None])` picks the true token; then keep `target != pad`.",
    ),
    wrong=(
        Wrong(_not_shifted, "each place is asked for the token that it has just read; shift by one"),
        Wrong(_backwards, "you shift the other way: each place is asked for the token *before* it"),
        Wrong(_shifted_twice, "you shift by two; a library that shifts inside, and a caller who shifts too, do this"),
        Wrong(_padding_too, "padding counts as an answer; so the loss would fall by learning to write padding"),
        Wrong(_padding_divides, "the sum is right, but you divide by all places: count the real ones only"),
        Wrong(_of_sentences, "you average text by text: a token of a short text weighs more; average over all tokens"),
    ),
    explanation="""
Without the shift the model need only copy its input; the loss goes to 0 and the samples are nonsense. Shifted twice
it learns to guess the word after next. In a fresh model the losses with one shift and with two are near `log V`.
Without the shift the loss is lower from the start where the embedding is tied: a token's own vector is then its row
of the output matrix too.
""",
)


EXERCISES = (
    pieces_07.MERGE,
    HIDE,
    SHIFT,
    writing_07.TOP_P,
    sizes_07.COUNT,
    writing_07.CACHE,
    sizes_07.SCALING,
    sizes_07.BITS,
)
