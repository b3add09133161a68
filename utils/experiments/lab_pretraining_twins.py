"""BERT and GPT as twins: one block, one text, one start; the mask differs, and what is asked follows from it.

The text is the lab's sentences, one a line, without any label. In it pairs of words are merged into one token
("pseudowords": Gale, Church and Yarowsky 1992, "Work on statistical methods for word sense disambiguation"), so that
the truth about a word with two senses is known. Both twins read the same batches in the same order: the one tells the
next word at every place, the other a hidden word at 15 % of them (Devlin et al. 2018, section 3.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from utils.data import lab
from utils.data.batches import BucketedBatches, pad
from utils.data.masking import SPECIAL_IDS, MaskedBatches
from utils.data.tokens import BOS, Vocabulary
from utils.models.one_block import OneBlock
from utils.models.transformer import TransformerConfig
from utils.training.losses import cross_entropy, next_token_loss
from utils.training.schedules import schedule, warmup_linear
from utils.training.trainer import Plan, Step, fit

Words = tuple[str, ...]
MASK = "<mask>"
OBJECTIVES = ("next word", "hidden words")
PSEUDOWORDS = (  # singular and plural of two nouns that the lab uses differently
    (("horse", "bridge"), ("horses", "bridges")),
    (("bird", "shop"), ("birds", "shops")),
    (("nurse", "hat"), ("nurses", "hats")),
    (("letter", "forest"), ("letters", "forests")),
)
MERGED = {word: "|".join(pair) for forms in PSEUDOWORDS for pair in forms for word in pair}


@dataclass(frozen=True)
class Settings:
    """Sizes of the block, and one pretraining on `sentences` sentences of `words` words."""

    sentences: int = 25_000
    tests: int = 1_000
    words: tuple[int, int] = (3, 14)
    width: int = 64
    heads: int = 4
    layers: int = 3
    steps: int = 1_200
    batch: int = 64
    rate: float = 4e-3
    warmup: int = 60


@dataclass(frozen=True)
class Text:
    """Texts to learn from, others to test with, and the vocabulary of the first (with `MASK`)."""

    train: list[Words]
    test: list[Words]
    words: Vocabulary

    @property
    def mask(self) -> int:
        """The id that stands for a hidden word."""
        return self.words.words.index(MASK)

    def encode(self, text: Sequence[str]) -> list[int]:
        """BOS, the words, EOS: what both twins read."""
        return [BOS, *self.words.encode(text)]


def merged(words: Sequence[str]) -> Words:
    """A text in which each of the paired words stands as its pseudoword."""
    return tuple(MERGED.get(word, word) for word in words)


def prepare(settings: Settings, seed: int = 0) -> Text:
    """Draw the texts of a seed; no text to test with is among those to learn from."""
    train, test = (
        [merged(one.english) for one in lab.sentences(count, seed, settings.words, part=part)]
        for count, part in ((settings.sentences, "train"), (settings.tests, "test"))
    )
    seen = set(train)  # merging can make two sentences one
    test = [text for text in test if text not in seen]
    known = Vocabulary.from_texts(train)
    return Text(train, test, Vocabulary([MASK, *known.words[len(SPECIAL_IDS) :]]))


def build(settings: Settings, text: Text, causal: bool) -> OneBlock:
    """An untrained twin; after the same seed both have the same weights."""
    size, width = len(text.words), settings.width
    return OneBlock(TransformerConfig(size, size, width, settings.heads, settings.layers, 4 * width), causal)


def loss_of(objective: str) -> Any:
    """The loss of an objective on a batch of the twins."""
    if objective not in OBJECTIVES:
        raise ValueError(f"objective {objective!r} is unknown; it must be one of {', '.join(OBJECTIVES)}")
    return _next_word if objective == "next word" else _hidden_words


def _next_word(model: Any, batch: tuple[Tensor, ...]) -> tuple[Tensor, int]:
    """Batch (tokens,): the loss over all words and the end, each told from what the mask shows of the text."""
    (tokens,) = batch
    return next_token_loss(_Shifted(model), (tokens, tokens[:, 1:]))


@dataclass(frozen=True)
class _Shifted:
    """The whole text goes in, as it does for the other twin; the logits behind its last token answer nothing."""

    model: Any

    def __call__(self, tokens: Tensor) -> Tensor:
        """tokens (B, T) -> logits (B, T - 1, V)."""
        logits: Tensor = self.model(tokens)[:, :-1]
        return logits


def _hidden_words(model: Any, batch: tuple[Tensor, ...]) -> tuple[Tensor, int]:
    """Batch (inputs, hidden, tokens) of `MaskedBatches`: the loss over the hidden places."""
    inputs, hidden, tokens = batch
    return cross_entropy(model(inputs), tokens, hidden), int(hidden.sum())


def train(model: OneBlock, text: Text, objective: str, settings: Settings, seed: int = 0) -> Iterator[Step]:
    """Pretrain on the CPU also where a GPU is, so that verdicts do not depend on the machine.

    Whatever the objective and the mask: the same texts in the same batches, as many steps, the same rate.
    """
    plain = BucketedBatches([(text.encode(words),) for words in text.train], settings.batch, seed)
    batches: Any = plain
    if objective == "hidden words":
        batches = MaskedBatches(plain, text.mask, len(text.words), seed=seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.rate)
    rates = schedule(optimizer, warmup_linear(settings.warmup, settings.steps))
    plan = Plan(epochs=-(-settings.steps // len(plain)), steps=settings.steps, device="cpu")
    return fit(model, loss_of(objective), batches, optimizer, plan, scheduler=rates)


@dataclass(frozen=True)
class Blank:
    """A text with one word hidden: the word's place in it."""

    words: Words
    place: int


def blanks(texts: Sequence[Words], seed: int = 0) -> list[Blank]:
    """One hidden word in each text, drawn evenly over its places."""
    draw = torch.Generator().manual_seed(seed)
    return [Blank(words, int(torch.randint(len(words), (), generator=draw))) for words in texts]


@torch.no_grad()
def fill(model: OneBlock, text: Text, tasks: Sequence[Blank]) -> Tensor:
    """Log-probabilities (N, V) of the hidden word, by a model that was asked for hidden words."""
    model.eval()
    rows = pad([text.encode(one.words) for one in tasks])
    index = torch.arange(len(tasks)), torch.tensor([one.place + 1 for one in tasks])  # BOS stands first
    rows[index] = text.mask
    return model(rows)[index].log_softmax(dim=-1)


@torch.no_grad()
def next_word(model: OneBlock, text: Text, tasks: Sequence[Blank]) -> Tensor:
    """Log-probabilities (N, V) of the hidden word from the words before it alone, by a model of the next word."""
    model.eval()
    rows = pad([text.encode(one.words)[: one.place + 1] for one in tasks])
    index = torch.arange(len(tasks)), torch.tensor([one.place for one in tasks])
    return model(rows)[index].log_softmax(dim=-1)


@torch.no_grad()
def every_word(model: OneBlock, text: Text, tasks: Sequence[Blank]) -> Tensor:
    """Log-probabilities (N, V) of the hidden word, by trying every word in its place.

    A model of the next word knows how probable a whole text is, so it can compare the texts that the candidates make:
    one reading for each word of the vocabulary.
    """
    model.eval()
    found = []
    for one in tasks:
        rows = torch.tensor([text.encode(one.words)]).repeat(len(text.words), 1)
        rows[:, one.place + 1] = torch.arange(len(rows))
        steps = model(rows)[:, :-1].log_softmax(dim=-1)
        found.append(steps.gather(2, rows[:, 1:, None])[..., 0].sum(dim=1).log_softmax(dim=0))
    return torch.stack(found)


def right(scores: Tensor, text: Text, tasks: Sequence[Blank]) -> Tensor:
    """Whether the most probable word is the hidden one, (N,) bool."""
    true = torch.tensor([text.encode(one.words)[one.place + 1] for one in tasks])
    return scores.argmax(dim=-1) == true
