"""Three exercises of chapter 04 on what weights say: which word goes with which, a window, and what was overlooked."""

from __future__ import annotations

import torch

from utils.teaching.exercises.model import Case, Exercise, Wrong


def error_rate(links, sure, possible):
    """Alignment error rate of a set of links against sure and possible ones (sets of pairs; sure is in possible)."""
    right = len(links & sure) + len(links & possible)
    return 1 - right / (len(links) + len(sure))


def _only_sure(links, sure, possible):
    return 1 - 2 * len(links & sure) / (len(links) + len(sure))


def _agreement(links, sure, possible):
    return 1 - error_rate(links, sure, possible)


def _precision(links, sure, possible):
    return 1 - len(links & possible) / len(links)


def _recall(links, sure, possible):
    return 1 - len(links & sure) / len(sure)


def _over_possible(links, sure, possible):
    return 1 - (len(links & sure) + len(links & possible)) / (len(links) + len(possible))


_SURE = {(0, 0), (2, 1), (1, 2)}


ERROR = Exercise(
    id="4.5",
    title="Alignment error rate",
    task=r"""
Two people who link the words of a translation agree on most pairs and not on all. So a gold alignment has *sure* links
$S$, which must be found, and *possible* ones $P$, which may be found; every sure link is also possible, so $S$ is a
part of $P$. Nobody is blamed for a link in $P$ that is not in $S$, found or not. For the found links $A$,

$$\mathrm{AER} = 1 - \frac{|A \cap S| + |A \cap P|}{|A| + |S|}$$

where $|X|$ counts the links in $X$, and $A \cap S$ holds those that are in both.

First with a pencil: sure are (0, 0), (2, 1), (1, 2), possible besides is (2, 0), and a model found (0, 0), (2, 1),
(2, 0), (3, 2). What is its AER? Now write it for any three sets of pairs.
""",
    difficulty=2,
    minutes=8,
    solution=error_rate,
    cases=(
        Case(
            "a link missing and one too many",
            lambda: (
                {(0, 0), (2, 1), (4, 4)},
                {(0, 0), (2, 1), (1, 2), (3, 3)},
                {(0, 0), (2, 1), (1, 2), (3, 3), (5, 4)},
            ),
        ),
        Case("all sure links and a possible one", lambda: (_SURE | {(3, 3)}, _SURE, _SURE | {(3, 3), (3, 4)})),
        Case("two links, one of them only possible", lambda: ({(0, 0), (3, 4)}, _SURE, _SURE | {(3, 4)})),
    ),
    hints=(
        "In Python `a & b` is the set of what is in both; `len` counts it.",
        "A found link that is sure counts twice above the fraction: it is possible too.",
        "Below the fraction stand the found links and the *sure* ones: that is why a possible link costs nothing.",
    ),
    wrong=(
        Wrong(
            _only_sure,
            "found links that are possible but not sure count as wrong in yours: one of the two counts is with P",
        ),
        Wrong(_agreement, "that is the share which is right; the error rate is 1 minus it"),
        Wrong(
            _precision, "that only asks whether found links are allowed: a model with one safe link would have error 0"
        ),
        Wrong(_recall, "that only asks whether sure links are found: a model that links everything would have error 0"),
        Wrong(
            _over_possible, "below the fraction stands |S|, not |P|: whoever leaves out a possible link must not pay"
        ),
    ),
    explanation="""
With the pencil: two found links are sure, (0, 0) and (2, 1); three are possible, these and (2, 0). So AER is
1 - (2 + 3) / (4 + 3) = 2/7, about 0.29. For many sentences the counts are summed first, as for BLEU.
""",
)


def local_weights(scores, centre, width):
    """Scores (S,) -> weights (S,): softmax over the words from centre - width to centre + width, 0 elsewhere."""
    places = torch.arange(len(scores))
    near = (places - centre).abs() <= width
    return torch.softmax(scores.masked_fill(~near, float("-inf")), dim=0)


def _not_shared_anew(scores, centre, width):
    near = (torch.arange(len(scores)) - centre).abs() <= width
    return torch.softmax(scores, dim=0) * near


def _last_left_out(scores, centre, width):
    places = torch.arange(len(scores))
    near = (places >= centre - width) & (places < centre + width)
    return torch.softmax(scores.masked_fill(~near, float("-inf")), dim=0)


def _half_as_wide(scores, centre, width):
    near = (torch.arange(len(scores)) - centre).abs() <= width // 2
    return torch.softmax(scores.masked_fill(~near, float("-inf")), dim=0)


def _comes_round(scores, centre, width):
    places = torch.arange(centre - width, centre + width + 1) % len(scores)
    near = torch.zeros(len(scores), dtype=torch.bool).index_fill(0, places, True)
    return torch.softmax(scores.masked_fill(~near, float("-inf")), dim=0)


def _flat(scores, centre, width):
    near = ((torch.arange(len(scores)) - centre).abs() <= width).to(scores.dtype)
    return near / near.sum()


def _scores(count, seed):
    return torch.randn(count, generator=torch.Generator().manual_seed(seed))


LOCAL = Exercise(
    id="4.6",
    title="Look only nearby",
    task="""
Looking at every word costs a score for every word.
[Luong, Pham and Manning (2015)](https://arxiv.org/abs/1508.04025) let the decoder look into a window only: at the words
from `centre - width` to `centre + width`, both included. Write `local_weights`: weights that sum to 1 inside the window
and are 0 outside. At the ends of the sentence the window is cut off. `width` is 0 or more, and `centre` a place in the
sentence.
""",
    difficulty=2,
    minutes=8,
    solution=local_weights,
    cases=(
        Case("7 words, centre 3, width 2", lambda: (_scores(7, 0), 3, 2)),
        Case("7 words, centre 0, width 2", lambda: (_scores(7, 1), 0, 2)),
        Case("5 words, centre 4, width 1", lambda: (_scores(5, 2), 4, 1)),
        Case("8 words, centre 4, width 3", lambda: (_scores(8, 3), 4, 3)),
    ),
    hints=(
        "Do not cut the scores into a piece: a mask over all places, True in the window, makes the ends easy.",
        "`(torch.arange(len(scores)) - centre).abs()` is each word's distance from the centre.",
        "Then it is exercise 4.1 for one row, and no row is empty, so `-inf` will do.",
    ),
    wrong=(
        Wrong(
            _not_shared_anew,
            "the weights in the window are those of the whole sentence: they do not sum to 1; mask before the softmax",
        ),
        Wrong(_last_left_out, "the word at `centre + width` belongs to the window; a slice leaves out its end"),
        Wrong(_half_as_wide, "`width` is the reach to *each* side: the window holds 2 * width + 1 words"),
        Wrong(
            _comes_round,
            "at the ends your window comes in again from the other side, as negative places do in Python: cut it off",
        ),
        Wrong(_flat, "inside the window the scores still decide; you share the attention out evenly"),
    ),
    explanation="""
With a centre that moves on by one for each written word (their *local-m*) the cost no longer grows with the sentence,
but word order must be similar: for the Urdu verb at the end the window looks in the wrong place. In their *local-p* the
model predicts the centre.
""",
)


def overlooked(weights, least=0.5):
    """Weights (T, S) of a whole translation -> list of the source places whose weights sum to less than `least`."""
    coverage = weights.sum(dim=0)
    return [place for place, total in enumerate(coverage.tolist()) if total < least]


def _rows(weights, least=0.5):
    return [k for k, total in enumerate(weights.sum(dim=1).tolist()) if total < least]


def _best_look(weights, least=0.5):
    return [k for k, most in enumerate(weights.amax(dim=0).tolist()) if most < least]


def _mean_look(weights, least=0.5):
    return [k for k, mean in enumerate(weights.mean(dim=0).tolist()) if mean < least]


def _looked_at(weights, least=0.5):
    return [k for k, total in enumerate(weights.sum(dim=0).tolist()) if total >= least]


def _never_first(weights, least=0.5):
    chosen = set(weights.argmax(dim=1).tolist())
    return [k for k in range(weights.shape[1]) if k not in chosen]


COVERAGE = Exercise(
    id="4.7",
    title="What was overlooked?",
    task="""
A translator that looks where it likes may look at one word twice and at another never, and then says something twice or
leaves it out. The *coverage* of a source word is the sum of all weights that it got, over all written words
([Tu et al. 2016](https://arxiv.org/abs/1601.04811)). Write `overlooked`: the places, from 0, of the source words whose
coverage is below `least`.
""",
    difficulty=1,
    minutes=6,
    solution=overlooked,
    cases=(
        Case(
            "a word that three others look at a little",
            lambda: (torch.tensor([[0.6, 0.1, 0.3, 0.0], [0.65, 0.0, 0.3, 0.05], [0.2, 0.1, 0.3, 0.4]]),),
        ),
        Case(
            "two words over five",
            lambda: (torch.tensor([[0.9, 0.0, 0.1, 0.0, 0.0], [0.0, 0.2, 0.1, 0.1, 0.6]]), 0.25),
        ),
    ),
    hints=(
        "Each row sums to 1, so sums of rows say nothing: which dimension belongs to the written words?",
        "`weights.sum(dim=0)` leaves one number for each source word.",
    ),
    wrong=(
        Wrong(_rows, "you sum each row: that is 1 for every written word; sum each *column*"),
        Wrong(_best_look, "you take a word's largest weight; many small looks count too, so take the sum"),
        Wrong(_mean_look, "the mean over the written words shrinks as the translation grows; take the sum"),
        Wrong(_looked_at, "those are the words that it *did* look at; asked are the others"),
        Wrong(
            _never_first,
            "you ask which words were nobody's first choice; a word may get enough weight as a second choice",
        ),
    ),
    explanation="""
Words that the other language does not need (Urdu has no article) are overlooked rightly, and EOS may collect weight
that no word needs. So low coverage is a hint, not a proof.
""",
)
