"""Three exercises of chapter 05 on what makes a Transformer trainable: layer norm, label smoothing, warm-up."""

from __future__ import annotations

import torch

from utils.teaching.exercises.model import Case, Exercise, Wrong


def layer_norm(x, gain, bias, eps=1e-5):
    """x (B, T, D), gain and bias (D,) -> (B, T, D): each word with mean 0 and deviation 1, times gain, plus bias."""
    mean = x.mean(dim=-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(dim=-1, keepdim=True)
    return gain * (x - mean) / torch.sqrt(variance + eps) + bias


def _over(dims):
    def norm(x, gain, bias, eps=1e-5):
        variance, mean = torch.var_mean(x, dim=dims, correction=0, keepdim=True)
        return gain * (x - mean) / torch.sqrt(variance + eps) + bias

    return norm


def _wrong_by(correction, outside):
    def norm(x, gain, bias, eps=1e-5):
        variance, mean = torch.var_mean(x, dim=-1, correction=correction, keepdim=True)
        below = variance.sqrt() + eps if outside else torch.sqrt(variance + eps)
        return gain * (x - mean) / below + bias

    return norm


def _uncentred(x, gain, bias, eps=1e-5):
    return gain * x / torch.sqrt((x**2).mean(-1, keepdim=True) + eps) + bias


def _no_root(x, gain, bias, eps=1e-5):
    return gain * (x - x.mean(-1, keepdim=True)) / (x.var(-1, correction=0, keepdim=True) + eps) + bias


def _states(scale, *sizes):
    generator = torch.Generator().manual_seed(sum(sizes))
    x = scale * (1 + torch.randn(*sizes, generator=generator))
    return x, 1 + 0.3 * torch.randn(sizes[-1], generator=generator), torch.randn(sizes[-1], generator=generator)


LAYER_NORM = Exercise(
    id="5.4",
    title="LayerNorm",
    task=r"""
For each word by itself, take the mean $\mu$ of its D numbers off and divide by their deviation; then let two learned
vectors set scale and level anew:

$$\mathrm{LayerNorm}(x) = g \odot \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + b$$

$$\sigma^2 = \frac{1}{D} \sum_k (x_k - \mu)^2$$

Write `layer_norm` without `torch.nn`. Two details are part of it: the variance is divided by D, and $\epsilon$ stands
under the root.
""",
    difficulty=2,
    minutes=8,
    solution=layer_norm,
    cases=(
        Case("2 sentences of 3 words with 6 numbers", lambda: _states(2.0, 2, 3, 6)),
        Case("words of very small numbers", lambda: _states(0.01, 1, 4, 8)),
    ),
    hints=(
        "Mean and variance are taken over the last dimension only; `keepdim=True` lets them be subtracted.",
        "`x.var(...)` divides by D - 1 unless you say `correction=0`.",
        "`torch.sqrt(variance + eps)`, not `torch.sqrt(variance) + eps`.",
    ),
    wrong=(
        Wrong(
            _wrong_by(1, False),
            "your variance is divided by D - 1, torch's default; LayerNorm divides by D: `correction=0`",
        ),
        Wrong(_wrong_by(0, True), "eps stands outside the root; for words of small numbers that makes a difference"),
        Wrong(
            _wrong_by(1, True),
            "two details: `std` divides by D - 1 unless told otherwise, and eps belongs under the root. A well-known "
            "tutorial has both",
        ),
        Wrong(
            _over((0, 1)),
            "you average over the words, for each number: that is BatchNorm, and words disturb each other",
        ),
        Wrong(
            _over((1, 2)), "you average over all words of a sentence; then padding would change the result: dim=-1 only"
        ),
        Wrong(_uncentred, "the mean is not taken off: that is RMSNorm, which many later models use, but not LayerNorm"),
        Wrong(_no_root, "you divide by the variance; the deviation is its root"),
    ),
    explanation="`torch.nn.functional.layer_norm(x, (D,), gain, bias, eps)` does the same in one call.",
)


def smoothed_loss(logits, target, smoothing=0.1):
    """Logits (N, V) and true words (N,) -> mean loss in nats against a target that is a little unsure."""
    nats = -torch.log_softmax(logits, dim=-1)
    right = nats[torch.arange(len(target)), target]
    return ((1 - smoothing) * right + smoothing * nats.mean(dim=-1)).mean()


def _right(logits, target):
    return -torch.log_softmax(logits, dim=-1)[torch.arange(len(target)), target]


def _plain(logits, target, smoothing=0.1):
    return _right(logits, target).mean()


def _others_only(logits, target, smoothing=0.1):
    right, every = _right(logits, target), -torch.log_softmax(logits, dim=-1).sum(-1)
    return ((1 - smoothing) * right + smoothing * (every - right) / (logits.shape[-1] - 1)).mean()


def _summed(logits, target, smoothing=0.1):
    every = -torch.log_softmax(logits, dim=-1).sum(-1)
    return ((1 - smoothing) * _right(logits, target) + smoothing * every).mean()


def _only_less(logits, target, smoothing=0.1):
    return (1 - smoothing) * _right(logits, target).mean()


def _on_top(logits, target, smoothing=0.1):
    return (_right(logits, target) + smoothing * -torch.log_softmax(logits, dim=-1).mean(-1)).mean()


def _wrong_side(logits, target, smoothing=0.1):
    return -((1 - smoothing) * torch.exp(-_right(logits, target)) + smoothing / logits.shape[-1]).log().mean()


def _guesses(count, words):
    generator = torch.Generator().manual_seed(count * words)
    logits = 3 * torch.randn(count, words, generator=generator)
    return logits, torch.randint(words, (count,), generator=generator)


SMOOTHING = Exercise(
    id="5.5",
    title="Label smoothing",
    task=r"""
With plain cross-entropy the loss goes on falling as long as the right word's probability comes closer to 1: the model
is paid for being too sure. *Label smoothing* with $\epsilon = 0.1$ asks for another distribution: each of the V words
of the vocabulary gets $\epsilon / V$, and the right one $1 - \epsilon$ on top of that. Write `smoothed_loss`: the
cross-entropy $-\sum_w q(w) \log p(w)$ of the model's $p$ against that $q$, averaged over the N words, with nothing
but `log_softmax`.
""",
    difficulty=2,
    minutes=10,
    solution=smoothed_loss,
    cases=(
        Case("4 words out of 5", lambda: _guesses(4, 5)),
        Case("3 words out of 9, smoothing 0.3", lambda: (*_guesses(3, 9), 0.3)),
        Case("smoothing 0", lambda: (*_guesses(2, 4), 0.0)),
    ),
    hints=(
        "The sum falls into two: 1 - ε times the nats of the right word, and ε / V times the nats of all words.",
        "ε / V times a sum over V words is ε times their mean.",
        "`nats[torch.arange(len(target)), target]` picks the right word's nats in each row.",
    ),
    wrong=(
        Wrong(_plain, "that is plain cross-entropy: `smoothing` has no effect"),
        Wrong(
            _others_only, "you share ε among the V - 1 wrong words; some do, but here the right one gets its ε / V too"
        ),
        Wrong(_summed, "each word gets ε / V, not ε: take the mean over the vocabulary, not the sum"),
        Wrong(_only_less, "the part of the other words is missing: a smaller loss alone asks for nothing else"),
        Wrong(_on_top, "the right word must give ε away: its part is 1 - ε, so that the target sums to 1"),
        Wrong(
            _wrong_side, "you smooth what the model says, not what it is asked for: smooth the target q, leave p alone"
        ),
    ),
    explanation="""
`cross_entropy(logits, target, label_smoothing=0.1)` does the same. The paper (section 5.4) says that it hurts
perplexity, since the model learns to be unsure, and helps BLEU. The lowest loss is not 0 any more.
""",
)


def noam_rate(step, width=512, warmup=4000):
    """The learning rate of step 1, 2, 3 ... (Vaswani et al. 2017, equation 3)."""
    return width**-0.5 * min(step**-0.5, step * warmup**-1.5)


def _larger(step, width=512, warmup=4000):
    return width**-0.5 * max(step**-0.5, step * warmup**-1.5)


def _power(step, width=512, warmup=4000):
    return width**-0.5 * min(step**-0.5, step * warmup**-0.5)


def _narrow(step, width=512, warmup=4000):
    return min(step**-0.5, step * warmup**-1.5)


def _counts_from_zero(step, width=512, warmup=4000):
    return noam_rate(step + 1, width, warmup)


def _stays_up(step, width=512, warmup=4000):
    return width**-0.5 * min(warmup**-0.5, step * warmup**-1.5)


def _no_warmup(step, width=512, warmup=4000):
    return width**-0.5 * step**-0.5


NOAM = Exercise(
    id="5.6",
    title="The rate that warms up",
    task=r"""
The paper's learning rate rises in a straight line for `warmup` steps and then falls with the root of the step:

$$\text{rate} = D^{-0.5} \cdot \min(\text{step}^{-0.5},\ \text{step} \cdot \text{warmup}^{-1.5})$$

Write `noam_rate`; steps count from 1. Then answer for yourself: at which step is the rate highest, how high is it for
D = 512 and a warm-up of 4,000, and what happens to the peak if you double the warm-up?
""",
    difficulty=1,
    minutes=5,
    solution=noam_rate,
    cases=(
        Case("step 1 of a warm-up of 4, width 16", lambda: (1, 16, 4)),
        Case("step 4 of a warm-up of 4, width 16", lambda: (4, 16, 4)),
        Case("step 50 after a warm-up of 4, width 16", lambda: (50, 16, 4)),
        Case("step 30 after a warm-up of 20, width 9", lambda: (30, 9, 20)),
    ),
    hints=(
        "Two curves cross at `step = warmup`: one rises, one falls. Which of the two holds before, which after?",
        "The smaller of the two, always: `min(...)`.",
        "`step * warmup**-1.5` at `step = warmup` is `warmup**-0.5`, just what the other curve is there.",
    ),
    wrong=(
        Wrong(_larger, "you take the larger of the two curves: the first step would be the largest of all"),
        Wrong(_power, "the exponent of the warm-up is -1.5, so that both curves meet at `step = warmup`"),
        Wrong(_narrow, "the factor `width**-0.5` is missing: wider models take smaller steps"),
        Wrong(_counts_from_zero, "steps count from 1 here; you are one step ahead"),
        Wrong(_stays_up, "after the warm-up the rate stays where it is; it should fall with the root of the step"),
        Wrong(_no_warmup, "there is no warm-up: the first step would be the largest of all"),
    ),
    explanation=f"""
The peak stands at `step = warmup` and is `(D * warmup) ** -0.5`: {noam_rate(4000):.5f} for the paper's sizes. Twice
the warm-up divides the peak by the root of 2. In this course steps count from 0: `utils.training.schedules.noam`.
""",
)
