"""Chapter 06's texts, and the two trainings on text without labels: general, then of the target task.

General text is half sentences of the lab, half remarks about its world; target text is reviews without their labels.
Both are read from a blank state, sentence by sentence. One vocabulary serves both, so that a word which only the
reviews hold keeps its random vector until the second training.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from utils import metrics
from utils.data import lab
from utils.data.tokens import BOS, Vocabulary
from utils.experiments.lab_language_model import Sentences, nats
from utils.models.awd_lstm import AWDLanguageModel, AWDLSTMConfig
from utils.training.finetune import discriminative_rates
from utils.training.losses import next_token_loss
from utils.training.optimizers import MuonAdamW, adamw
from utils.training.schedules import schedule, slanted_triangular, warmup_linear
from utils.training.trainer import Plan, Step, fit

Words = tuple[str, ...]
Review = tuple[Words, int]
WORDS = (3, 14)  # in a sentence of the general text
POOL = 5_000  # reviews from which labelled ones are drawn
HELD = 1_000  # sentences, remarks and reviews that nothing learns from


@dataclass(frozen=True)
class Settings:
    """Sizes of the texts and of the net, and the two trainings without labels."""

    general: int = 16_000
    target: int = 4_000
    embedding: int = 32
    hidden: int = 64
    layers: int = 2
    dropout: float = 0.1
    batch: int = 64
    steps: int = 1_000
    rate: float = 1.5e-2
    target_steps: int = 150
    target_rate: float = 4e-3


@dataclass(frozen=True)
class Texts:
    """What there is to read: general and target text, reviews with labels to draw from, and what is held out."""

    general: list[Words]
    tags: list[Words]
    target: list[Words]
    labelled: list[Review]
    dev: list[Review]
    test: list[Review]
    general_test: list[Words]
    tags_test: list[Words]
    words: Vocabulary

    def read(self, text: Words) -> list[int]:
        """Ids as the language model reads them: BOS, then the words; no EOS, which it only writes."""
        return [BOS, *self.words.encode(text)[:-1]]


def prepare(settings: Settings, seed: int = 0) -> Texts:
    """The texts of a seed. No review is in two of target, labelled, dev and test; no general sentence in both parts."""

    def general(part: str, count: int) -> tuple[list[Words], list[Words]]:
        said = lab.sentences(count // 2, seed, WORDS, part=part)
        meant = lab.remarks(count - count // 2, seed, part=part)
        return [s.english for s in said] + [r.words for r in meant], [s.tags for s in said] + [r.tags for r in meant]

    learned, tags = general("train", settings.general)
    held, held_tags = general("test", HELD)
    drawn = list(dict.fromkeys(lab.reviews(2 * (settings.target + POOL + 2 * HELD), seed)))  # each review once
    target, rest = [words for words, _ in drawn[: settings.target]], drawn[settings.target :]
    labelled, dev, test = rest[:POOL], rest[POOL : POOL + HELD], rest[POOL + HELD : POOL + 2 * HELD]
    words = Vocabulary.from_texts(learned + target)
    return Texts(learned, tags, target, labelled, dev, test, held, held_tags, words)


def config(settings: Settings, texts: Texts) -> AWDLSTMConfig:
    """The sizes of the net that reads these texts."""
    return AWDLSTMConfig(len(texts.words), settings.embedding, settings.hidden, settings.layers, settings.dropout)


def pretrain(texts: Texts, settings: Settings, seed: int = 0) -> Iterator[tuple[AWDLanguageModel, Step]]:
    """Train a language model on the general text: the model and what each step saw."""
    torch.manual_seed(seed)
    model = AWDLanguageModel(config(settings, texts))
    batches = Sentences([(texts.words.encode(text),) for text in texts.general], settings.batch, seed)
    optimizer = MuonAdamW(model, settings.rate, betas=(0.9, 0.99))
    rates = schedule(optimizer, warmup_linear(max(1, settings.steps // 20), settings.steps))
    plan = Plan(epochs=-(-settings.steps // len(batches)), steps=settings.steps, device="cpu")
    for step in fit(model, next_token_loss, batches, optimizer, plan, scheduler=rates):
        yield model, step


def tune(
    model: AWDLanguageModel, texts: Texts, settings: Settings, seed: int = 0, tricks: bool = True
) -> Iterator[Step]:
    """Go on with the target text, with the paper's rates: slower below, a slanted triangle over the steps.

    Without `tricks` all layers learn at the same rate, which stays.
    """
    batches = Sentences([(texts.words.encode(text),) for text in texts.target], settings.batch, seed)
    groups = discriminative_rates(model.groups(), settings.target_rate, 2.6 if tricks else 1.0)
    optimizer = adamw(groups, settings.target_rate)
    rates = schedule(optimizer, slanted_triangular(settings.target_steps)) if tricks else None
    plan = Plan(epochs=-(-settings.target_steps // len(batches)), steps=settings.target_steps, device="cpu")
    return fit(model, next_token_loss, batches, optimizer, plan, scheduler=rates)


@torch.no_grad()
def perplexity(model: nn.Module, texts: Texts, sentences: Sequence[Words]) -> float:
    """Of every word and every end of these sentences, given the words before it."""
    return metrics.perplexity(nats(model, texts.words, sentences))


@dataclass
class Learned:
    """Texts of a seed, and the language model behind the first and the second training without labels."""

    texts: Texts
    general: AWDLanguageModel
    target: AWDLanguageModel


def learn(settings: Settings, seed: int) -> Learned:
    """Both trainings without labels."""
    texts = prepare(settings, seed)
    for general, _ in pretrain(texts, settings, seed):  # noqa: B007
        pass
    target = copy.deepcopy(general)
    for _ in tune(target, texts, settings, seed):
        pass
    return Learned(texts, general, target)
