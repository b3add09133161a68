"""Keys and values of the tokens that have been read, so that a step computes its own only.

B batch, D model width, H heads, L layers.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Past(NamedTuple):
    """One layer's keys and values, (B, H, room, D/H) each; those of the first `length` tokens are there."""

    keys: Tensor
    values: Tensor
    length: int

    def append(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Write those of the next tokens, (B, H, T, D/H), in place: all keys, all values so far."""
        end = self.length + key.shape[2]
        self.keys[:, :, self.length : end] = key
        self.values[:, :, self.length : end] = value
        return self.keys[:, :, :end], self.values[:, :, :end]


class Cache:
    """Keys and values of all layers, (L, 2, B, H, room, D/H), the first `filled` of them in use.

    The room doubles when it runs out: a step writes its own keys and values and copies none.
    """

    def __init__(self, stored: Tensor, filled: int):
        self.stored = stored
        self.filled = filled

    def layer(self, number: int, length: int) -> Past:
        """The part of one layer, to be written behind `length`."""
        return Past(self.stored[number, 0], self.stored[number, 1], length)

    def with_room(self, length: int, limit: int) -> Cache:
        """A cache of the first `length` tokens with room for one more, at most `limit` in all.

        It is this one, unless that is full or another branch has already gone on behind `length`.
        """
        room = self.stored.shape[4]
        if length < room and self.filled == length:
            self.filled += 1
            return self
        size = list(self.stored.shape)
        size[4] = room if length < room else min(2 * room, limit)
        stored = self.stored.new_empty(size)
        stored[:, :, :, :, :length] = self.stored[:, :, :, :, :length]
        return Cache(stored, length + 1)

    def select(self, index: Tensor) -> Cache:
        """Rows `index` (N,) of the batch, copied."""
        return Cache(self.stored.index_select(2, index), self.filled)
