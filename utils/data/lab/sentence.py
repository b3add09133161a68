"""Sentences of the lab language in three languages, with gold alignments, tags and entities."""

import random
import zlib
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from utils.data.lab import lexicon as lex
from utils.data.lab.drawing import draw, seeded
from utils.data.lab.grammar import clause
from utils.data.lab.morphology import VOWELS
from utils.data.lab.phrases import Chunk, Phrase, connector
from utils.data.lab.plans import LONGEST, SHORTEST

LANGUAGES = ("english", "french", "urdu")
LONGEST_SENTENCE = 80
TEST_SHARE = 5  # one sentence in five belongs to the test part

Pair = tuple[tuple[str, ...], tuple[str, ...]]


class Alignment(NamedTuple):
    """Pairs (English position, position in the other language); `sure` is a subset of `possible`.

    A word that stands in no pair has no partner (NULL). The two kinds are those of Och and Ney (2003), "A systematic
    comparison of various statistical alignment models", on which the alignment error rate rests.
    """

    sure: frozenset[tuple[int, int]]
    possible: frozenset[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Sentence:
    """One meaning in three languages; `tags` (universal parts of speech) and `entities` (BIO) belong to the English."""

    english: tuple[str, ...]
    french: tuple[str, ...]
    urdu: tuple[str, ...]
    tags: tuple[str, ...]
    entities: tuple[str, ...]
    chunks: tuple[Chunk, ...] = field(repr=False, compare=False)  # in English order
    french_order: tuple[int, ...] = field(repr=False, compare=False)  # of the chunks
    urdu_order: tuple[int, ...] = field(repr=False, compare=False)

    def side(self, language: str) -> tuple[str, ...]:
        """The words in one language."""
        return getattr(self, check_language(language))

    def alignment(self, language: str) -> Alignment:
        """The gold alignment of the English words with those of another language."""
        if check_language(language) == "english":
            raise ValueError("'english' is the language that the others are aligned with: ask for 'french' or 'urdu'")
        starts, at = [], 0
        for chunk in self.chunks:
            starts.append(at)
            at += len(chunk.english)
        sure: set[tuple[int, int]] = set()
        possible: set[tuple[int, int]] = set()
        j = 0
        for index in self.french_order if language == "french" else self.urdu_order:
            for cell in getattr(self.chunks[index], f"{language}_cells"):
                sure.update((starts[index] + i, j) for i in cell.sure)
                possible.update((starts[index] + i, j) for i in cell.possible)
                j += 1
        return Alignment(frozenset(sure), frozenset(sure | possible))


def check_language(language: str) -> str:
    """The language, or a ValueError that names those there are."""
    if language not in LANGUAGES:
        raise ValueError(f"unknown language {language!r}: the lab writes {', '.join(LANGUAGES)}")
    return language


def split(english: tuple[str, ...]) -> str:
    """The part, "train" or "test", to which an English sentence belongs for good, by a checksum of its words."""
    return "train" if zlib.crc32(" ".join(english).encode()) % TEST_SHARE else "test"


def sentences(
    count: int,
    seed: int = 0,
    words: tuple[int, int] = (3, 40),
    clauses: int | None = None,
    part: str | None = None,
) -> list[Sentence]:
    """Draw sentences whose English lengths are spread evenly over `words` (both ends included, within 3 to 80).

    `clauses` fixes the number of clauses that conjunctions join. `part` = "train" or "test" draws only sentences that
    `split` puts there: whatever the seeds, the two never share a sentence. The first n of more are the same n.
    """
    low, high = _lengths(words, clauses)
    rng = seeded("sentences", count, seed, part)
    found: list[Sentence] = []
    while len(found) < count:
        sentence = _sentence(rng, low + int(rng.random() * (high - low + 1)), clauses)
        if part is None or split(sentence.english) == part:
            found.append(sentence)
    return found


def parallel(
    language: str,
    train: int,
    test: int,
    seed: int = 0,
    words: tuple[int, int] = (3, 35),
    test_words: tuple[int, int] | None = None,
) -> tuple[list[Pair], list[Pair]]:
    """Pairs (English words, words of the other language) to train on and to test on, no English sentence in both."""
    if check_language(language) == "english":
        raise ValueError("'english' is the source language: ask for 'french' or 'urdu'")
    first = sentences(train, seed, words, part="train")
    second = sentences(test, seed, test_words or words, part="test")
    return [(s.english, s.side(language)) for s in first], [(s.english, s.side(language)) for s in second]


def _lengths(words: tuple[int, int], clauses: int | None) -> tuple[int, int]:
    """The lengths that are asked for and can be made, or a ValueError."""
    low, high = words
    if low > high:
        raise ValueError(f"words is {words}: the shortest length must not exceed the longest")
    if low < SHORTEST or high > LONGEST_SENTENCE:
        raise ValueError(f"words is {words}: the lab language has sentences of {SHORTEST} to {LONGEST_SENTENCE} words")
    if clauses is None:
        return low, high
    if clauses < 1:
        raise ValueError(f"clauses is {clauses}: a sentence has at least 1")
    least, most = clauses * (SHORTEST + 1) - 1, clauses * (LONGEST + 1) - 1
    if max(low, least) > min(high, most):
        raise ValueError(f"{clauses} clauses make {least} to {most} words, which words={words} leaves out")
    return max(low, least), min(high, most)


def _clause_lengths(rng: random.Random, words: int, clauses: int | None) -> list[int]:
    """Cut a sentence into clauses with one conjunction between two of them."""
    if clauses is None:
        fewest = -(-(words + 1) // (LONGEST + 1))
        clauses = max(fewest, (words + 1) // 10 + (1 if words > 6 and rng.random() < 0.5 else 0))
        clauses = min(clauses, (words + 1) // (SHORTEST + 1)) or 1
    rest, lengths = words - (clauses - 1), []
    for left in range(clauses - 1, -1, -1):
        low = max(SHORTEST, rest - left * LONGEST)
        high = min(LONGEST, rest - left * SHORTEST, max(low, 2 * rest // (left + 1) - SHORTEST))
        length = rest if left == 0 else low + int(rng.random() * (high - low + 1))
        lengths.append(length)
        rest -= length
    return lengths


def _sentence(rng: random.Random, words: int, clauses: int | None) -> Sentence:
    chunks: list[Chunk] = []
    french: list[int] = []
    urdu: list[int] = []
    before: Phrase | None = None
    for length in _clause_lengths(rng, words, clauses):
        parts, plan, before = clause(rng, length, before)
        if chunks:
            vowel = parts[0].french[0][0] in VOWELS
            french.append(len(chunks))
            urdu.append(len(chunks))
            chunks.append(connector(*draw(rng, lex.CONNECTORS), vowel))
        at = len(chunks)
        french += [at + i for i in plan.french]
        urdu += [at + i for i in plan.urdu]
        chunks += parts
    join = chain.from_iterable
    return Sentence(
        tuple(join([c.english for c in chunks])),
        tuple(join([chunks[i].french for i in french])),
        tuple(join([chunks[i].urdu for i in urdu])),
        tuple(join([c.tags for c in chunks])),
        tuple(join([c.entities for c in chunks])),
        tuple(chunks),
        tuple(french),
        tuple(urdu),
    )
