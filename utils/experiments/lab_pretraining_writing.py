"""Texts written by both twins, judged by the lab's grammar.

The model of the next word writes as every GPT does. The model of hidden words was not made to write; here it gets a
fair chance: a text of masks, as long as a text to learn from, in which it draws one word after the other, in several
orders, and then draws each word anew in view of all others (Wang and Cho 2019, "BERT has a Mouth, and It Must Speak",
arXiv 1902.04094; surest first: Ghazvininejad et al. 2019, arXiv 1904.09324).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from utils.data.batches import pad
from utils.data.masking import SPECIAL_IDS
from utils.data.tokens import BOS, EOS, PAD
from utils.decoding import sample
from utils.experiments.lab_pretraining_grammar import grammatical
from utils.experiments.lab_pretraining_twins import Text, Words
from utils.models.one_block import OneBlock

ORDERS = ("left to right", "any order", "surest first")


def continued(model: OneBlock, text: Text, count: int, seed: int = 0) -> list[Words]:
    """Texts drawn word by word from their beginning, at temperature 1."""
    draw = torch.Generator().manual_seed(seed)
    rows = sample(model.eval(), torch.full((count, 1), BOS), 20, generator=draw)
    return [tuple(text.words.decode(row)) for row in rows.tolist()]


def filled_in(
    model: OneBlock, text: Text, count: int, order: str = "any order", rounds: int = 0, seed: int = 0
) -> list[Words]:
    """Texts of masks filled in word by word at temperature 1, then every word drawn anew `rounds` times."""
    if order not in ORDERS:
        raise ValueError(f"order {order!r} is unknown; it must be one of {', '.join(ORDERS)}")
    draw = torch.Generator().manual_seed(seed)
    chosen = torch.randint(len(text.train), (count,), generator=draw).tolist()
    lengths = torch.tensor([len(text.train[i]) for i in chosen])
    rows = pad([[BOS, *[text.mask] * n, EOS] for n in lengths.tolist()])
    for turn in range(rounds + 1):
        blank = rows == text.mask if turn == 0 else _inner(rows)
        for _ in range(int(lengths.max())):
            places = _next(model, text, rows, blank, order if turn == 0 else "any order", draw)
            rows = _drawn(model, text, rows, places, draw)
            blank = blank.scatter(1, places[:, None], False)
    return [tuple(text.words.decode(row)) for row in rows.tolist()]


def _inner(rows: Tensor) -> Tensor:
    """Where words stand: (B, T) bool."""
    return (rows != PAD) & (rows != BOS) & (rows != EOS)


@torch.no_grad()
def _next(model: OneBlock, text: Text, rows: Tensor, blank: Tensor, order: str, draw: torch.Generator) -> Tensor:
    """The place of each row (B,) that is filled next; 0, where BOS stands, in a row that is full."""
    width = rows.shape[1]
    if order == "left to right":
        score = torch.arange(width, 0, -1).expand(rows.shape).float()
    elif order == "any order":
        score = torch.rand(rows.shape, generator=draw)
    else:
        score = _words_only(model(rows), text).softmax(dim=-1).amax(dim=-1)
    return score.masked_fill(~blank, -1.0).argmax(dim=1) * blank.any(dim=1)


@torch.no_grad()
def _drawn(model: OneBlock, text: Text, rows: Tensor, places: Tensor, draw: torch.Generator) -> Tensor:
    """The rows with the word at `places` (B,) drawn anew; place 0 stays as it is."""
    index = torch.arange(len(rows)), places
    hidden = rows.clone()
    hidden[index] = text.mask
    words = torch.multinomial(_words_only(model(hidden)[index], text).softmax(dim=-1), 1, generator=draw)[:, 0]
    after = rows.clone()
    after[index] = words.where(places > 0, rows[:, 0])
    return after


def _words_only(logits: Tensor, text: Text) -> Tensor:
    """Logits (..., V) with -inf for what is no word."""
    logits = logits.clone()
    logits[..., [*SPECIAL_IDS, text.mask]] = -torch.inf
    return logits


def judged(written: Sequence[Words], text: Text) -> dict[str, float]:
    """Shares of these texts: right by the grammar, different, right and not among those read."""
    seen = set(text.train)
    right = [one for one in written if grammatical(one)]
    return {
        "right": len(right) / len(written),
        "different": len(set(written)) / len(written),
        "right and new": sum(one not in seen for one in right) / len(written),
        "words": sum(map(len, written)) / len(written),
    }


def every_way(models: dict[str, Any], text: Text, count: int, seed: int = 0) -> list[dict[str, Any]]:
    """A row for each way of writing: "GPT" continues, "BERT" fills in; and texts of the lab itself, as a check."""
    models["BERT"].eval()
    ways = {"GPT": ("word by word", continued(models["GPT"], text, count, seed))}
    rows = [{"model": name, "way": way} | judged(texts, text) for name, (way, texts) in ways.items()]
    for order, rounds in (*((order, 0) for order in ORDERS), ("any order", 10)):
        way = order + (f", then {rounds} rounds anew" if rounds else "")
        written = filled_in(models["BERT"], text, count, order, rounds, seed)
        rows.append({"model": "BERT", "way": way} | judged(written, text))
    return [*rows, {"model": "the lab itself", "way": "test texts"} | judged(text.test[:count], text)]
