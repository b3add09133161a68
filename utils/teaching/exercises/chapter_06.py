"""Exercises of chapter 06, transfer learning: what it saves, what it forgets, and how not to fool oneself."""

from __future__ import annotations

import math

from utils.teaching.exercises import overlap_06, rates_06, reading_06
from utils.teaching.exercises.model import Case, Exercise, Wrong


def labels_needed(counts, scores, target):
    """Label counts and the score at each, from small to large -> how many labels first reach `target`."""
    import math

    if scores[0] >= target:
        return counts[0]
    for k in range(1, len(counts)):
        if scores[k] >= target:
            share = (target - scores[k - 1]) / (scores[k] - scores[k - 1])
            low, high = math.log(counts[k - 1]), math.log(counts[k])
            return math.exp(low + share * (high - low))
    return math.inf


def _by_line(counts, scores, target, place):
    """The same walk along the curve, with another reading between two points: place(share, low, high)."""
    if scores[0] >= target:
        return counts[0]
    for k in range(1, len(counts)):
        if scores[k] >= target:
            return place((target - scores[k - 1]) / (scores[k] - scores[k - 1]), counts[k - 1], counts[k])
    return math.inf


def _plain_axis(counts, scores, target):
    return _by_line(counts, scores, target, lambda share, low, high: low + share * (high - low))


def _next_point(counts, scores, target):
    return _by_line(counts, scores, target, lambda share, low, high: high)


def _point_before(counts, scores, target):
    return _by_line(counts, scores, target, lambda share, low, high: low)


def _share_upside_down(counts, scores, target):
    return _by_line(counts, scores, target, lambda share, low, high: low**share * high ** (1 - share))


def _left_in_logs(counts, scores, target):
    found = labels_needed(counts, scores, target)
    return found if found in (counts[0], math.inf) else math.log(found)


def _beyond_the_curve(counts, scores, target):
    found = labels_needed(counts, scores, target)
    return counts[-1] if found == math.inf else found


def _last_crossing(counts, scores, target):
    for k in range(len(counts) - 1, 0, -1):
        if scores[k] >= target > scores[k - 1]:
            return labels_needed(counts[k - 1 : k + 1], scores[k - 1 : k + 1], target)
    return labels_needed(counts, scores, target)


BUDGET = Exercise(
    id="6.5",
    title="How many labels is pretraining worth?",
    task="""
A model without pretraining was measured with 20, 50, 100, ... labels. A pretrained one reaches a score of `target` with
few. How many labels would the first one need for that? Between two measured points take the straight line as it is
drawn in the figure, where the axis of the labels is *logarithmic*: equal factors are equal distances.

Write `labels_needed`. `counts` grow; `scores` need not, since measurements scatter: take the *first* place where the
curve reaches the target. If the first point reaches it already, return its count; if none does, `math.inf` (from
`import math`), since nobody measured there.
""",
    difficulty=2,
    minutes=12,
    solution=labels_needed,
    cases=(
        Case("a target between two points", lambda: ([20, 100, 500, 2500], [0.55, 0.62, 0.71, 0.80], 0.69)),
        Case("a target that a measured point has", lambda: ([20, 100, 500], [0.55, 0.62, 0.71], 0.62)),
        Case("a target below the curve", lambda: ([20, 100, 500], [0.55, 0.62, 0.71], 0.5)),
        Case("a target above the curve", lambda: ([20, 100, 500], [0.55, 0.62, 0.71], 0.9)),
        Case("a curve that falls once", lambda: ([10, 40, 160, 640], [0.5, 0.64, 0.58, 0.7], 0.6)),
    ),
    hints=(
        "Walk along the points until the first whose score is at least the target; the line comes from the one before.",
        "`share` says how far along the line the target lies: `(target - before) / (after - before)`.",
        "Go that share of the way between the *logarithms* of the two counts, then take `math.exp` of it.",
    ),
    wrong=(
        Wrong(
            _plain_axis, "you read the line off a plain axis; on a logarithmic one the way goes between the logarithms"
        ),
        Wrong(_next_point, "that is the next measured count: a little less may be enough, so read the line before it"),
        Wrong(_point_before, "with that many labels the target is not reached yet: read the line behind it"),
        Wrong(
            _share_upside_down, "the share runs from the wrong end: it is 0 at the lower count and 1 at the upper one"
        ),
        Wrong(_left_in_logs, "that is the logarithm of the labels: `math.exp` takes it back"),
        Wrong(
            _beyond_the_curve, "the curve never reaches the target: the largest count is not enough, so say `math.inf`"
        ),
        Wrong(_last_crossing, "the curve falls once and reaches the target twice: the first time counts"),
    ),
    explanation=f"""
What pretraining is worth is this count divided by the labels of the pretrained model. Example: without pretraining 20,
100, 500 and 2,500 labels give scores of 0.55, 0.62, 0.71 and 0.80; with it 100 labels give 0.69. The first model needs
{labels_needed([20, 100, 500, 2500], [0.55, 0.62, 0.71, 0.80], 0.69):.0f} for that, three and a half times as many. It
is one number from two curves that both scatter: read it off for each seed, and tell the range.
""",
)


def forgetting(before, after, vocabulary):
    """Nats of each word of a general text before and after tuning -> (perplexity, perplexity, share forgotten)."""
    import math

    was, now = sum(before) / len(before), sum(after) / len(after)
    return math.exp(was), math.exp(now), (now - was) / (math.log(vocabulary) - was)


def _mean(nats):
    return sum(nats) / len(nats)


def _mean_of_exp(before, after, vocabulary):
    each = [_mean([math.exp(word) for word in nats]) for nats in (before, after)]
    return (*each, forgetting(before, after, vocabulary)[2])


def _base_two(before, after, vocabulary):
    each = [2 ** _mean(nats) for nats in (before, after)]
    return (*each, forgetting(before, after, vocabulary)[2])


def _of_the_sum(before, after, vocabulary):
    return math.exp(sum(before)), math.exp(sum(after)), forgetting(before, after, vocabulary)[2]


def _in_perplexities(before, after, vocabulary):
    was, now, _ = forgetting(before, after, vocabulary)
    return was, now, (now - was) / (vocabulary - was)


def _relative(before, after, vocabulary):
    was, now, _ = forgetting(before, after, vocabulary)
    return was, now, (_mean(after) - _mean(before)) / _mean(before)


def _share_left(before, after, vocabulary):
    was, now, gone = forgetting(before, after, vocabulary)
    return was, now, 1 - gone


def _of_all(before, after, vocabulary):
    was, now, _ = forgetting(before, after, vocabulary)
    return was, now, (_mean(after) - _mean(before)) / math.log(vocabulary)


FORGETTING = Exercise(
    id="6.6",
    title="Forgetting by hand",
    task=r"""
A language model reads a general text twice: before it is tuned on film reviews, and after. Each time you get its nats,
$-\ln p$, for every word. Write `forgetting`, which gives three numbers: the perplexity before, the perplexity after,
and the share of its knowledge that is gone.

The share is counted in nats per word. A model that knows nothing guesses among all V words of the `vocabulary`, which
costs it $\ln V$ nats for each. What pretraining has won is $\ln V$ minus the mean before; what tuning has lost is the
mean after minus the mean before. The share is the second divided by the first.
""",
    difficulty=1,
    minutes=8,
    solution=forgetting,
    cases=(
        Case("three words and a vocabulary of 100", lambda: ([1.0, 2.0, 3.0], [2.5, 2.0, 3.6], 100)),
        Case("four words and a vocabulary of 1,000", lambda: ([0.2, 4.0, 1.0, 2.0], [0.4, 5.5, 3.0, 2.1], 1000)),
    ),
    hints=(
        "Perplexity is `math.exp` of the *mean* of the nats; `import math` first.",
        "Three means are needed, in nats: before, after, and `math.log(vocabulary)` for one who knows nothing.",
        "If the mean does not change, the share is 0; if it rises to `math.log(vocabulary)`, the share is 1.",
    ),
    wrong=(
        Wrong(_mean_of_exp, "you average exp of each word, which its rarest words rule: first the mean, then exp"),
        Wrong(_base_two, "these are nats, made by a natural logarithm: the base is e, not 2"),
        Wrong(_of_the_sum, "that is exp of the sum, which grows with the text: divide by the number of words first"),
        Wrong(_in_perplexities, "the share is counted in nats; in perplexities the same loss looks many times smaller"),
        Wrong(
            _relative, "you divide by the nats before; divide by what pretraining has *won*, ln V minus the nats before"
        ),
        Wrong(_share_left, "that is the share that is *left*: 1 minus it is gone"),
        Wrong(_of_all, "you divide by ln V, but part of that the model never won: take the nats before off first"),
    ),
    explanation="""
The share can be above 1: a model that is tuned hard is *surer* of wrong words than one that guesses. Forgetting is
measured on general text that the model has not been trained on, or it would be mixed up with learning by heart.
""",
)

EXERCISES = (
    rates_06.TRIANGLE,
    rates_06.LAYER_RATES,
    reading_06.WEIGHT_DROP,
    reading_06.POOL,
    BUDGET,
    FORGETTING,
    rates_06.THAW,
    overlap_06.OVERLAP,
)
