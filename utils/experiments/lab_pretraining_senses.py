"""Words with two senses: do the states at a pseudoword tell which of its two words stood there?

Gale, Church and Yarowsky 1992: two words made one token, so that the truth costs nothing. One centroid a sense, fitted
on half of the places, and the nearest one wins: no net is trained on the senses.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from utils.data import lab
from utils.data.batches import pad
from utils.experiments.lab_pretraining_twins import PSEUDOWORDS, Text, Words, merged
from utils.models.one_block import OneBlock


@dataclass(frozen=True)
class Places:
    """Texts that hold a pseudoword, where it stands in each, and which of its words it was: N texts, half each."""

    texts: list[Words]
    place: Tensor
    sense: Tensor


def places(each: int = 100, seed: int = 0, words: tuple[int, int] = (3, 14)) -> dict[str, Places]:
    """Pseudoword -> `each` test sentences for either of its words, taken in turn; only the singular is looked at."""
    pairs = {"|".join(forms[0]): forms[0] for forms in PSEUDOWORDS}
    drawn = [one.english for one in lab.sentences(320 * each, seed + 3000, words, part="test")]
    found = {}
    for name, pair in pairs.items():
        holding = [[(merged(w), w.index(word)) for w in drawn if word in w][:each] for word in pair]
        if (short := min(map(len, holding))) < each:
            raise ValueError(f"among {len(drawn)} sentences only {short} hold one of {pair}, not {each}: draw more")
        both = [one for pair in zip(*holding, strict=True) for one in pair]
        texts, at = [text for text, _ in both], torch.tensor([i for _, i in both])
        found[name] = Places(texts, at, torch.arange(len(both)) % 2)
    return found


@torch.no_grad()
def states(model: OneBlock, text: Text, where: Places) -> list[Tensor]:
    """The states (N, D) at the pseudoword: its embedding alone, with its position, and behind each layer."""
    model.eval()
    tokens = pad([text.encode(words) for words in where.texts])
    index = torch.arange(len(tokens)), where.place + 1  # BOS stands first
    static = model.encoder.embedding.words(tokens)[index]
    return [static, *(layer[index] for layer in model.by_layer(tokens))]


def nearest(states: Tensor, sense: Tensor) -> float:
    """Centroids of the first half of the places; the share of the second half that lies nearer to its own."""
    half = len(states) // 2
    centroids = torch.stack([states[:half][sense[:half] == s].mean(dim=0) for s in (0, 1)])
    found = torch.cdist(states[half:].double(), centroids.double()).round(decimals=6).argmin(dim=1)
    return float((found == sense[half:]).float().mean())


def by_layer(models: dict[str, OneBlock], text: Text, each: int = 100, seed: int = 0) -> list[dict[str, object]]:
    """Rows of shares right: model, pseudoword, layer ("embedding", "+ position", "layer 1" ...)."""
    rows: list[dict[str, object]] = []
    for word, where in places(each, seed).items():
        for name, model in models.items():
            for number, found in enumerate(states(model, text, where)):
                layer = ("embedding", "+ position")[number] if number < 2 else f"layer {number - 1}"
                rows.append({"model": name, "word": word, "layer": layer, "right": nearest(found, where.sense)})
    return rows
