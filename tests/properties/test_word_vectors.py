"""Word vectors from counts, against counting by hand, the definition, and torch's exact decomposition."""

import math
import random

import pytest
import torch

from utils.models.word_vectors import factorise, neighbours, ppmi, word_vectors

TEXTS = [[1, 2, 3], [2, 1], [3, 3, 1]]


def counted(texts, size, window):
    table = torch.zeros(size, size)
    for text in texts:
        for i, a in enumerate(text):
            for j, b in enumerate(text):
                table[a, b] += 0 < abs(i - j) <= window
    return table


@pytest.mark.parametrize("window", [1, 2, 5])
def test_neighbours_are_counted_within_a_text_and_both_ways(window):
    assert torch.equal(neighbours(TEXTS, 5, window).to_dense(), counted(TEXTS, 5, window))


def test_ppmi_is_its_definition():
    counts = counted(TEXTS, 4, 2)
    found, total = ppmi(neighbours(TEXTS, 4, 2)).to_dense(), float(counts.sum())
    for a in range(4):
        for b in range(4):
            if counts[a, b]:
                chance = float(counts[a].sum() * counts[b].sum()) / total**2
                expected = max(0.0, math.log(float(counts[a, b]) / total / chance))
                assert found[a, b] == pytest.approx(expected, abs=1e-6)
            else:
                assert found[a, b] == 0


def test_the_projection_finds_the_largest_singular_values():
    generator = torch.Generator().manual_seed(1)
    half = torch.randn(60, 60, generator=generator) * torch.logspace(0, -2, 60)
    matrix = half @ half.T  # positive, so that U S U' is the matrix
    vectors = factorise(matrix.to_sparse_coo(), 10)
    u, s, v = torch.linalg.svd(matrix)
    best = u[:, :10] * s[:10] @ v[:10]
    assert torch.allclose(vectors @ vectors.T, best, atol=1e-3 * float(s[0]))


def test_words_used_alike_have_like_vectors():
    rng = random.Random(0)
    # 1 and 2 stand beside 10 to 14, 3 and 4 beside 20 to 24; 1 never stands beside 2, nor 3 beside 4.
    texts = [
        [rng.choice(words), rng.choice(partners), rng.choice(partners)]
        for _ in range(300)
        for words, partners in (((1, 2), range(10, 15)), ((3, 4), range(20, 25)))
    ]
    vectors = word_vectors(texts, 26, width=4, window=2)
    near = torch.cosine_similarity(vectors[1], vectors[2], dim=0)
    far = torch.cosine_similarity(vectors[1], vectors[3], dim=0)
    assert near > 0.9
    assert far.abs() < 0.3
    assert vectors[25].abs().max() < 1e-5, "a word that never occurs has no direction"
    assert torch.equal(vectors, word_vectors(texts, 26, width=4, window=2))


@pytest.mark.parametrize(
    ("texts", "size", "width", "window", "said"),
    [([[1, 2]], 3, 2, 0, "window 0"), ([[1], [2]], 3, 2, 1, "two words"), ([[1, 3]], 3, 2, 1, "size is 3"),
     ([[1, 2]], 3, 4, 1, "width 4")],
)  # fmt: skip
def test_what_cannot_be_counted_is_refused(texts, size, width, window, said):
    with pytest.raises(ValueError, match=said):
        word_vectors(texts, size, width, window)
