"""Two exercises of chapter 02: the log-odds of naive Bayes, and a reader of the genetic code."""

from __future__ import annotations

from collections import Counter

from utils.data.lab.dna import GENETIC_CODE
from utils.teaching.exercises.model import Case, Exercise, Wrong


def log_odds(words, praise, blame):
    """Words of a review, and word counts of praise and of blame -> log of P(words | praise) / P(words | blame)."""
    import math

    known = set(praise) | set(blame)
    all_praise = sum(praise.values()) + len(known)
    all_blame = sum(blame.values()) + len(known)
    total = 0.0
    for word in words:
        if word in known:
            total += math.log((praise.get(word, 0) + 1) / all_praise)
            total -= math.log((blame.get(word, 0) + 1) / all_blame)
    return total


def _unsmoothed_sums(words, praise, blame):
    extra = len(set(praise) | set(blame))
    difference = _count_known(words, praise, blame)
    import math

    return log_odds(words, praise, blame) + difference * (
        math.log(sum(praise.values()) + extra)
        - math.log(sum(praise.values()))
        - math.log(sum(blame.values()) + extra)
        + math.log(sum(blame.values()))
    )


def _count_known(words, praise, blame):
    return sum(word in praise or word in blame for word in words)


def _no_sums(words, praise, blame):
    import math

    return sum(math.log((praise.get(word, 0) + 1) / (blame.get(word, 0) + 1)) for word in words)


def _each_word_once(words, praise, blame):
    return log_odds(sorted(set(words)), praise, blame)


def _turned_round(words, praise, blame):
    return log_odds(words, blame, praise)


def _odds(words, praise, blame):
    import math

    return math.exp(log_odds(words, praise, blame))


def _unknown_too(words, praise, blame):
    import math

    extra = len(set(praise) | set(blame))
    unknown = len(words) - _count_known(words, praise, blame)
    change = math.log((sum(blame.values()) + extra) / (sum(praise.values()) + extra))
    return log_odds(words, praise, blame) + unknown * change


def _reviews(text):
    """A review to judge, and the counts of two tiny piles of reviews."""
    praise, blame = "a great film and a great cast , a joy", "a dull film , a waste of time and of money , dull dull"
    return text.split(), Counter(praise.split()), Counter(blame.split())


LOG_ODDS = Exercise(
    id="2.4",
    title="The dumb baseline: naive Bayes",
    task="""
Naive Bayes judges a review from counts alone. Of all words in reviews of praise, a share is `great`; of all words in
reviews of blame, another share. With $n$ for the number of times a word was counted, $N$ for all words of that pile,
and $V$ for the number of *different* words in both piles together, the share is smoothed, so that it is never 0:

$$P(\\text{word} \\mid \\text{praise}) = \\frac{n_{\\text{praise}}(\\text{word}) + 1}{N_{\\text{praise}} + V}$$

Write `log_odds`: the sum over the words of the review of
$\\log P(\\text{word} \\mid \\text{praise}) - \\log P(\\text{word} \\mid \\text{blame})$. `praise` and `blame` are
dictionaries of counts. A word that stands in neither pile is passed over; a word that comes twice counts twice. Above
0 the review is judged to be praise.
""",
    difficulty=2,
    minutes=10,
    solution=log_odds,
    cases=(
        Case("a friendly review", lambda: _reviews("a great joy")),
        Case("a word that comes three times", lambda: _reviews("dull dull dull film")),
        Case("words that nobody has counted", lambda: _reviews("great popcorn and seats")),
        Case("words of one pile only", lambda: _reviews("waste of cast")),
    ),
    hints=(
        "`sum(praise.values())` is N for praise; `len(set(praise) | set(blame))` is V.",
        "`praise.get(word, 0)` is 0 for a word that only the other pile has: that is why 1 is added.",
        "A quotient of two shares becomes a difference of logarithms; a product over words becomes a sum.",
    ),
    wrong=(
        Wrong(
            _unsmoothed_sums,
            "you add 1 to each count but not V to the sum, so the shares of all words add up to more than 1",
        ),
        Wrong(_no_sums, "you compare counts, not shares: the pile with more words wins every comparison"),
        Wrong(_each_word_once, "a word that comes twice must count twice: go through the list, not through a set"),
        Wrong(_turned_round, "the sign is turned round: praise must come out above 0"),
        Wrong(_odds, "that is the odds, not their logarithm: over a long review they leave what a number can hold"),
        Wrong(_unknown_too, "a word of neither pile moves your verdict, towards the smaller pile; pass it over"),
    ),
    explanation="""
Naive is the belief that words come independently of each other: `not` and `bad` each count for blame, in `not bad` too.
Counting pairs of neighbours as well ought to mend some of it. In the record of this chapter it does not: on the 872
sentences of SST-2 for choosing, single words are ahead by two sentences. Wang and Manning 2012 say where pairs help.
""",
)


def read_gene(strand, code):
    """A strand and the genetic code -> the protein from its first ATG to the stop, which is not included."""
    begin = strand.find("ATG")
    if begin < 0:
        return ""
    protein = ""
    for place in range(begin, len(strand) - 2, 3):
        letter = code[strand[place : place + 3]]
        if letter == "*":
            break
        protein += letter
    return protein


def _from_the_first_letter(strand, code):
    letters = [code[strand[place : place + 3]] for place in range(0, len(strand) - 2, 3)]
    return "".join(letters).split("*")[0]


def _frame_zero(strand, code):
    codons = [strand[place : place + 3] for place in range(0, len(strand) - 2, 3)]
    return read_gene("".join(codons[codons.index("ATG") :]), code) if "ATG" in codons else ""


def _letter_by_letter(strand, code):
    begin = strand.find("ATG")
    letters = [code[strand[place : place + 3]] for place in range(begin, len(strand) - 2)] if begin >= 0 else []
    return "".join(letters).split("*")[0]


def _any_stop(strand, code):
    begin = strand.find("ATG")
    if begin < 0:
        return ""
    stops = [strand.find(codon, begin) for codon in ("TAA", "TAG", "TGA")]
    end = min((place for place in stops if place >= 0), default=len(strand))
    return read_gene(strand[begin:end], code)


def _keeps_the_stop(strand, code):
    begin = strand.find("ATG")
    protein = read_gene(strand, code)
    return protein + "*" * (begin >= 0 and begin + 3 * len(protein) + 3 <= len(strand))


def _never_stops(strand, code):
    begin = strand.find("ATG")
    places = range(begin, len(strand) - 2, 3) if begin >= 0 else ()
    return "".join(code[strand[place : place + 3]] for place in places).replace("*", "")


def _gene(strand):
    return strand, dict(GENETIC_CODE)


GENE = Exercise(
    id="2.8",
    title="Read a gene",
    task="""
Write `read_gene`. It gets a strand of DNA such as `"CCATGAAATGA"` and the genetic code, a dictionary from three
letters to one amino acid, such as `"ATG": "M"`, or to `"*"` for the three codons that stop. In cells with a nucleus a
ribosome, which reads a copy of the gene, mostly begins at the first `ATG`. So does this exercise, and from there it
reads three letters at a time: this fixes the *reading frame*. The `ATG` itself gives M. At the first stop codon *of
this frame*, or where fewer than three letters are left, it ends. Return the amino acids as a text; the stop is none of
them. Without an `ATG` the text is empty. The strand above gives `"MK"`.
""",
    difficulty=2,
    minutes=10,
    solution=read_gene,
    cases=(
        Case("a gene after two letters", lambda: _gene("CCATGGCTTGTTAACC")),
        Case("a stop codon in another frame", lambda: _gene("GATGACTGATTGATAAGG")),
        Case("letters after the stop", lambda: _gene("ATGTTTTAGGGTCCATGA")),
        Case("a strand without a stop", lambda: _gene("CATGAAACCCGGGT")),
        Case("a strand without a start", lambda: _gene("CCCTTTAAA")),
    ),
    hints=(
        '`strand.find("ATG")` gives the place of the first one, or -1 if there is none.',
        "`range(begin, len(strand) - 2, 3)` gives the places where whole codons of the frame begin.",
        "Look every codon up first; leave the loop at `*`, before you add it.",
    ),
    wrong=(
        Wrong(
            _from_the_first_letter, "you read from the first letter on; what stands before the ATG is not translated"
        ),
        Wrong(_frame_zero, "you look for the ATG in steps of three from letter 0; it may stand in any of three frames"),
        Wrong(_letter_by_letter, "you move on by one letter; a codon has three, and the next one begins after it"),
        Wrong(
            _any_stop,
            "you stop at the first TAA, TAG or TGA anywhere; only one in your reading frame ends the protein",
        ),
        Wrong(_keeps_the_stop, "the stop is in your protein; it ends it and stands for no amino acid"),
        Wrong(_never_stops, "you go on after the stop codon; the ribosome lets go of the strand there"),
    ),
    explanation="""
Three letters in, one out, and where to begin has to be found: asynchronous. One letter too many shifts the frame and
changes all that follows. One letter exchanged may change nothing (most amino acids have several codons), one amino
acid, or make a stop that cuts the protein short. In the gene of beta-globin, a part of haemoglobin, `GAG` to `GTG` in
one codon (E becomes V), inherited from both parents, causes sickle cell disease.
""",
)
