"""What ULMFiT's language models read: general text, film reviews without labels, and questions.

Words are those of `utils.data.penn`, sentences end in EOS. A word of the target text that stands in it at least
`target_count` times has its place in the vocabulary; the rest of the places go to the commonest words of the general
text. Labels, dev and test sentences have no part in this.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from utils.data import penn, sources
from utils.data.tokens import SPECIALS, Vocabulary
from utils.experiments import real_text, sentiment

Words = list[str]


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
