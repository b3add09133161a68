"""Exercises of chapter 02, four ways to be a sequence problem."""

from __future__ import annotations

import torch

from utils.teaching.exercises import counting_02, f1_02, naming_02, tagging_02
from utils.teaching.exercises.model import Case, Exercise, Wrong


def collate(sequences, pad=0):
    """Lists of ids of different lengths -> ids (B, longest), filled up on the right, and a mask, True at real ids."""
    longest = max(len(ids) for ids in sequences)
    rows = [list(ids) + [pad] * (longest - len(ids)) for ids in sequences]
    mask = [[place < len(ids) for place in range(longest)] for ids in sequences]
    return torch.tensor(rows), torch.tensor(mask)


def _mask_from_ids(sequences, pad=0):
    ids, _ = collate(sequences, pad)
    return ids, ids != pad


def _true_at_padding(sequences, pad=0):
    ids, mask = collate(sequences, pad)
    return ids, ~mask


def _filled_on_the_left(sequences, pad=0):
    longest = max(map(len, sequences))
    rows = [[pad] * (longest - len(ids)) + list(ids) for ids in sequences]
    mask = [[place >= longest - len(ids) for place in range(longest)] for ids in sequences]
    return torch.tensor(rows), torch.tensor(mask)


def _cut_off(sequences, pad=0):
    shortest = min(map(len, sequences))
    return collate([ids[:shortest] for ids in sequences], pad)


def _always_zero(sequences, pad=0):
    return collate(sequences)


def _numbers(sequences, pad=0):
    ids, mask = collate(sequences, pad)
    return ids, mask.long()


COLLATE = Exercise(
    id="2.2",
    title="A batch of unequal sentences",
    task="""
A batch is one tensor, but sentences differ in length. Write `collate`: it takes lists of ids and returns two tensors of
the same shape (B, longest). The first holds the ids, filled up with `pad` on the right. The second is a mask of `True`
and `False`: `True` where an id is real. `[[5, 6, 7], [8]]` becomes `[[5, 6, 7], [8, 0, 0]]` and
`[[True, True, True], [True, False, False]]`. Beware: a real id may be equal to `pad`.
""",
    difficulty=1,
    minutes=6,
    solution=collate,
    cases=(
        Case("three sentences of 4, 1 and 2 ids", lambda: ([[5, 6, 7, 4], [8], [9, 3]],)),
        Case("a sentence in which 0 is a real id", lambda: ([[0, 4, 0], [7, 0]],)),
        Case("pad=9", lambda: ([[2, 3], [4], [5, 6, 7]], 9)),
    ),
    hints=(
        "How many places does each row need, and how many of them does its sentence fill?",
        "`list(ids) + [pad] * (longest - len(ids))` is one row of the first tensor.",
        "The mask follows from the lengths, not from the ids: place k of a row is real if `k < len(ids)`.",
    ),
    wrong=(
        Wrong(
            _mask_from_ids,
            "your mask asks which ids differ from `pad`, so it hides a real id that happens to be equal to it;"
            " make it from the lengths",
        ),
        Wrong(_true_at_padding, "your mask is turned round: in this course True means that a place may be looked at"),
        Wrong(
            _filled_on_the_left, "you fill up on the left; here the padding stands on the right, after the last word"
        ),
        Wrong(_cut_off, "you cut every sentence to the shortest one: its words are lost, fill the others up instead"),
        Wrong(_always_zero, "`pad` has no effect: fill up with the id that the caller asks for"),
        Wrong(
            _numbers, "the mask holds numbers; make it of True and False, which cannot be mistaken for ids or weights"
        ),
    ),
    explanation="""
`torch.nn.utils.rnn.pad_sequence` fills up, and lengths make the mask in one line:
`torch.arange(longest) < torch.tensor(lengths)[:, None]`. In this course PAD is an id that no word has, so `ids != 0`
works too; labels and frames of sound have no such id.
""",
)


def last_states(states, lengths):
    """States (B, T, H) and the number of real words of each row (B,) -> the state after the last real word (B, H)."""
    return states[torch.arange(len(states)), lengths - 1]


def _at_the_end(states, lengths):
    return states[:, -1]


def _one_too_far(states, lengths):
    return states[torch.arange(len(states)), lengths.clamp(max=states.shape[1] - 1)]


def _every_pair(states, lengths):
    return states[:, lengths - 1]


def _mean_of_all(states, lengths):
    return states.mean(dim=1)


def _first(states, lengths):
    return states[:, 0]


def _some_states(*lengths):
    generator = torch.Generator().manual_seed(sum(lengths))
    return torch.randn(len(lengths), max(lengths) + 1, 3, generator=generator), torch.tensor(lengths)


LAST = Exercise(
    id="2.3",
    title="Read out at the last real word",
    task="""
For many to one a network reads the whole sentence and answers from the state *after its last real word*. In a batch the
shorter sentences go on with padding, and the network goes on computing states there. Write `last_states`: from the
states of all places (B, T, H) and the number of real words of each sentence (B,) take the right one of each row.
""",
    difficulty=2,
    minutes=6,
    solution=last_states,
    cases=(
        Case("sentences of 2, 5 and 1 words", lambda: _some_states(2, 5, 1)),
        Case("two sentences of equal length", lambda: _some_states(3, 3)),
    ),
    hints=(
        "Places count from 0. At which place stands the last word of a sentence of 4 words?",
        "You need one place in each row, and it differs from row to row: index the rows and the places together.",
        "`states[rows, places]` with two tensors of length B takes one state a row; `torch.arange(B)` gives the rows.",
    ),
    wrong=(
        Wrong(
            _at_the_end,
            "`states[:, -1]` is the state after the padding: the answer for a sentence depends on its neighbours",
        ),
        Wrong(
            _one_too_far, "places count from 0, so a sentence of 4 words ends at place 3; yours is the place after it"
        ),
        Wrong(
            _every_pair,
            "`states[:, ...]` takes those places from *every* row, so the shape is (B, B, H); index rows with places",
        ),
        Wrong(
            _mean_of_all, "that is the mean over all places, padding included; here the last real state is asked for"
        ),
        Wrong(_first, "that is the state after the first word; the network has not read the others yet"),
    ),
    explanation="""
With the wrong readout a classifier still learns something: the state of the last real word is carried on through the
padding and only fades. So its score looks merely a little low. The sign to look for: the answer for a sentence changes
when it is put beside a longer one.
""",
)

EXERCISES = (
    naming_02.SHAPES,
    COLLATE,
    LAST,
    counting_02.LOG_ODDS,
    tagging_02.BOTH_WAYS,
    tagging_02.SPANS,
    f1_02.F1,
    counting_02.GENE,
)
