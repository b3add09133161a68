"""Exercises of chapter 03, one vector to hold a sentence."""

from __future__ import annotations

from dataclasses import replace

import torch

from utils.teaching.exercises import bleu_03, search_03
from utils.teaching.exercises.model import Case, Exercise, Wrong
from utils.teaching.exercises.props import Copier


def shift(target, bos=2):
    """True sentences (B, T), each ending in EOS and padded -> what the decoder reads at each step (B, T)."""
    first = torch.full_like(target[:, :1], bos)
    return torch.cat([first, target[:, :-1]], dim=1)


def _unshifted(target, bos=2):
    return target


def _ahead(target, bos=2):
    return torch.cat([target[:, 1:], torch.zeros_like(target[:, :1])], dim=1)


def _rolled(target, bos=2):
    return target.roll(1, dims=1)


def _longer(target, bos=2):
    return torch.cat([torch.full_like(target[:, :1], bos), target], dim=1)


SHIFT = Exercise(
    id="3.1",
    title="Teacher forcing: the shift",
    task="""
While it trains, the decoder reads the true sentence, but at each step it may know only the words *before* the one that
it has to write. Write `shift`: the first column becomes BOS (id 2), all else moves one place to the right, and the
shape stays. `[[7, 8, 9, 3]]` becomes `[[2, 7, 8, 9]]`.
""",
    difficulty=1,
    minutes=5,
    solution=shift,
    cases=(
        Case("one sentence of four words", lambda: (torch.tensor([[7, 8, 9, 5, 3]]),)),
        Case("a batch with padding", lambda: (torch.tensor([[7, 8, 3, 0], [6, 5, 4, 3]]),)),
        Case("another id for BOS", lambda: (torch.tensor([[7, 8, 3]]), 1)),
    ),
    hints=(
        "What must the decoder read when it writes word t: word t, word t - 1 or word t + 1?",
        "You need one new column and all old columns but one: `target[:, :-1]` drops the last.",
        "`torch.full_like(target[:, :1], bos)` makes the column; `torch.cat([...], dim=1)` joins the two.",
    ),
    wrong=(
        Wrong(
            _unshifted, "the decoder reads the very word that it must write: it learns to copy, and can write nothing"
        ),
        Wrong(
            _ahead,
            "you shift to the left: the decoder sees the word *after* the one that it writes; shift to the right",
        ),
        Wrong(_rolled, "`roll` carries the last token of each row round to the front, where BOS belongs"),
        Wrong(_longer, "the shape grew by a column; the last token is never read, since nothing follows it: drop it"),
    ),
    explanation="The column that falls out holds EOS or padding: nothing is written after it, so it need not be read.",
)


def masked_loss(logits, target, pad=0):
    """Logits (B, T, V) and true words (B, T) -> mean cross-entropy over the real words, in nats."""
    nats = torch.nn.functional.cross_entropy(logits.transpose(1, 2), target, reduction="none")
    real = target != pad
    return (nats * real).sum() / real.sum()


def _nats(logits, target):
    return torch.nn.functional.cross_entropy(logits.transpose(1, 2), target, reduction="none")


def _unmasked(logits, target, pad=0):
    return _nats(logits, target).mean()


def _diluted(logits, target, pad=0):
    return (_nats(logits, target) * (target != pad)).mean()


def _sentence_means(logits, target, pad=0):
    real = target != pad
    return ((_nats(logits, target) * real).sum(1) / real.sum(1)).mean()


def _summed(logits, target, pad=0):
    return (_nats(logits, target) * (target != pad)).sum()


def _scores(*lengths):
    """Logits and targets of a ragged batch, the same at every call."""
    generator = torch.Generator().manual_seed(sum(lengths))
    target = torch.randint(3, 9, (len(lengths), max(lengths)), generator=generator)
    for row, length in enumerate(lengths):
        target[row, length:] = 0
    return torch.randn(len(lengths), max(lengths), 9, generator=generator), target


MASKED_LOSS = Exercise(
    id="3.2",
    title="A loss that does not see the padding",
    task="""
Sentences in a batch are filled up with PAD (id 0) to the same length. Write `masked_loss`: the mean of `-log p(word)`
over the *real* words of the whole batch, where `p` is the softmax of the logits at that place. EOS counts, PAD does
not. A batch that is filled up further must have the same loss.
""",
    difficulty=2,
    minutes=8,
    solution=masked_loss,
    cases=(
        Case("sentences of 6 and 2 words", lambda: _scores(6, 2)),
        Case("three sentences of very different lengths", lambda: _scores(1, 9, 3)),
    ),
    hints=(
        "`torch.nn.functional.cross_entropy(..., reduction='none')` gives one number a word; which of them count?",
        "`target != pad` is True for the words that count: set the others to zero before you sum.",
        "Divide by the number of real words, `(target != pad).sum()`, not by the number of places.",
    ),
    wrong=(
        Wrong(
            _unmasked,
            "padding counts as a word: the model is paid for writing PAD, and its loss looks better than it is",
        ),
        Wrong(
            _diluted,
            "the sum is right, but you divide by all places, padding too: longer padding makes the loss smaller",
        ),
        Wrong(
            _sentence_means,
            "each sentence weighs the same, so a word in a short one counts more: average over all words",
        ),
        Wrong(
            _summed, "that is the sum over the real words; with it a larger batch has a larger loss, so take the mean"
        ),
    ),
    explanation="`cross_entropy(..., ignore_index=0)` does the same in one call. It wants the classes in dimension 1.",
)


def greedy_loop(model, source, longest=20, bos=2, eos=3):
    """One source sentence (1, S) -> the ids that the model writes, a list without EOS, at most `longest`."""
    words, state = [bos], model.start(source)
    for _ in range(longest):
        logits, state = model.step(torch.tensor(words[-1:]), state)
        word = int(logits.argmax(dim=-1))
        if word == eos:
            break
        words.append(word)
    return words[1:]


def _keeps_eos(model, source, longest=20, bos=2, eos=3):
    words = greedy_loop(model, source, longest, bos, eos)
    return words if len(words) == longest else [*words, eos]


def _never_stops(model, source, longest=20, bos=2, eos=3):
    return greedy_loop(model, source, longest, bos, eos=-1)


def _always_bos(model, source, longest=20, bos=2, eos=3):
    return greedy_loop(replace(model, fed=bos), source, longest, bos, eos)


def _forgets_state(model, source, longest=20, bos=2, eos=3):
    return greedy_loop(replace(model, moves=0), source, longest, bos, eos)


GREEDY = Exercise(
    id="3.3",
    title="The greedy loop",
    task="""
Every model of this course that writes offers `start(source) -> state` and `step(token, state) -> (logits, state)`,
where `token` is a tensor (1,) and `logits` one of (1, V). Write `greedy_loop`: begin with BOS, take the most
probable word each time, read it at the next step, stop at EOS or after `longest` words. Return a list of ids,
without BOS and EOS.
""",
    difficulty=2,
    minutes=10,
    solution=greedy_loop,
    cases=(
        Case("a source of four words", lambda: (Copier(), torch.tensor([[5, 6, 7, 4]]))),
        Case("a source of one word", lambda: (Copier(), torch.tensor([[8]]))),
        Case("a source of five words and longest=3", lambda: (Copier(), torch.tensor([[5, 4, 6, 8, 7]]), 3)),
    ),
    hints=(
        "Three things change from step to step: the token that is read, the state, and the list of words.",
        "`logits.argmax(dim=-1)` is the next token in just the shape that `step` wants to read.",
        "Look whether the new token is EOS *before* you append it, and leave the loop with `break`.",
    ),
    wrong=(
        Wrong(
            _keeps_eos, "EOS is in your list: it ends the sentence and is no word of it, so stop before you append it"
        ),
        Wrong(_never_stops, "your loop goes on after EOS; what a model writes behind the end means nothing"),
        Wrong(_always_bos, "the model reads BOS at every step; from the second step on it must read its own last word"),
        Wrong(_forgets_state, "each step starts from the first state; keep the state that `step` returns"),
    ),
)

EXERCISES = (SHIFT, MASKED_LOSS, GREEDY, search_03.BEAM, bleu_03.BLEU, search_03.LAG)
