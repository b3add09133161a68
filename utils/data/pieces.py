"""Byte-pair encoding by hand: word pieces learned by joining the pair that stands side by side most often.

Gage 1994 joined bytes, to compress files; Sennrich, Haddow, Birch 2016 (arXiv 1508.07909, section 3.2, algorithm 1)
join letters within words, so that a model with few pieces can read every word. GPT-2 begins with the 256 bytes of
UTF-8 instead of letters (Radford et al. 2019, section 2.2): `as_bytes` makes letters of them. Left out on purpose:
speed (all pairs are counted anew for each merge), ids, and splitting off punctuation; `utils.data.tokens.WordPieces`
has all that from the library `tokenizers`.

A word begins with SPACE, the sign for the space before it, so that pieces put side by side give the text back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

SPACE = "▁"

Pair = tuple[str, str]


@dataclass(frozen=True)
class Merge:
    """One merge: the pair that was joined, how often it stood side by side, and every word's pieces afterwards."""

    pair: Pair
    times: int
    words: dict[str, list[str]]


def words(text: str) -> list[str]:
    """The words of a text, each with the sign for its space: "low tide" -> ["▁low", "▁tide"]."""
    return [SPACE + word for word in text.split()]


def join(pieces: Sequence[str], pair: Pair) -> list[str]:
    """Pieces with every occurrence of the pair made one, from the left: (a b a b c), (a, b) -> (ab ab c)."""
    joined: list[str] = []
    k = 0
    while k < len(pieces):
        step = 2 if tuple(pieces[k : k + 2]) == pair else 1
        joined.append("".join(pieces[k : k + step]))
        k += step
    return joined


def merging(texts: Iterable[str]) -> Iterator[Merge]:
    """Join the most frequent pair, again and again, until every word is one piece.

    Among pairs of equal number the one made of the older pieces comes first; letters are old in the order of Unicode.
    """
    if isinstance(texts, str):
        raise ValueError(f"give a list of texts, not the string {texts[:20]!r}")
    numbers = Counter(word for text in texts for word in words(text))
    split_words = {word: list(word) for word in numbers}
    age = {letter: k for k, letter in enumerate(sorted({letter for word in numbers for letter in word}))}
    while True:
        pairs: Counter[Pair] = Counter()
        for word, pieces in split_words.items():
            for pair in pairwise(pieces):
                pairs[pair] += numbers[word]
        if not pairs:
            return
        best = min(pairs, key=lambda pair: (-pairs[pair], age[pair[0]], age[pair[1]]))
        split_words = {word: join(pieces, best) for word, pieces in split_words.items()}
        age.setdefault("".join(best), len(age))
        yield Merge(best, pairs[best], split_words)


def learn_merges(texts: Iterable[str], count: int) -> list[Pair]:
    """The first `count` merges that the texts teach, in order; fewer if every word becomes one piece before."""
    if count < 1:
        raise ValueError(f"{count} merges: learn at least 1")
    return [merge.pair for merge in islice(merging(texts), count)]


def encode(text: str, merges: Sequence[Pair]) -> list[str]:
    """Text -> pieces: within each word the merge learned first is done first. A word never seen is split further."""
    rank = {pair: k for k, pair in reversed([*enumerate(merges)])}
    pieces: list[str] = []
    for word in words(text):
        split = list(word)
        while known := [pair for pair in pairwise(split) if pair in rank]:
            split = join(split, min(known, key=lambda pair: rank[pair]))
        pieces += split
    return pieces


def decode(pieces: Iterable[str]) -> str:
    """Pieces -> text, with single spaces between the words."""
    return "".join(pieces).replace(SPACE, " ").removeprefix(" ")


def as_bytes(text: str) -> str:
    """A text written with 256 letters, one for each byte of its UTF-8: no text of any script has an unknown letter."""
    return text.encode().decode("latin-1")


def from_bytes(text: str) -> str:
    """The text that `as_bytes` wrote so; ``ValueError`` where the bytes make no text."""
    return text.encode("latin-1").decode()
