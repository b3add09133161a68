"""The n-gram: how often did which token follow the last n - 1? The language model before neural ones, and the baseline.

Counting goes back to Shannon 1948, "A Mathematical Theory of Communication". What was never counted must not have
probability 0, so each order is mixed with the next lower one by the rule of Witten and Bell 1991 ("The zero-frequency
problem"), in the interpolated form of Chen and Goodman 1999 (equation 17). Nothing in it has to be tuned. Left out on
purpose: Kneser-Ney smoothing, which is a little better and takes longer to explain.

V vocabulary.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

Token = Hashable


class NGram:
    """Probabilities of the next token from the `order` - 1 tokens before it.

    A sequence begins with as many empty places as the longest context has; where it ends is up to the caller: put a
    sign for the end into the sequences to have it predicted.
    """

    def __init__(self, order: int, vocabulary: int):
        if order < 1 or vocabulary < 1:
            raise ValueError(f"order {order} and vocabulary {vocabulary} must be at least 1")
        self.order, self.vocabulary = order, vocabulary
        self.counts: list[dict[tuple[Token, ...], Counter[Token]]] = [{} for _ in range(order)]

    def fit(self, sequences: Iterable[Sequence[Token]]) -> NGram:
        """Count, for every length of context from 0 to `order` - 1, what followed it."""
        for sequence in sequences:
            padded = (*[None] * (self.order - 1), *sequence)
            for place in range(self.order - 1, len(padded)):
                for length, table in enumerate(self.counts):
                    table.setdefault(padded[place - length : place], Counter())[padded[place]] += 1
        return self

    def probability(self, token: Token, context: Sequence[Token] = ()) -> float:
        """p(token | context), of which the last `order` - 1 tokens count; a shorter context begins a sequence."""
        padded = (*[None] * (self.order - 1), *context)
        p = 1 / self.vocabulary
        for length, table in enumerate(self.counts):
            found = table.get(padded[len(padded) - length :])
            if found is None:
                break  # this context was never seen, and so no longer one either
            p = (found[token] + len(found) * p) / (found.total() + len(found))
        return p

    def nats(self, sequence: Sequence[Token]) -> list[float]:
        """-log p of each token of a sequence, given all before it."""
        keep = self.order - 1
        return [
            -math.log(self.probability(token, sequence[max(0, place - keep) : place]))
            for place, token in enumerate(sequence)
        ]
