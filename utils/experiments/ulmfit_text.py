"""What ULMFiT's language models read: general text, film reviews without labels, and questions.

Words are those of `utils.data.penn`, sentences end in EOS. A word of the target text that stands in it at least
`target_count` times has its place in the vocabulary; the rest of the places go to the commonest words of the general
text. Labels, dev and test sentences have no part in this.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from utils import pretrained
from utils.data import penn, sources
from utils.data.tokens import SPECIALS, Vocabulary
from utils.experiments import real_text, sentiment

Words = list[str]
Example = tuple[Sequence[str], int]


def general(part: str, limit: int | None = None) -> list[Words]:
    """Sentences of Brown, news and state papers; `limit` keeps the first texts of a part."""
    texts = real_text.general(part)[:limit]
    return [penn.words(sentence) for text in texts for sentence in penn.sentences(text)]


def film_reviews(limit: int | None = None) -> list[Words]:
    """Target text: sentence_polarity without SST-2's dev and test sentences, and SST-2's training set; no labels."""
    snippets = [penn.words(text) for text, _ in sources.load("sentence_polarity")[:limit]]
    known = {real_text.overlap_key(" ".join(text)) for text in snippets}
    others = (again(words) for words, _ in sentiment.rows("train")[:limit])
    return [*snippets, *(text for text in others if real_text.overlap_key(" ".join(text)) not in known)]


def again(words: Iterable[str]) -> Words:
    """Words that were cut by others, cut in our manner: SST-2 has "and\\/or" for "and/or"."""
    return penn.words(" ".join(words))


def questions(split: str, limit: int | None = None) -> list[tuple[Words, str]]:
    """(words, one of six classes) of TREC's questions: train (5,452) or test (500)."""
    return [(penn.words(text), coarse) for text, coarse, _ in sources.load("qc", split=split)[:limit]]


def vocabulary(text: Iterable[Words], target: Iterable[Words], size: int, target_count: int) -> Vocabulary:
    """At most `size` words, the special ones among them: of the target text first, then of the general text."""
    counts = Counter(word for words in target for word in words)
    chosen = {word for word, count in counts.most_common() if count >= target_count}
    for word, _ in Counter(word for words in text for word in words).most_common():
        if len(chosen) >= size - len(SPECIALS):
            break
        chosen.add(word)
    return Vocabulary(sorted(chosen)[: size - len(SPECIALS)])


def stream(vocabulary: Vocabulary, sentences: Sequence[Words]) -> Tensor:
    """All sentences in their order as one text of ids (N,), an EOS behind each."""
    return torch.tensor([token for words in sentences for token in vocabulary.encode(words)])


@dataclass(frozen=True)
class Task:
    """Texts with their classes: to learn from, to choose by, to be scored on once, and how few of them are drawn."""

    name: str
    train: Sequence[Example]
    dev: Sequence[Example]
    test: Sequence[Example]
    few: Callable[[Sequence[Any], int | None, int], list[Any]]

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return 1 + max(label for _, label in self.train)


def sst2_task(limit: int | None = None) -> Task:
    """SST-2: film reviews, 1 for praise and 0 for blame."""
    train, dev, test = (
        [(again(words), label) for words, label in sentiment.rows(split)[:limit]] for split in ("train", "dev", "test")
    )
    return Task("sst2", train, dev, test, sentiment.few)


def question_task(limit: int | None = None, held: int = 500) -> Task:
    """TREC's questions by what is asked for; `held` of the training questions, drawn once, are dev."""
    rows = {split: questions(split) for split in ("train", "test")}
    kinds = sorted({kind for _, kind in rows["train"]})
    numbered = {split: [(words, kinds.index(kind)) for words, kind in some] for split, some in rows.items()}
    drawn = random.Random("questions").sample(numbered["train"], len(numbered["train"]))
    return Task("questions", drawn[held:][:limit], drawn[:held][:limit], numbered["test"][:limit], any_of)


def any_of(examples: Sequence[Any], count: int | None, seed: int = 0) -> list[Any]:
    """`count` examples drawn by a seed, whatever their classes; all if it is None."""
    drawn = random.Random(f"few labels {seed}").sample(list(examples), len(examples))
    return list(examples) if count is None else drawn[:count]


@torch.no_grad()
def perplexity(model: Any, tokens: Tensor, rows: int = 16, length: int = 64) -> float:
    """exp of the mean nats a word of a text (N,), read in `rows` long pieces with the state carried along."""
    model.eval()
    pieces = tokens[: len(tokens) // rows * rows].view(rows, -1).to(pretrained.device_of(model))
    state, total, count = None, 0.0, 0
    for begin in range(0, pieces.shape[1] - 1, length):
        window = pieces[:, begin : begin + length + 1]
        logits, state = model.unroll(window[:, :-1], state)
        total += float(F.cross_entropy(logits.transpose(1, 2), window[:, 1:], reduction="sum"))
        count += window[:, 1:].numel()
    return round(math.exp(total / count), 2)
