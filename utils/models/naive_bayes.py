"""Multinomial naive Bayes over word n-grams: the baseline that every text classifier has to beat.

McCallum and Nigam 1998, "A Comparison of Event Models for Naive Bayes Text Classification"; with pairs of words as in
Wang and Manning 2012, "Baselines and Bigrams". A class is scored by the logarithm of its share, plus for each n-gram of
the text the logarithm of the n-gram's share within the class. Left out on purpose: selection and weighting of n-grams.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain

Words = Sequence[str]


class NaiveBayes:
    """Counts of n-grams of 1 to `order` words in each class, each count raised by `smoothing` (Laplace)."""

    def __init__(self, order: int = 1, smoothing: float = 1.0):
        if order < 1 or not smoothing > 0:
            raise ValueError(f"order {order} must be at least 1 and smoothing {smoothing} above 0")
        self.order, self.smoothing = order, smoothing

    def fit(self, texts: Sequence[Words], labels: Sequence[int]) -> NaiveBayes:
        """Count the n-grams of each class; ValueError unless there is one label for each of at least one text."""
        if len(texts) != len(labels) or not texts:
            raise ValueError(f"{len(texts)} texts for {len(labels)} labels: give one label for each text")
        self.counts: dict[int, Counter[Words]] = {label: Counter() for label in sorted(set(labels))}
        for text, label in zip(texts, labels, strict=True):
            self.counts[label].update(self.grams(text))
        self.known = frozenset(chain(*self.counts.values()))
        raised = self.smoothing * len(self.known)
        self.totals = {label: counts.total() + raised for label, counts in self.counts.items()}
        self.prior = {label: math.log(count / len(labels)) for label, count in Counter(labels).items()}
        return self

    def grams(self, text: Words) -> Iterator[Words]:
        """The n-grams of a text, as tuples of words."""
        if isinstance(text, str):
            raise ValueError(f"give a list of words, not the string {text!r}: perhaps {text.split()}")
        for n in range(1, self.order + 1):
            yield from zip(*(text[k:] for k in range(n)), strict=False)

    def scores(self, text: Words) -> dict[int, float]:
        """log p(class) + sum of log p(n-gram | class) in nats, for each class; n-grams never seen count nothing."""
        grams = [gram for gram in self.grams(text) if gram in self.known]
        return {
            label: self.prior[label]
            + sum(math.log((counts[gram] + self.smoothing) / self.totals[label]) for gram in grams)
            for label, counts in self.counts.items()
        }

    def predict(self, text: Words) -> int:
        """The class with the highest score, of equal ones the first."""
        scores = self.scores(text)
        return max(scores, key=scores.__getitem__)

    def parameters(self) -> int:
        """How many numbers have been estimated: one for each class and n-gram, one for each class."""
        return len(self.counts) * (len(self.known) + 1)
