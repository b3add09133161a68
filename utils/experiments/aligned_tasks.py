"""Synchronous many to many in the lab: tags for every word, and translation by a tagger, which cannot be right.

A sentence of the lab has a part of speech and an entity tag for each word; a few words need what follows them to be
tagged ("florence helps" is a person, "florence is a city" is none). A tagger that translates writes one word or nothing
for each word that it reads. `relation` says how the two sides of a sentence pair lie to each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from utils.data import lab
from utils.data.tokens import EOS, Vocabulary
from utils.experiments.labelled import commonest_tags, learn, predict, tag_counts, tag_loss
from utils.experiments.shape_tasks import Pair, Size, Words
from utils.models.rnn_heads import RecurrentConfig, Tagger

TAGS = Size(test=2_000, steps=500)
TRANSLATION = Size(train=8_000, test=800, embedding=64, hidden=96, steps=1_200)
RELATIONS = ("straight", "crossed", "shorter", "longer")


def labels(sentence: lab.Sentence) -> Words:
    """Part of speech and entity of each word, as one label: "PROPN/B-PER"."""
    return tuple(f"{tag}/{entity}" for tag, entity in zip(sentence.tags, sentence.entities, strict=True))


def tagged(size: Size, seed: int = 0) -> tuple[list[Pair], list[Pair]]:
    """Words and labels of sentences of 3 to 16 words; no sentence is in both parts."""
    return tuple(  # type: ignore[return-value]
        [(s.english, labels(s)) for s in lab.sentences(count, seed, (3, 16), part=part)]
        for count, part in ((size.train, "train"), (size.test, "test"))
    )


@dataclass(frozen=True)
class WordByWord:
    """A trained tagger: one output for each word, EOS standing for nothing."""

    model: Tagger
    source: Vocabulary
    target: Vocabulary

    def best(self, texts: Sequence[Words]) -> list[list[int]]:
        """The id of the best output for each word of each text."""
        return [row.tolist() for row in predict(self.model, [self.source.encode(words)[:-1] for words in texts])]

    def tag(self, texts: Sequence[Words]) -> list[Words]:
        """A label for every word."""
        return [tuple(self.target.words[i] for i in row) for row in self.best(texts)]

    def write(self, texts: Sequence[Words]) -> list[Words]:
        """The outputs up to the first that is nothing: a translation."""
        return [tuple(self.target.decode(row)) for row in self.best(texts)]


def train_tagger(train: Sequence[Pair], size: Size, seed: int = 0, both: bool = True) -> WordByWord:
    """Train a tagger on (words, outputs): outputs beyond the last word are cut off, missing ones are nothing (EOS)."""
    source, target = (Vocabulary.from_texts(pair[side] for pair in train) for side in (0, 1))
    torch.manual_seed(seed)
    sizes = RecurrentConfig(len(source), len(target), "LSTM", size.embedding, size.hidden, bidirectional=both)
    model, examples = Tagger(sizes), []
    for words, outputs in train:
        ids = target.encode(outputs)
        examples.append((source.encode(words)[:-1], [*ids, *[EOS] * len(words)][: len(words)]))
    learn(model, tag_loss, examples, size.steps, size.rate, seed=seed)
    return WordByWord(model, source, target)


def commonest_labels(train: Sequence[Pair], texts: Sequence[Words]) -> list[Words]:
    """What the dumbest tagger says of each text."""
    return list(map(commonest_tags(train), texts))


def left_open(train: Sequence[Pair]) -> set[tuple[str, str]]:
    """The pairs (word before, word) of training in which the word had more than one label; "" begins a sentence."""
    found: dict[tuple[str, str], set[str]] = {}
    for words, tags in train:
        for before, word, tag in zip(("", *words), words, tags, strict=False):
            found.setdefault((before, word), set()).add(tag)
    return {pair for pair, tags in found.items() if len(tags) > 1}


def tag_scores(found: Sequence[Words], train: Sequence[Pair], test: Sequence[Pair]) -> dict[str, Any]:
    """Accuracy in % on all words, on those with two labels in training, and on those that the word before leaves open.

    With how many words the second and the third are.
    """
    counts, still_open = tag_counts(train), left_open(train)
    rows = [
        (len(counts.get(word, ())) > 1, (before, word) in still_open, ours == gold)
        for tags, (words, right) in zip(found, test, strict=True)
        for before, word, ours, gold in zip(("", *words), words, tags, right, strict=False)
    ]
    several, undecided = ([row[2] for row in rows if row[k]] for k in (0, 1))
    return {
        "all words": _percent([row[2] for row in rows]),
        "words with two labels": _percent(several),
        "left open by the word before": _percent(undecided),
        "how many of these": f"{len(several)} and {len(undecided)}",
    }


def _percent(right: Sequence[bool]) -> float:
    return round(100 * sum(right) / max(1, len(right)), 2)


def relation(sentence: lab.Sentence) -> str:
    """How the French lies to the English: of equal length and "straight" or "crossed", or "shorter", or "longer"."""
    more = len(sentence.french) - len(sentence.english)
    if more:
        return "longer" if more > 0 else "shorter"
    return "straight" if all(i == j for i, j in sentence.alignment("french").sure) else "crossed"


def sentences(size: Size, seed: int = 0) -> tuple[list[lab.Sentence], list[lab.Sentence]]:
    """Sentences of 3 to 7 English words with their French."""
    return tuple(  # type: ignore[return-value]
        lab.sentences(count, seed, (3, 7), part=part) for count, part in ((size.train, "train"), (size.test, "test"))
    )


def pairs(some: Sequence[lab.Sentence]) -> list[Pair]:
    """English and French words."""
    return [(sentence.english, sentence.french) for sentence in some]


def by_relation(found: Sequence[Words], test: Sequence[lab.Sentence]) -> list[dict[str, Any]]:
    """Whole sentences right in %, for each relation of the two sides."""
    rows = []
    for name in RELATIONS:
        right = [ours == s.french for ours, s in zip(found, test, strict=True) if relation(s) == name]
        rows.append({"relation": name, "sentences": len(right), "right": round(100 * sum(right) / len(right), 1)})
    return rows
