"""Tagged real text for chapter 02: its parts, what a net reads of it, and the dumbest taggers.

Brown: Francis and Kucera 1979, with the twelve universal tags of Petrov et al. 2012. It is cut into blocks of a hundred
sentences in a row; of ten blocks the last is for testing and the one before for choosing: parts share few texts.
WNUT-17: Derczynski et al. 2017, "Results of the WNUT2017 Shared Task on Novel and Emerging Entity Recognition".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from utils import metrics
from utils.data import sources
from utils.data.tokens import Vocabulary
from utils.experiments.labelled import Tagged

Words = tuple[str, ...]
SUFFIXES = ("ing", "ed", "ly", "ion", "er", "est", "ity", "al", "ous", "able", "s")
BLOCK = 100  # sentences in a row that stay together


def brown() -> dict[str, list[Tagged]]:
    """Words and universal tags of train, dev and test."""
    parts: dict[str, list[Tagged]] = {"train": [], "dev": [], "test": []}
    for i, sentence in enumerate(sources.load("brown")):
        part = {8: "dev", 9: "test"}.get(i // BLOCK % 10, "train")
        parts[part].append(tuple(zip(*sentence, strict=True)))  # type: ignore[arg-type]
    return parts


def wnut17() -> dict[str, list[Tagged]]:
    """Words and BIO tags of train, dev and test, as they were published."""
    return {
        part: [tuple(zip(*sentence, strict=True)) for sentence in sources.load("wnut17", split=part)]  # type: ignore[misc]
        for part in ("train", "dev", "test")
    }


def signature(word: str) -> str:
    """What can be seen of a word without knowing it: kind of writing, and ending (after Petrov et al. 2006)."""
    for name, pattern in (
        ("link", r"https?:.*|www\..*"),
        ("name", "@.*"),
        ("topic", "#.*"),
        ("number", r"[\d.,:/$%-]+"),
    ):
        if re.fullmatch(pattern, word):
            return f"<{name}>"
    if not any(letter.isalpha() for letter in word):
        return "<sign>"
    case = "upper" if word.isupper() and len(word) > 1 else "capital" if word[0].isupper() else "lower"
    end = next((end for end in SUFFIXES if word.lower().endswith(end) and len(word) > len(end) + 2), "")
    return f"<{case}{' -' + end if end else ''}{' with digit' if any(map(str.isdigit, word)) else ''}>"


class Lexicon:
    """The words read at least `min_count` times, the signatures of all others, and the tags."""

    def __init__(self, train: Sequence[Tagged], min_count: int = 2):
        counts = Counter(word for words, _ in train for word in words)
        self.known = frozenset(word for word, count in counts.items() if count >= min_count)
        self.seen = frozenset(counts)
        self.words = Vocabulary(self.known | {signature(word) for word in counts} | {"<lower>"})
        self.tags = sorted({tag for _, tags in train for tag in tags})

    def read(self, words: Words) -> list[int]:
        """Ids of the words, without an end: one for each tag."""
        return self.words.encode([word if word in self.known else signature(word) for word in words])[:-1]

    def example(self, tagged: Tagged) -> tuple[list[int], list[int]]:
        """Ids of words and of tags; tags count from 1, since 0 is padding."""
        return self.read(tagged[0]), [self.tags.index(tag) + 1 for tag in tagged[1]]

    def write(self, found: Iterable[int]) -> Words:
        """Tags of their ids; what is no tag is the first."""
        return tuple(self.tags[max(0, int(i) - 1)] for i in found)


def known_entities(train: Sequence[Tagged]) -> Callable[[Words], Words]:
    """The dumbest finder of entities: the longest run of words that was an entity in training is one again."""
    kinds: dict[Words, Counter[str]] = {}
    for words, tags in train:
        for kind, begin, end in metrics.spans(tags):
            kinds.setdefault(words[begin:end], Counter())[kind] += 1
    longest = max(map(len, kinds), default=0)

    def find(words: Words) -> Words:
        tags, i = ["O"] * len(words), 0
        while i < len(words):
            size = next((n for n in range(min(longest, len(words) - i), 0, -1) if words[i : i + n] in kinds), 0)
            if size:
                kind = kinds[words[i : i + size]].most_common(1)[0][0]
                tags[i : i + size] = [f"B-{kind}", *[f"I-{kind}"] * (size - 1)]
            i += max(size, 1)
        return tuple(tags)

    return find


def capital_runs(train: Sequence[Tagged]) -> Callable[[Words], Words]:
    """No word known: a run of words with a capital, but for the first word, is an entity of the commonest kind."""
    kinds = Counter(kind for _, tags in train for kind, _, _ in metrics.spans(tags))
    kind = kinds.most_common(1)[0][0] if kinds else ""

    def find(words: Words) -> Words:
        tags, inside = [], False
        for place, word in enumerate(words):
            capital = bool(kind) and place > 0 and word[:1].isupper() and word[1:].islower()
            tags.append(f"{'I' if inside else 'B'}-{kind}" if capital else "O")
            inside = capital
        return tuple(tags)

    return find
