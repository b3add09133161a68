"""What pretraining is worth to a reader: two tasks with few labels, from frozen states and by tuning everything.

"kinds": the sentence has one noun; is it a human, an animal, a thing, a text, food or a place? One label a sentence;
half of the nouns stand in the labelled sentences, the other half in those of the test, so that no noun is learned by
heart. "tags": part of speech and kind of name, one label a word, in sentences that hold a word which can be either
(*orange*, *light*, *square*, *florence*, *victoria*); these words alone count.
Both twins get the same head on the same states: the last word's and the mean, or each word's own.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.data import lab
from utils.data.batches import BucketedBatches, pad
from utils.data.lab import lexicon
from utils.experiments.lab_pretraining_twins import MERGED, Text, Words, merged
from utils.models.one_block import OneBlock
from utils.models.padding import last_real, masked_mean, row_at
from utils.training.losses import cross_entropy
from utils.training.optimizers import minimise
from utils.training.schedules import schedule, warmup_linear
from utils.training.trainer import Plan, fit

TASKS = ("kinds", "tags")
KINDS = ("human", "animal", "thing", "text", "food", "place")
AMBIGUOUS = ("orange", "light", "square", "florence", "victoria")
NONE = -1  # where no label is asked for

Labelled = tuple[list[int], list[int]]


@dataclass(frozen=True)
class Task:
    """Token ids and labels, of the text (one) or of its tokens (as many as tokens), and what counts in the test."""

    name: str
    train: list[Labelled]
    test: list[Labelled]
    classes: int
    commonest: float

    @property
    def of_words(self) -> bool:
        """Whether every token has a label of its own."""
        return self.name == "tags"


def task(name: str, text: Text, labels: int, seed: int = 0, tests: int = 600) -> Task:
    """A task with so many labelled texts; no test text is among those, nor was it read in pretraining."""
    if name not in TASKS:
        raise ValueError(f"task {name!r} is unknown; it must be one of {', '.join(TASKS)}")
    return _kinds(text, labels, seed, tests) if name == "kinds" else _tags(text, labels, seed, tests)


def _kinds(text: Text, labels: int, seed: int, tests: int) -> Task:
    train, test = (_about(n, seed, part) for n, part in ((labels, "train"), (tests, "test")))
    one, other = ([(text.encode(words), [KINDS.index(kind)]) for words, kind in part] for part in (train, test))
    return Task("kinds", one, other, len(KINDS), 1 / len(KINDS))


def _about(count: int, seed: int, part: str) -> list[tuple[Words, str]]:
    """Sentences with one noun and its kind, as many of each kind; the two parts share no noun."""
    nouns: dict[str, str] = {}
    for kind in KINDS:
        mine = [noun for noun in lexicon.nouns_of((kind,)) if noun.english[0] not in MERGED]
        random.Random(f"{seed}/{kind}").shuffle(mine)
        half = mine[: len(mine) // 2] if part == "train" else mine[len(mine) // 2 :]
        nouns |= {word: kind for noun in half for word in noun.english}
    found: dict[str, list[Words]] = {kind: [] for kind in KINDS}
    for one in lab.sentences(40 * count + 1000, seed + 2000, (3, 14), part=part):
        named = [word for word, tag in zip(one.english, one.tags, strict=True) if tag == "NOUN"]
        if len(named) == 1 and named[0] in nouns:
            found[nouns[named[0]]].append(one.english)
    each = -(-count // len(KINDS))
    if (short := min(map(len, found.values()))) < each:
        raise ValueError(f"only {short} sentences of the rarest kind, not {each}: ask for fewer than {count}")
    return [(words, kind) for kind in KINDS for words in found[kind][:each]]


def _tags(text: Text, labels: int, seed: int, tests: int) -> Task:
    parts = [_either(count, seed, part) for count, part in ((labels, "train"), (tests, "test"))]
    kinds = sorted({kind for part in parts for _, labelled in part for kind in labelled})
    train, test = (
        [(text.encode(words), [NONE, *map(kinds.index, found), NONE]) for words, found in part] for part in parts
    )
    seen: dict[str, Counter[str]] = {word: Counter() for word in AMBIGUOUS}
    for words, found in parts[0]:
        for word, kind in zip(words, found, strict=True):
            if word in seen:
                seen[word][kind] += 1
    guess = {word: counts.most_common(1)[0][0] if counts else "" for word, counts in seen.items()}
    asked = [guess[word] == kind for w, found in parts[1] for word, kind in zip(w, found, strict=True) if word in guess]
    counting = [(ids, _only(text, ids, labelled)) for ids, labelled in test]
    return Task("tags", train, counting, len(kinds), sum(asked) / len(asked))


def _either(count: int, seed: int, part: str) -> list[tuple[Words, list[str]]]:
    """Sentences with an ambiguous word, and the kind of every word: its tag, or PER or LOC for a name."""
    found = []
    for one in lab.sentences(12 * count, seed + 2000, (3, 14), part=part):
        if any(word in AMBIGUOUS for word in one.english):
            kinds = [entity[2:] or tag for entity, tag in zip(one.entities, one.tags, strict=True)]
            found.append((merged(one.english), kinds))
    return found[:count]


def _only(text: Text, ids: list[int], labels: list[int]) -> list[int]:
    """The labels of the ambiguous words alone."""
    return [one if text.words.words[i] in AMBIGUOUS else NONE for i, one in zip(ids, labels, strict=True)]


def features(model: OneBlock, tokens: Tensor, of_words: bool) -> Tensor:
    """What a head reads: each token's state (B, T, D), or the last word's beside the mean of all, (B, 2D)."""
    states = model.states(tokens)
    if of_words:
        return states
    real = tokens != model.config.pad
    return torch.cat([row_at(states, last_real(real) - 1), masked_mean(states, real)], dim=-1)  # EOS stands last


class Reader(nn.Module):
    """A twin with a linear head on top."""

    def __init__(self, model: OneBlock, task: Task):
        super().__init__()
        self.model, self.of_words = model, task.of_words
        self.head = nn.Linear(model.config.width * (1 if task.of_words else 2), task.classes)

    def forward(self, tokens: Tensor) -> Tensor:
        """tokens (B, T) -> logits (B, T, C) or (B, 1, C)."""
        logits: Tensor = self.head(features(self.model, tokens, self.of_words))
        return logits if self.of_words else logits[:, None]


def _loss(model: Any, batch: tuple[Tensor, ...]) -> tuple[Tensor, int]:
    tokens, labels = batch[0], batch[1] - 1  # padded with 0, so that labels stand one higher
    asked = labels != NONE
    return cross_entropy(model(tokens), labels, asked), int(asked.sum())


@torch.no_grad()
def accuracy(model: nn.Module, examples: list[Labelled]) -> float:
    """The share of the labels that are asked for and told right."""
    model.eval()
    tokens, labels = pad([ids for ids, _ in examples]), pad([found for _, found in examples], NONE)
    asked = labels != NONE
    return float((model(tokens).argmax(dim=-1) == labels)[asked].float().mean())


def tuned(model: OneBlock, task: Task, seed: int, steps: int = 150, rate: float = 1e-3) -> float:
    """Train the head and everything below it on the labelled texts: accuracy on the test texts."""
    torch.manual_seed(seed)
    reader = Reader(model, task)
    shifted = [(ids, [label + 1 for label in found]) for ids, found in task.train]
    batches = BucketedBatches(shifted, 32, seed)
    optimizer = torch.optim.AdamW(reader.parameters(), lr=rate)
    rates = schedule(optimizer, warmup_linear(steps // 10, steps))
    plan = Plan(epochs=-(-steps // len(batches)), steps=steps, device="cpu")
    for _ in fit(reader, _loss, batches, optimizer, plan, scheduler=rates):
        pass
    return accuracy(reader, task.test)


def frozen(model: OneBlock, task: Task, decay: float = 1e-2) -> float:
    """Fit the head alone, by logistic regression on standardised states: accuracy on the test texts."""
    model.eval()
    (x, y), (test, truth) = (_flat(model, part, task.of_words) for part in (task.train, task.test))
    mean, spread = x.mean(dim=0), x.std(dim=0) + 1e-3
    weights = torch.zeros(x.shape[1] + 1, task.classes, requires_grad=True)

    def logits(states: Tensor) -> Tensor:
        return F.pad((states - mean) / spread, (0, 1), value=1.0) @ weights

    def loss() -> Tensor:
        return F.cross_entropy(logits(x), y) + decay * weights[:-1].square().sum() / 2

    minimise([weights], loss, steps=60)
    return float((logits(test).argmax(dim=-1) == truth).float().mean())


@torch.no_grad()
def _flat(model: OneBlock, examples: list[Labelled], of_words: bool) -> tuple[Tensor, Tensor]:
    """The states that have a label (N, D), and the labels (N,)."""
    found = features(model, pad([ids for ids, _ in examples]), of_words)
    labels = pad([labels for _, labels in examples], NONE)
    asked = labels != NONE
    return (found if of_words else found[:, None])[asked], labels[asked]
