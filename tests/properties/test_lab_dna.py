"""DNA: the genetic code against facts that do not come from the table, and promoters that no counting can tell."""

from collections import Counter

import pytest

from utils.data.lab import dna

# Beginnings of two human genes and of their proteins, as every textbook prints them.
INSULIN = "ATGGCCCTGTGGATGCGCCTCCTGCCCCTGCTGGCGCTGCTGGCCCTCTGGGGACCTGACCCAGCCGCAGCC", "MALWMRLLPLLALLALWGPDPAAA"
GLOBIN = "ATGGTGCATCTGACTCCTGAGGAGAAGTCTGCCGTTACTGCCCTGTGGGGCAAGGTGAACGTG", "MVHLTPEEKSAVTALWGKVNV"


def test_the_table_has_the_classes_of_the_standard_code():
    assert len(dna.GENETIC_CODE) == 64
    assert set(dna.synonyms(dna.STOP)) == {"TAA", "TAG", "TGA"}
    sizes = Counter(len(dna.synonyms(letter)) for letter in dna.AMINO_ACIDS)
    assert sizes == {1: 2, 2: 9, 3: 1, 4: 5, 6: 3}
    assert {letter for letter in dna.AMINO_ACIDS if len(dna.synonyms(letter)) == 1} == {"M", "W"}
    assert {letter for letter in dna.AMINO_ACIDS if len(dna.synonyms(letter)) == 6} == {"L", "R", "S"}
    assert dna.AMINO_ACIDS == "ACDEFGHIKLMNPQRSTVWY"


@pytest.mark.parametrize(("strand", "protein"), [INSULIN, GLOBIN])
def test_human_genes_give_their_proteins(strand, protein):
    assert dna.translate(strand) == protein
    assert dna.translate(tuple(strand)) == protein
    assert dna.translate("GCCACC" + strand + "TAAGGG") == protein
    assert dna.translate("C" + strand, frame=1) == protein


def test_one_letter_makes_sickle_cells():
    changed = GLOBIN[0].replace("CCTGAGGAG", "CCTGTGGAG")
    assert dna.translate(changed) == GLOBIN[1].replace("PEE", "PVE")


def test_reading_begins_and_ends_in_its_frame():
    assert dna.translate("CCATGAAATGA", frame=2) == "MK"
    assert dna.translate("CCATGAAATGA") == ""
    assert dna.translate("ATGTAAATGAAA") == "M", "the first stop ends it, whatever follows"
    assert dna.translate("ATGAATGAC") == "MND", "a stop codon in another frame stops nothing"
    assert dna.reading_frame("CCATGAAATGA") == 2


def test_genes_are_read_back_by_the_table():
    pairs = dna.genes(600, 3, codons=(4, 9))
    for strand, protein in pairs:
        assert dna.translate(strand) == "".join(protein)
        assert len(strand) == 3 * (len(protein) + 1)
        assert "".join(strand[-3:]) in dna.synonyms(dna.STOP)
    assert {len(protein) for _, protein in pairs} == {3, 4, 5, 6, 7, 8}
    used = Counter(codon for strand, _ in pairs for codon in dna.codons(strand))
    assert set(used) == set(dna.GENETIC_CODE)


def test_a_leader_hides_the_frame():
    pairs = dna.genes(900, 4, leader=(0, 8))
    frames = Counter(dna.reading_frame(strand) for strand, _ in pairs)
    assert min(frames.values()) > 200
    for strand, protein in pairs:
        assert dna.translate(strand, dna.reading_frame(strand)) == "".join(protein)
        assert "".join(strand).index("ATG") == len(strand) - 3 * (len(protein) + 1)


def test_usage_decides_among_synonyms():
    usage = {dna.synonyms(letter)[0]: 1.0 for letter in (*dna.AMINO_ACIDS, dna.STOP)}
    used = {codon for strand, _ in dna.genes(300, 5, usage=usage) for codon in dna.codons(strand)}
    assert used == set(usage)
    with pytest.raises(ValueError, match="one must be positive"):
        dna.genes(1, usage={"ATG": 1.0})


def test_parts_share_no_protein_and_no_strand():
    train, test = (dna.genes(1500, seed, codons=(4, 6), part=part) for seed, part in ((1, "train"), (2, "test")))
    assert not {protein for _, protein in train} & {protein for _, protein in test}
    ours, theirs = (dna.promoters(300, 1, part=part) for part in ("train", "test"))
    assert not {strand for strand, _ in ours} & {strand for strand, _ in theirs}


def sites(strand):
    """Both boxes letter by letter, by a plain loop: the best score over all allowed places."""
    text, best = "".join(strand), 0
    for i in range(len(text)):
        for spacing in range(15, 20):
            site = text[i : i + 6] + text[i + 6 + spacing : i + 12 + spacing]
            if len(site) == 12:
                best = max(best, sum(a == b for a, b in zip(site, "TTGACATATAAT", strict=True)))
    return best


def test_a_promoter_has_both_boxes_in_place():
    drawn = dna.promoters(500, 3)
    assert 200 < sum(label for _, label in drawn) < 300
    for strand, label in drawn:
        assert len(strand) == 50
        assert (sites(strand) >= dna.ENOUGH) == bool(label)
        assert dna.best_site(strand)[0] == sites(strand)
    perfect = "A" * 7 + "TTGACA" + "C" * 17 + "TATAAT" + "G" * 9
    assert dna.best_site(perfect) == (12, 7, 30)


def accuracy(drawn, sees):
    """How well a rule that knows only `sees(strand)` can do at best: a yes or no for each value of it."""
    seen = Counter((sees(strand), label) for strand, label in drawn)
    return sum(max(seen[key, 0], seen[key, 1]) for key in {key for key, _ in seen}) / len(drawn)


def test_counting_tells_little():
    drawn = dna.promoters(6000, 5, mutation=0.0)
    assert accuracy(drawn, lambda strand: "TTGACA" in "".join(strand)) < 0.58
    assert accuracy(drawn, lambda strand: "TATAAT" in "".join(strand)) < 0.58
    both = accuracy(drawn, lambda strand: all(box in "".join(strand) for box in ("TTGACA", "TATAAT")))
    assert 0.55 < both < 0.64
    for letter in "ACGT":
        counts = [sum(strand.count(letter) for strand, y in drawn if y == label) for label in (0, 1)]
        sizes = [sum(len(strand) for strand, y in drawn if y == label) for label in (0, 1)]
        assert abs(counts[0] / sizes[0] - counts[1] / sizes[1]) < 0.01


@pytest.mark.parametrize("task", [dna.genes, dna.promoters])
def test_strands_keep_their_seed(task):
    assert task(30, 7) == task(30, 7)
    assert task(10, 7) == task(30, 7)[:10]
    assert task(30, 7) != task(30, 8)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: dna.translate("AUG"), "RNA has U where DNA has T"),
        (lambda: dna.translate("ATG", frame=3), "frame is 3"),
        (lambda: dna.reading_frame("CCC"), "no ATG"),
        (lambda: dna.synonyms("B"), "'B' is no amino acid"),
        (lambda: dna.genes(-1), "count is -1"),
        (lambda: dna.genes(1, codons=(3, 5)), "codons is"),
        (lambda: dna.genes(1, leader=(4, 2)), "leader is"),
        (lambda: dna.genes(1, part="dev"), "unknown part 'dev'"),
        (lambda: dna.promoters(1, length=30), "length is 30"),
        (lambda: dna.promoters(1, mutation=0.5), "mutation is 0.5"),
    ],
)
def test_a_wrong_call_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()
