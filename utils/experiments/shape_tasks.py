"""Tasks of the four shapes in the lab, and the nets that solve them: what comes in, what goes out, how it is trained.

One to many: a picture -> its caption. Many to one: a review -> its sentiment, a strand of DNA -> promoter or none.
Asynchronous many to many: a gene -> its protein, a number in words -> digits, a time in four words -> in two.
The synchronous ones are in `aligned_tasks`, the sweeps in `lab_shapes`.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from utils import metrics
from utils.data import lab
from utils.data.batches import pad
from utils.data.lab import dna, pictures
from utils.data.tokens import Vocabulary
from utils.decoding import greedy
from utils.experiments.labelled import class_loss, learn, predict
from utils.models.captions import Captioner
from utils.models.naive_bayes import NaiveBayes
from utils.models.rnn_heads import Classifier, RecurrentConfig
from utils.models.seq2seq import Seq2Seq, Seq2SeqConfig
from utils.training.losses import TranslationLoss

Words = tuple[str, ...]
Pair = tuple[Any, Any]


@dataclass(frozen=True)
class Size:
    """One training in the lab: examples, widths and steps."""

    train: int = 4_000
    test: int = 500
    embedding: int = 32
    hidden: int = 48
    steps: int = 250
    rate: float = 4e-3


CAPTIONS = Size(train=6_000, test=300, hidden=96, steps=2_000, rate=3e-3)
REVIEWS = Size(train=2_500, hidden=32, rate=5e-3)
PROMOTERS = Size(train=8_000, embedding=16, steps=500, rate=1e-2)
GENES = Size(train=8_000, test=300, hidden=128, steps=1_000)
NUMBERS = Size(train=9_000, test=500, hidden=96, steps=600, rate=5e-3)
CLOCK = Size(train=700, test=200, hidden=64, steps=400, rate=5e-3)


# One to many, and asynchronous many to many: an encoder-decoder writes.
def captions(size: Size, seed: int = 0) -> tuple[list[Pair], list[Pair]]:
    """Pictures of one or two shapes as 144 colour ids, row by row, and their captions."""
    return tuple(  # type: ignore[return-value]
        [(tuple(point for row in picture for point in row), words) for picture, words in drawn]
        for drawn in (
            pictures.pictures(n, seed, part, (1, 2)) for n, part in ((size.train, "train"), (size.test, "test"))
        )
    )


def genes(size: Size, seed: int = 0) -> tuple[list[Pair], list[Pair]]:
    """Strands of four to six codons, start and stop among them, and their proteins, letter by letter."""
    train, test = (dna.genes(n, seed, (4, 6), part) for n, part in ((size.train, "train"), (size.test, "test")))
    return train, test


def digits(size: Size, seed: int = 0) -> tuple[list[Pair], list[Pair]]:
    """Numbers in words, and as digits: four words such as "nine thousand sixty one" are four digits, or six, or ..."""
    spoken = [(words, number) for number, words in lab.spoken_numbers(size.train + size.test, seed)]
    seen = {words for words, _ in spoken[: size.train]}
    return spoken[: size.train], [pair for pair in spoken[size.train :] if pair[0] not in seen]


def clock(size: Size, seed: int = 0) -> tuple[list[Pair], list[Pair]]:
    """Four words in, two out: "quarter to six pm" -> "17 45"."""
    minutes = {lab.number_words(n)[0]: n for n in range(1, 21)} | {"quarter": 15}
    times: list[Pair] = [
        ((word, way, hour, half), _clock(minutes[word], way, k, half))
        for word in minutes
        for way in ("past", "to")
        for k, hour in enumerate(("twelve", *(lab.number_words(n)[0] for n in range(1, 12))))
        for half in ("am", "pm")
    ]
    random.Random(f"clock {seed}").shuffle(times)
    return times[: size.train], times[size.train : size.train + size.test]


def _clock(minute: int, way: str, hour: int, half: str) -> Words:
    moment = 60 * (hour + 12 * (half == "pm")) + (minute if way == "past" else -minute)
    return f"{moment // 60 % 24:02d}", f"{moment % 60:02d}"


WRITTEN: dict[str, tuple[str, Callable[..., tuple[list[Pair], list[Pair]]], Size]] = {
    "picture to caption": ("one to many", captions, CAPTIONS),
    "gene to protein": ("asynchronous", genes, GENES),
    "number in words to digits": ("asynchronous", digits, NUMBERS),
    "four words to two": ("asynchronous", clock, CLOCK),
}


@dataclass(frozen=True)
class Answerer:
    """A trained encoder-decoder with its vocabularies; a picture needs none."""

    model: Any
    source: Vocabulary | None
    target: Vocabulary

    def read(self, inputs: Sequence[Any]) -> list[Any]:
        """Words -> ids; the points of a picture are ids already."""
        return [list(one) if self.source is None else self.source.encode(one) for one in inputs]

    def write(self, inputs: Sequence[Any]) -> list[Words]:
        """The greedy outputs."""
        return [tuple(self.target.decode(row)) for row in greedy(self.model, pad(self.read(inputs)), 25).tolist()]


def train_writer(train: Sequence[Pair], size: Size, seed: int = 0) -> Answerer:
    """Train an encoder-decoder on (input, output words); what comes in is words, or the points of a picture."""
    seen = not isinstance(train[0][0][0], str)
    source = None if seen else Vocabulary.from_texts(words for words, _ in train)
    target = Vocabulary.from_texts(words for _, words in train)
    torch.manual_seed(seed)
    entries = len(pictures.COLOURS) if source is None else len(source)
    config = Seq2SeqConfig(entries, len(target), size.embedding, size.hidden)
    writer = Answerer(Captioner(config, pictures.SIZE) if seen else Seq2Seq(config), source, target)
    inputs = writer.read([one for one, _ in train])
    examples = [(ids, target.encode(words)) for ids, (_, words) in zip(inputs, train, strict=True)]
    learn(writer.model, TranslationLoss(), examples, size.steps, size.rate, seed=seed)
    return writer


def right(found: Sequence[Any], test: Sequence[Pair]) -> float:
    """Share of whole outputs that are right, in %."""
    return metrics.share([ours == gold for ours, (_, gold) in zip(found, test, strict=True)]).value


def commonest(train: Sequence[Pair], test: Sequence[Pair]) -> float:
    """The dumbest baseline: the commonest output of training, always, in %."""
    answer = Counter(output for _, output in train).most_common(1)[0][0]
    return right([answer] * len(test), test)


# Many to one.
def reviews(size: Size, seed: int = 0) -> tuple[list[Pair], list[Pair]]:
    """Reviews of the lab and their sentiment; none of the test was read."""
    drawn = lab.reviews(size.train + 2 * size.test, seed)
    seen = {words for words, _ in drawn[: size.train]}
    return drawn[: size.train], [row for row in drawn[size.train :] if row[0] not in seen][: size.test]


def promoters(size: Size, seed: int = 0) -> tuple[list[Pair], list[Pair]]:
    """Strands of fifty letters, and whether they hold a promoter."""
    train, test = (dna.promoters(n, seed, 50, part) for n, part in ((size.train, "train"), (size.test, "test")))
    return train, test


def sixes(strand: Sequence[str]) -> Words:
    """All runs of six letters: what a bag of words of a strand holds."""
    return tuple("".join(strand[i : i + 6]) for i in range(len(strand) - 5))


def train_classifier(
    train: Sequence[Pair], size: Size, seed: int = 0, cell: str = "LSTM", both: bool = False
) -> Callable[[Sequence[Words]], list[int]]:
    """Train a net on (words, label): the function that labels texts."""
    words = Vocabulary.from_texts(text for text, _ in train)
    torch.manual_seed(seed)
    model = Classifier(RecurrentConfig(len(words), 2, cell, size.embedding, size.hidden, bidirectional=both))
    examples = [(words.encode(text), [label]) for text, label in train]
    learn(model, class_loss, examples, size.steps, size.rate, seed=seed)
    return lambda texts: [int(label) for label in predict(model, [words.encode(text) for text in texts])]


def bag(train: Sequence[Pair], test: Sequence[Pair], see: Callable[[Any], Words] = tuple) -> float:
    """Naive Bayes on what `see` makes of a text, without any order: accuracy in %."""
    model = NaiveBayes().fit([see(text) for text, _ in train], [label for _, label in train])
    return right([model.predict(see(text)) for text, _ in test], test)


# Task: data, size, cell, both ways?, what the baseline sees, and its name.
LABELLED: dict[str, tuple[Any, Size, str, bool, Callable[[Any], Words], str]] = {
    "review to sentiment": (reviews, REVIEWS, "LSTM", False, tuple, "naive Bayes, words without order"),
    "strand to promoter": (promoters, PROMOTERS, "GRU", True, sixes, "naive Bayes, runs of six letters"),
}
