"""Masked language modelling: hide some words of a text, to be told from the others.

Devlin, Chang, Lee, Toutanova 2018, "BERT" (arXiv 1810.04805), section 3.1, task 1. Left out on purpose: hiding whole
words instead of pieces, and hiding each text in a few fixed ways only, which was to save time.

B batch, T length.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from utils.data.tokens import BOS, EOS, PAD, UNK

SPECIAL_IDS = (PAD, UNK, BOS, EOS)


def hide_words(
    tokens: Tensor,
    mask: int,
    vocabulary: int,
    share: float = 0.15,
    special: Sequence[int] = SPECIAL_IDS,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """What the model reads, and where it has to tell the true word: tokens (B, T) -> inputs (B, T), hidden (B, T) bool.

    Each word is hidden with probability `share`, a `special` one never. Of the hidden words 80 % become `mask`, 10 %
    another word of the `vocabulary`, drawn evenly, and 10 % stay: so that the model has to think about every word.
    """
    if not 0 < share < 1:
        raise ValueError(f"share {share} must lie between 0 and 1")
    if not 0 <= mask < vocabulary:
        raise ValueError(f"mask {mask} must be an id of the vocabulary, 0 to {vocabulary - 1}")
    reserved = torch.tensor([*special, mask], device=tokens.device)
    words = torch.arange(vocabulary, device=tokens.device)
    words = words[~torch.isin(words, reserved)]
    if len(words) == 0:
        raise ValueError(f"a vocabulary of {vocabulary} holds no word beside the special ones and the mask")
    chance, fate = torch.rand((2, *tokens.shape), generator=generator, device=tokens.device)
    drawn = torch.randint(len(words), tokens.shape, generator=generator, device=tokens.device)
    hidden = (chance < share) & ~torch.isin(tokens, reserved)
    inputs = tokens.where(~hidden | (fate >= 0.9), words[drawn])
    return inputs.masked_fill(hidden & (fate < 0.8), mask), hidden


class MaskedBatches:
    """Batches of texts with words hidden: (inputs, hidden, tokens), each (B, T); the texts are the first column given.

    What is hidden is a function of (seed, epoch, number of the batch): other words in each epoch, and the same ones in
    a run that is resumed.
    """

    def __init__(
        self,
        batches: Any,
        mask: int,
        vocabulary: int,
        share: float = 0.15,
        seed: int = 0,
    ):
        self.batches, self.mask, self.vocabulary = batches, mask, vocabulary
        self.share, self.seed = share, seed

    def __len__(self) -> int:
        """Batches in an epoch."""
        return len(self.batches)

    def epoch(self, number: int, skip: int = 0) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """The batches of an epoch, from batch `skip` on."""
        for index, (tokens, *_) in enumerate(self.batches.epoch(number, skip), start=skip):
            seed = random.Random(f"{self.seed}/{number}/{index}").getrandbits(63)
            generator = torch.Generator(tokens.device).manual_seed(seed)
            hidden = hide_words(tokens, self.mask, self.vocabulary, self.share, generator=generator)
            yield *hidden, tokens
