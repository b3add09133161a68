"""DNA: genes with their proteins by the real genetic code, and strands with and without a bacterial promoter.

A strand is the *coding* strand, written from its 5' end to its 3' end in the letters A, C, G, T; the messenger RNA that
a cell reads has the same letters, with U for T. The table is translation table 1 of the NCBI, the standard code
(Nirenberg and Khorana and others, 1961 to 1966). The promoter is that of the factor sigma 70 of Escherichia coli:
TTGACA about 35 letters and TATAAT (Pribnow 1975) about 10 letters before the place where copying into RNA begins, most
often 17 letters apart (Hawley and McClure 1983, Harley and Reynolds 1987).

Left out on purpose: introns, the strand on the other side, other codes (mitochondria), other start codons, and the real
frequencies of amino acids: the proteins here are drawn by chance, and none of them exists.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import product

from utils.data.lab.drawing import draw, seeded
from utils.data.lab.sentence import split

Letters = tuple[str, ...]

BASES = "TCAG"
START, STOP = "ATG", "*"
_AMINO_ACIDS = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
# Codon -> amino acid in one letter, * for the three codons that stop.
GENETIC_CODE: dict[str, str] = dict(zip(map("".join, product(BASES, repeat=3)), _AMINO_ACIDS, strict=True))
AMINO_ACIDS = "".join(sorted(set(_AMINO_ACIDS) - {STOP}))

MINUS_35, MINUS_10 = "TTGACA", "TATAAT"
SPACINGS = {15: 1, 16: 4, 17: 10, 18: 4, 19: 1}  # letters between the boxes, and how often
WRONG_SPACINGS = (*range(3, 11), *range(24, 29))
ENOUGH = 10  # of the twelve letters of the two boxes
SHORTEST_STRAND = 2 * 6 + max(WRONG_SPACINGS)


def codons(strand: Sequence[str], frame: int = 0) -> Iterator[str]:
    """The whole triplets of a strand from letter `frame` (0, 1 or 2) on."""
    if frame not in (0, 1, 2):
        raise ValueError(f"frame is {frame!r}: a strand is read in frame 0, 1 or 2")
    letters = "".join(strand)
    if wrong := sorted(set(letters) - set(BASES)):
        hint = "; RNA has U where DNA has T" if "U" in wrong else ""
        raise ValueError(f"{', '.join(map(repr, wrong))} in the strand: DNA has the letters A, C, G and T{hint}")
    return (letters[i : i + 3] for i in range(frame, len(letters) - 2, 3))


def translate(strand: Sequence[str], frame: int = 0) -> str:
    """The protein that a coding strand (5' to 3') spells in one reading frame, in one-letter amino acids.

    Reading begins at the first ATG of this frame, which gives M, and ends before the first stop codon of the frame, or
    with the last whole triplet where there is no stop. Without an ATG in the frame nothing is made: "".
    """
    protein: list[str] = []
    for codon in codons(strand, frame):
        if not protein and codon != START:
            continue
        if GENETIC_CODE[codon] == STOP:
            break
        protein.append(GENETIC_CODE[codon])
    return "".join(protein)


def reading_frame(strand: Sequence[str]) -> int:
    """The frame (0, 1 or 2) of the first ATG anywhere.

    So a ribosome finds it that scans from the 5' end (Kozak 1978, for cells with a nucleus; bacteria have a signal
    before the start instead).
    """
    place = "".join(strand).find(START)
    if place < 0:
        raise ValueError(f"no {START} in the strand of {len(strand)} letters: nothing says where to begin")
    return place % 3


@cache
def synonyms(amino_acid: str) -> tuple[str, ...]:
    """The codons of an amino acid (one letter), or of the stop (*)."""
    found = tuple(codon for codon, letter in GENETIC_CODE.items() if letter == amino_acid)
    if not found:
        raise ValueError(
            f"{amino_acid!r} is no amino acid: there are {', '.join(AMINO_ACIDS)}, and {STOP} for the stop"
        )
    return found


def genes(
    count: int,
    seed: int = 0,
    codons: tuple[int, int] = (4, 12),
    part: str | None = None,
    leader: tuple[int, int] = (0, 0),
    usage: Mapping[str, float] | None = None,
) -> list[tuple[Letters, Letters]]:
    """Genes and their proteins, letter by letter: ATG, other codons, a stop codon.

    Args:
        count: how many; the first n of more are the same n.
        seed: of the draw.
        codons: fewest and most codons, start and stop included: n codons are 3n letters and n - 1 amino acids.
        part: "train" or "test": no protein is in both, so no strand is either.
        leader: fewest and most letters before the ATG, which hold no ATG. With a leader the frame has to be found.
        usage: how often a codon is chosen among its synonyms, as weights; without it all are equally frequent.
    """
    low, high = codons
    if not 4 <= low <= high:
        raise ValueError(f"codons is {codons}: it must be (fewest, most), with at least 4 for start, two more and stop")
    if not 0 <= leader[0] <= leader[1]:
        raise ValueError(f"leader is {leader}: it must be (fewest, most) letters, 0 or more")
    rng = seeded("genes", count, seed, part)
    found: list[tuple[Letters, Letters]] = []
    while len(found) < count:
        protein = ("M", *(draw(rng, tuple(AMINO_ACIDS)) for _ in range(rng.randint(low, high) - 2)))
        before = _leader(rng, rng.randint(*leader))
        strand = before + "".join(_codon(rng, letter, usage) for letter in (*protein, STOP))
        if part in (None, split(protein)):
            found.append((tuple(strand), protein))
    return found


def _codon(rng: random.Random, amino_acid: str, usage: Mapping[str, float] | None) -> str:
    options = synonyms(amino_acid)
    if usage is None:
        return draw(rng, options)
    weights = [usage.get(codon, 0.0) for codon in options]
    if min(weights) < 0 or not sum(weights):
        raise ValueError(f"usage gives {options} the weights {weights}: none may be negative, one must be positive")
    return rng.choices(options, weights)[0]


def _leader(rng: random.Random, length: int) -> str:
    """Letters without an ATG; none can arise where the gene begins, since ATG has no beginning that is also its end."""
    while START in (letters := _chance(rng, length)):
        pass
    return letters


def _chance(rng: random.Random, length: int) -> str:
    return "".join(draw(rng, tuple(BASES)) for _ in range(length))


def promoters(
    count: int, seed: int = 0, length: int = 50, part: str | None = None, mutation: float = 0.05
) -> list[tuple[Letters, int]]:
    """Strands with (1) and without (0) a promoter, half and half by chance; `best_site` decides who is right.

    A promoter has both boxes in this order, 15 to 19 letters apart, with at least 10 of their 12 letters; each letter
    is changed with probability `mutation`, as long as that holds. A strand without one is hard to tell: it has the
    boxes at a wrong distance (4 of 10), in the wrong order (4 of 10), or one box and the letters of the other in
    disorder (2 of 10). So counting letters says nothing, and counting words of six letters helps in the last case only.
    No strand is in both parts.
    """
    if length < SHORTEST_STRAND:
        raise ValueError(f"length is {length}: a strand must have at least {SHORTEST_STRAND} letters for all distances")
    if not 0 <= mutation < 0.5:
        raise ValueError(f"mutation is {mutation}: it must be a probability from 0 to below 0.5")
    rng = seeded("promoters", count, seed, part)
    found: list[tuple[Letters, int]] = []
    while len(found) < count:
        label, kind = int(rng.random() < 0.5), rng.random()
        strand = tuple(_with_boxes(rng, label, kind, length, mutation))
        while (best_site(strand)[0] >= ENOUGH) != label:
            strand = tuple(_with_boxes(rng, label, kind, length, mutation))
        if part in (None, split(strand)):
            found.append((strand, label))
    return found


def _with_boxes(rng: random.Random, label: int, kind: float, length: int, mutation: float) -> str:
    """Two boxes in letters drawn by chance, as the label asks; of label 0 `kind` (0 to 1) says what is wrong."""
    first, second = MINUS_35, MINUS_10
    spacing = rng.choices(list(SPACINGS), list(SPACINGS.values()))[0]
    if not label and kind < 0.4:
        spacing = draw(rng, WRONG_SPACINGS)
    elif not label and kind < 0.8:
        first, second = second, first
    elif not label and kind < 0.9:
        first = _disorder(rng, first)
    elif not label:
        second = _disorder(rng, second)
    boxes = _mutated(rng, first, mutation) + _chance(rng, spacing) + _mutated(rng, second, mutation)
    before = rng.randint(0, length - len(boxes))
    return _chance(rng, before) + boxes + _chance(rng, length - len(boxes) - before)


def _disorder(rng: random.Random, box: str) -> str:
    return "".join(rng.sample(box, len(box)))


def _mutated(rng: random.Random, box: str, probability: float) -> str:
    return "".join(
        draw(rng, tuple(BASES.replace(letter, ""))) if rng.random() < probability else letter for letter in box
    )


def best_site(strand: Sequence[str]) -> tuple[int, int, int]:
    """The best place for a promoter: letters of the two boxes that are right (0 to 12), and where each box begins."""
    at_35, at_10 = _matches(strand, MINUS_35), _matches(strand, MINUS_10)
    sites = (
        (at_35[i] + at_10[j], i, j)
        for spacing in sorted(SPACINGS, key=lambda s: abs(s - 17))
        for i, j in zip(range(len(at_35)), range(6 + spacing, len(at_10)), strict=False)
    )
    return max(sites, key=lambda site: site[0], default=(0, 0, 0))


def _matches(strand: Sequence[str], box: str) -> list[int]:
    return [sum(map(str.__eq__, strand[i : i + len(box)], box)) for i in range(len(strand) - len(box) + 1)]
