"""Word vectors from counts: what stands near what, as the chance of it would not have it, in a few dimensions.

Levy and Goldberg 2014, "Neural Word Embedding as Implicit Matrix Factorization": word2vec's skip-gram (Mikolov et al.
2013, arXiv 1301.3781) factorises, without ever writing it down, a matrix of pointwise mutual information. Here it is
written down, with negative values set to 0 (PPMI), and factorised by a truncated singular value decomposition, found
by random projection (Halko, Martinsson, Tropp 2011, arXiv 0909.4061, algorithm 4.4). Left out on purpose: weights by
distance, smoothing of the contexts, subsampling of frequent words.

V vocabulary, D width of the vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import torch
from torch import Tensor


def neighbours(ids: Sequence[Sequence[int]], size: int, window: int = 5) -> Tensor:
    """How often two words stand at most `window` places apart in the same text: sparse, symmetric (V, V).

    ids: texts as lists of word ids, each below `size`.
    """
    if window < 1 or not any(len(text) > 1 for text in ids):
        raise ValueError(f"window {window} must be at least 1, and one text must have two words")
    words = torch.tensor(list(chain.from_iterable(ids)), dtype=torch.long)
    if int(words.min()) < 0 or int(words.max()) >= size:
        raise ValueError(f"ids run from {int(words.min())} to {int(words.max())}, but size is {size}")
    text = torch.repeat_interleave(torch.arange(len(ids)), torch.tensor([len(each) for each in ids]))
    pairs, counts = [], []
    for apart in range(1, min(window, len(words) - 1) + 1):
        same = text[:-apart] == text[apart:]
        codes = words[:-apart][same] * size + words[apart:][same]  # a pair as one number, which is fast to count
        found, times = codes.unique(return_counts=True)
        pairs.append(torch.stack([found // size, found % size]))
        counts.append(times.float())
    one_way = torch.sparse_coo_tensor(torch.cat(pairs, dim=1), torch.cat(counts), (size, size), check_invariants=True)
    return (one_way + one_way.T).coalesce()


def ppmi(counts: Tensor) -> Tensor:
    """max(0, log p(a, b) / (p(a) p(b))) of counts (V, V), sparse as they are: pairs never seen have 0."""
    of_word = counts.sum(dim=1).to_dense()
    (a, b), together = counts.indices(), counts.values()
    information = torch.log(together * of_word.sum() / (of_word[a] * of_word[b]))
    return torch.sparse_coo_tensor(counts.indices(), information.clamp(min=0), counts.shape, check_invariants=True)


def factorise(matrix: Tensor, width: int, seed: int = 0, rounds: int = 3) -> Tensor:
    """U sqrt(S) of the `width` largest singular values of a symmetric matrix (V, V): vectors (V, D).

    The product of the vectors comes near to the matrix wherever its large eigenvalues are positive.
    """
    size = matrix.shape[0]
    if not 1 <= width <= size:
        raise ValueError(f"width {width} must be between 1 and the {size} words")
    generator = torch.Generator().manual_seed(seed)
    spare = min(size, width + 20)  # a few directions more than asked for make those asked for exact
    basis, _ = torch.linalg.qr(matrix @ torch.randn(size, spare, generator=generator))
    for _ in range(rounds):
        basis, _ = torch.linalg.qr(matrix @ basis)
    small = (matrix @ basis).T  # (spare, V)
    u, s, _ = torch.linalg.svd(small, full_matrices=False)
    return basis @ u[:, :width] * s[:width].sqrt()  # (V, D)


def word_vectors(ids: Sequence[Sequence[int]], size: int, width: int = 64, window: int = 5) -> Tensor:
    """A vector for each of `size` words, learned from texts of word ids: (V, D); zeros for a word never seen."""
    return factorise(ppmi(neighbours(ids, size, window)), width)
