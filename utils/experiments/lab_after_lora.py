"""Tune the GPT to a new kind of text by few numbers: LoRA, beside full tuning and as few numbers elsewhere.

The model has read real English (`gpt/real_text`). The new text is the lab's: sentences of few words, without
capitals, that it has never seen. All ways begin with the same weights and read the same batches in the same order,
each at the rate that was best for it on a seed that is not reported.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from utils.data import lab
from utils.data.batches import pad
from utils.data.tokens import EOS
from utils.models.gpt import GPT
from utils.models.lora import with_lora
from utils.pretrained import Writer
from utils.training.losses import next_token_loss

FULL, LORA, SMALL = "everything", "LoRA", "biases and norms"
WAYS = (FULL, LORA, SMALL)


@dataclass(frozen=True)
class LoraSettings:
    """The new text, LoRA's rank and matrices, one training, and the rate of each way."""

    sentences: int = 400
    tests: int = 60
    words: tuple[int, int] = (8, 20)
    names: tuple[str, ...] = ("c_attn", "c_proj", "c_fc")
    rank: int = 4
    alpha: float = 16.0
    steps: int = 30
    batch: int = 12
    rates: dict[str, float] = field(default_factory=lambda: {FULL: 3e-3, LORA: 1e-2, SMALL: 3e-2})


@dataclass(frozen=True)
class NewText:
    """Sentences as pieces, each from an end of text to an end: to learn from, and to test with."""

    train: list[list[int]]
    test: list[list[int]]


def prepare(writer: Writer, settings: LoraSettings, seed: int = 0) -> NewText:
    """The sentences of a seed, in the pieces of the model."""
    parts = []
    for count, part in ((settings.sentences, "train"), (settings.tests, "test")):
        texts = [" ".join(one.english) for one in lab.sentences(count, seed, settings.words, part=part)]
        parts.append([[EOS, *writer.encode(text), EOS] for text in texts])
    return NewText(*parts)


def start(model: GPT, way: str, settings: LoraSettings, seed: int = 0) -> GPT:
    """A copy of the model in which only what the way trains can change."""
    torch.manual_seed(seed)
    if way == LORA:
        return with_lora(model, settings.names, settings.rank, settings.alpha)
    if way not in WAYS:
        raise ValueError(f"way {way!r} is unknown; there are: {', '.join(WAYS)}")
    model = copy.deepcopy(model)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(way == FULL or name.endswith("bias") or ".ln_" in name or "ln_f" in name)
    return model


def loss_of(model: nn.Module, rows: list[list[int]]) -> Tensor:
    """Nats a piece: every piece is told from those before it."""
    tokens = pad(rows)
    return next_token_loss(model, (tokens[:, :-1], tokens[:, 1:]))[0]


@torch.no_grad()
def test_loss(model: nn.Module, text: NewText) -> float:
    """Nats a piece on the test sentences."""
    return float(loss_of(model.eval(), text.test))


def train(model: GPT, text: NewText, rate: float, settings: LoraSettings, seed: int = 0) -> Iterator[float]:
    """Train in place what can change; yields the loss of every batch."""
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=rate, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=settings.steps)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(settings.steps):
        rows = torch.randint(len(text.train), (settings.batch,), generator=generator).tolist()
        loss = loss_of(model.train(), [text.train[row] for row in rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        yield float(loss.detach())
