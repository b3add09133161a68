"""Batches of sequences of similar length, so that little of a batch is padding."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from utils.data.tokens import PAD

Example = Sequence[Sequence[Any]]


def pad(sequences: Sequence[Sequence[Any]], value: int = PAD) -> Tensor:
    """Lists of ids -> one tensor (B, longest), filled up with `value` on the right; frames -> (B, longest, bands)."""
    longest = max(map(len, sequences), default=0)
    if longest == 0:
        raise ValueError(f"{len(sequences)} sequences without a token: a batch holds at least one")
    return pad_sequence([torch.as_tensor(sequence) for sequence in sequences], batch_first=True, padding_value=value)


class BucketedBatches:
    """Batches of examples, each a tuple of id lists (source, target, ...), grouped by length.

    An epoch is a fixed function of (seed, epoch): examples are shuffled, sorted by length within pools of
    `pool` batches, cut into batches of `size` examples, and the batches are shuffled. So a run can be taken up
    again at any batch of any epoch.
    """

    def __init__(self, examples: Sequence[Example], size: int = 64, seed: int = 0, pool: int = 100):
        if size < 1 or pool < 1 or not examples:
            raise ValueError(f"{len(examples)} examples, batch size {size} and pool {pool} must all be at least 1")
        for i, example in enumerate(examples):
            if not all(map(len, example)):
                raise ValueError(f"example {i} has an empty sequence: give each at least one token")
        self.examples, self.size, self.seed, self.pool = examples, size, seed, pool

    def __len__(self) -> int:
        return -(-len(self.examples) // self.size)

    def order(self, epoch: int) -> list[list[int]]:
        """The indices of the examples in each batch of an epoch."""
        rng = random.Random(f"{self.seed}/{epoch}")
        indices = list(range(len(self.examples)))
        rng.shuffle(indices)
        batches = []
        for begin in range(0, len(indices), self.size * self.pool):
            pool = indices[begin : begin + self.size * self.pool]
            pool.sort(key=lambda i: tuple(map(len, self.examples[i])))
            batches += [pool[k : k + self.size] for k in range(0, len(pool), self.size)]
        rng.shuffle(batches)
        return batches

    def epoch(self, number: int, skip: int = 0) -> Iterator[tuple[Tensor, ...]]:
        """The batches of one epoch, padded, from batch `skip` on: tuples of tensors (B, longest)."""
        for batch in self.order(number)[skip:]:
            yield tuple(pad(column) for column in zip(*(self.examples[i] for i in batch), strict=True))

    def padding(self, epoch: int = 0) -> float:
        """The share of padding among the tokens of an epoch."""
        real = sum(len(sequence) for example in self.examples for sequence in example)
        total = sum(tensor.shape[0] * tensor.shape[1] for batch in self.epoch(epoch) for tensor in batch)
        return 1 - real / total
