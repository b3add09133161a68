"""Where does a word stand? Kinds of places on a task that asks for a distance, and on texts longer than any before.

At every place the model has to name the letter that stood `back` places before. Letters are drawn evenly, so that
nothing but the distance helps. It learns on texts of `length` letters and is asked about later places too.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from utils.models.grouped_query import SmallConfig, SmallDecoder
from utils.models.places import LearnedPlaces, Places, RotaryPlaces, SinusoidPlaces
from utils.training.losses import cross_entropy

KINDS = ("none", "learned", "learned, begun anywhere", "sinusoids", "rotary")


@dataclass(frozen=True)
class PlaceSettings:
    """The task, the size of the model, and one training."""

    letters: int = 12
    back: int = 3
    length: int = 32
    longest: int = 128
    width: int = 48
    heads: int = 4
    layers: int = 1
    steps: int = 400
    batch: int = 32
    rate: float = 4e-3
    tests: int = 200


class WanderingPlaces(LearnedPlaces):
    """Learned places where each training text begins somewhere else, so that all of them are learned: a control."""

    def add(self, x: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D)."""
        if not self.training:
            return super().add(x)
        first = int(torch.randint(self.vectors.num_embeddings - x.shape[1] + 1, ()))
        return x + self.vectors.weight[first : first + x.shape[1]]


def places(kind: str, settings: PlaceSettings) -> Places:
    """Places of one of `KINDS`; of the learned ones there are as many as the longest test has."""
    if kind not in KINDS:
        raise ValueError(f"places {kind!r} are unknown; there are: {', '.join(map(repr, KINDS))}")
    if kind.startswith("learned"):
        return (WanderingPlaces if "anywhere" in kind else LearnedPlaces)(settings.longest, settings.width)
    if kind == "sinusoids":
        return SinusoidPlaces(scale=0.02 * 2**0.5)  # as long as words and learned places are at the start
    return RotaryPlaces() if kind == "rotary" else Places()


def texts(count: int, length: int, settings: PlaceSettings, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Letters (count, length), and the letter `back` places before each, with the first places' answers missing."""
    drawn = torch.randint(settings.letters, (count, length), generator=generator)
    return drawn, drawn[:, : -settings.back]  # answers to places back, back + 1, ...


def train(kind: str, settings: PlaceSettings, seed: int = 0) -> SmallDecoder:
    """One training; every kind meets the same texts, and all that the kinds share starts alike."""
    torch.manual_seed(seed)
    sizes = SmallConfig(
        settings.letters, settings.width, settings.layers, settings.heads, settings.heads, 4 * settings.width
    )
    model = SmallDecoder(sizes, Places())
    model.places = places(kind, settings)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.rate, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.rate, total_steps=settings.steps)
    for _ in range(settings.steps):
        letters, answers = texts(settings.batch, settings.length, settings, generator)
        logits = model(letters)[:, settings.back :]
        loss = cross_entropy(logits, answers, torch.ones_like(answers, dtype=torch.bool))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model.eval()


@torch.no_grad()
def right_by_place(model: SmallDecoder, settings: PlaceSettings, seed: int = 0) -> Tensor:
    """The share of letters named rightly at each place of the longest texts, from place back + 1 on: a vector."""
    generator = torch.Generator().manual_seed(10_000 + seed)
    letters, answers = texts(settings.tests, settings.longest, settings, generator)
    return (model(letters)[:, settings.back :].argmax(dim=-1) == answers).double().mean(dim=0)


def summary(right: Tensor, settings: PlaceSettings) -> dict[str, float]:
    """Shares right within the trained length, up to twice as far, and beyond that."""
    known, twice = settings.length - settings.back, 2 * settings.length - settings.back
    parts = {"trained places": right[:known], "up to twice": right[known:twice], "beyond": right[twice:]}
    return {name: round(float(part.mean()), 4) for name, part in parts.items()}
