"""Language models on the lab's English: n-grams and the three recurrent cells, by perplexity on other sentences.

python -m utils.experiments lab_language_model/cells
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils import metrics
from utils.data import lab
from utils.data.batches import BucketedBatches, pad
from utils.data.tokens import PAD, Vocabulary
from utils.experiments.run import Run
from utils.models.ngram import NGram
from utils.models.rnn_heads import LanguageModel, RecurrentConfig
from utils.training.losses import next_token_loss, previous_words
from utils.training.schedules import schedule, warmup_linear
from utils.training.trainer import Plan, Step, fit

CHAPTERS = {"cells": "01"}
Words = tuple[str, ...]
END = "<eos>"


@dataclass(frozen=True)
class Settings:
    """One training: sentences of `words` words, `steps` batches of `batch`."""

    sentences: int = 8_000
    tests: int = 1_000
    words: tuple[int, int] = (3, 25)
    embedding: int = 48
    hidden: int = 96
    steps: int = 500
    batch: int = 64
    rate: float = 6e-3
    warmup: int = 30


@dataclass(frozen=True)
class Data:
    """Sentences to learn from and others to test with, and the words of the first."""

    train: list[Words]
    test: list[Words]
    words: Vocabulary

    @property
    def kinds(self) -> int:
        """Between how many tokens a model has to choose: the words, UNK and the end."""
        return len(self.words) - 2


def prepare(settings: Settings, seed: int = 0) -> Data:
    """Draw the sentences of a seed; no sentence is in both parts."""
    train, test = (
        [sentence.english for sentence in lab.sentences(count, seed, settings.words, part=part)]
        for count, part in ((settings.sentences, "train"), (settings.tests, "test"))
    )
    return Data(train, test, Vocabulary.from_texts(train))


class Sentences(BucketedBatches):
    """Sentences as a language model reads them: the word before each word, and the word; EOS is the last."""

    def epoch(self, number: int, skip: int = 0) -> Iterator[tuple[Tensor, ...]]:
        """The batches of an epoch, from batch `skip` on."""
        for (target,) in super().epoch(number, skip):
            yield previous_words(target), target


def build(cell: str, settings: Settings, data: Data) -> LanguageModel:
    """An untrained language model over a cell."""
    return LanguageModel(
        RecurrentConfig(len(data.words), cell=cell, embedding=settings.embedding, hidden=settings.hidden)
    )


def train(model: LanguageModel, data: Data, settings: Settings, seed: int = 0) -> Iterator[Step]:
    """Train on the CPU also where a GPU is, so that verdicts do not depend on the machine."""
    batches = Sentences([(data.words.encode(sentence),) for sentence in data.train], settings.batch, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.rate)
    rates = schedule(optimizer, warmup_linear(settings.warmup, settings.steps))
    plan = Plan(epochs=-(-settings.steps // len(batches)), steps=settings.steps, device="cpu")
    return fit(model, next_token_loss, batches, optimizer, plan, scheduler=rates)


@torch.no_grad()
def nats(model: nn.Module, words: Vocabulary, sentences: Sequence[Words]) -> list[float]:
    """-log p of every word and every end of these sentences, given the words before it."""
    model.eval()
    target = pad([words.encode(sentence) for sentence in sentences])
    logits = model(previous_words(target))
    every = F.cross_entropy(logits.transpose(1, 2), target, reduction="none")
    return [float(value) for value in every[target != PAD]]


def n_gram(order: int, data: Data) -> NGram:
    """An n-gram of the training sentences; the end of a sentence is a word of its own."""
    return NGram(order, data.kinds).fit([(*sentence, END) for sentence in data.train])


def n_gram_nats(model: NGram, sentences: Sequence[Words]) -> list[float]:
    """-log p of every word and every end of these sentences."""
    return [value for sentence in sentences for value in model.nats((*sentence, END))]


@dataclass(frozen=True)
class Sweep:
    """The settings, the orders of the n-grams, the cells, and the seeds."""

    base: Settings = field(default_factory=Settings)
    orders: tuple[int, ...] = (1, 2, 3, 4, 5)
    cells: tuple[str, ...] = ("RNN", "LSTM", "GRU")
    seeds: tuple[int, ...] = (0, 1, 2)


def cells(run: Run) -> None:
    """Every n-gram and every cell on every seed: perplexity on the test sentences."""
    plan: Sweep = run.settings

    def rows_of(seed: int) -> dict[str, list[dict[str, Any]]]:
        data = prepare(plan.base, seed)
        found = {f"{n}-gram": n_gram_nats(n_gram(n, data), data.test) for n in plan.orders}
        for cell in plan.cells:
            torch.manual_seed(seed)
            model = build(cell, plan.base, data)
            for _ in train(model, data, plan.base, seed):
                pass
            found[cell] = nats(model, data.words, data.test)
        return {"perplexity": [{"model": n, "perplexity": round(metrics.perplexity(v), 3)} for n, v in found.items()]}

    run.over(plan.seeds, rows_of)
    run.found["sizes"] = asdict(plan.base)


EXPERIMENTS = {"cells": cells}
_TINY = Settings(sentences=200, tests=50, hidden=8, steps=3, warmup=1)
PRESETS = {"cells": {"smoke": Sweep(_TINY, (1, 2), ("RNN",), (0,)), "cpu": Sweep()}}
