"""Exercises of chapter 08 on PPO: advantages by hand, the clipped objective, estimates of the KL."""

from __future__ import annotations

from collections.abc import Callable

import torch

from utils.teaching.exercises.model import Case, Exercise, Wrong

REWARDS = (-0.1, 0.0, 1.0)
VALUES = (0.4, 0.6, 0.5)


def advantages(lam: float = 0.5, after: float = 0.0) -> list[float]:
    """The advantages of the task, for another lambda or another value behind the end."""
    found, following, value = [], 0.0, after
    for reward, here in zip(reversed(REWARDS), reversed(VALUES), strict=True):
        following = reward + value - here + lam * following
        found.append(round(following, 4))
        value = here
    return found[::-1]


def _summed_from_the_front() -> list[float]:
    found, sum_so_far = [], 0.0
    for delta in advantages(lam=0.0):
        sum_so_far = delta + 0.5 * sum_so_far
        found.append(round(sum_so_far, 4))
    return found


def _without_values() -> list[float]:
    found, following = [], 0.0
    for reward in reversed(REWARDS):
        following = reward + 0.5 * following
        found.append(round(following, 4))
    return found[::-1]


GAE = Exercise(
    id="8.3",
    title="Advantages by hand",
    task=r"""
An answer of three tokens. Its reward comes at the last token, and the second column holds what each token earned: the
first paid a little KL. The third column is what the value model expected *before* the token.

| token | reward $r_t$ | value $V_t$ |
|---|---|---|
| 1 | -0.1 | 0.4 |
| 2 | 0 | 0.6 |
| 3 | 1 | 0.5 |

Take a pencil and work out, from the last token to the first,

$$\delta_t = r_t + \gamma V_{t+1} - V_t, \qquad A_t = \delta_t + \gamma \lambda A_{t+1}$$

with $\gamma = 1$ and $\lambda = 0.5$. Behind the last token nothing is expected: $V_4 = A_4 = 0$. Answer with a list of
the three advantages, such as `[0.1, 0.2, 0.3]`, that of the first token first.
""",
    difficulty=2,
    minutes=8,
    solution=advantages,
    value="gae_answer",
    hints=(
        "Begin with token 3: it earned 1 where 0.5 was expected, and nothing follows.",
        "The three deltas are 0.1, -0.1 and 0.5.",
        "Token 2: its delta is -0.1, and half of token 3's advantage comes back to it.",
    ),
    wrong=(
        Wrong(advantages(lam=0.0), "those are the deltas; each advantage also gets half of the one behind it"),
        Wrong(advantages(lam=1.0), "that is lambda = 1: all reward to come minus the value; lambda is 0.5 here"),
        Wrong(advantages(after=VALUES[-1]), "behind the end nothing is expected: V_4 is 0, not the last value again"),
        Wrong(_summed_from_the_front(), "you go from the first token to the last; credit flows back from the end"),
        Wrong(_without_values(), "the values are missing: an advantage is what came *beyond* what was expected"),
        Wrong(advantages()[::-1], "the numbers are right, but in reverse: the first token comes first"),
    ),
    explanation=f"""
Token 3: 1 - 0.5 = 0.5. Token 2: delta 0 + 0.5 - 0.6 = -0.1, advantage -0.1 + 0.5 · 0.5 = 0.15. Token 1: delta
-0.1 + 0.6 - 0.4 = 0.1, advantage 0.1 + 0.5 · 0.15 = 0.175. With lambda 0 token 2 would be blamed (the value fell after
it); with lambda 1 each token is judged by all that came after it: {advantages(lam=1.0)}.
""",
)

# Letter of the table: ratio, advantage.
ROWS = {"a": (1.5, 1.0), "b": (0.5, 1.0), "c": (1.5, -1.0), "d": (0.5, -1.0), "e": (1.1, 2.0), "f": (0.9, -2.0)}


def _clip(ratio: float) -> float:
    return min(max(ratio, 0.8), 1.2)


def clipped_table() -> dict[str, tuple[float, bool]]:
    """For each row the smaller one of both terms, and whether the ratio has no say in it any more."""
    smaller = {row: min(ratio * good, _clip(ratio) * good) for row, (ratio, good) in ROWS.items()}
    return {row: (round(smaller[row], 4), smaller[row] != ratio * good) for row, (ratio, good) in ROWS.items()}


def _table(term: Callable[[float, float], float]) -> dict[str, tuple[float, bool]]:
    made = {row: round(term(ratio * good, _clip(ratio) * good), 4) for row, (ratio, good) in ROWS.items()}
    return {row: (made[row], made[row] != round(ratio * good, 4)) for row, (ratio, good) in ROWS.items()}


def _all_outside_are_flat() -> dict[str, tuple[float, bool]]:
    return {row: (value, ROWS[row][0] not in (1.1, 0.9)) for row, (value, _) in clipped_table().items()}


CLIPPED = Exercise(
    id="8.4",
    title="The clipped objective, in six rows",
    task="""
PPO's objective for one token is `min(ratio * A, clip(ratio, 0.8, 1.2) * A)`, and training makes it larger. `ratio` is
the token's probability now, divided by that when it was drawn; `A` is its advantage.

| row | ratio | advantage A |
|---|---|---|
"""
    + "\n".join(f"| {row} | {ratio} | {good:g} |" for row, (ratio, good) in ROWS.items())
    + """

For each row write down the objective, and whether it is *flat*: a small change of the ratio does not change it any
more, so that this token gives no gradient. Answer with a dictionary such as `{"a": (1.0, False), "b": ...}`.
""",
    difficulty=2,
    minutes=10,
    solution=clipped_table,
    value="clipped_answer",
    hints=(
        "Work out both products in each row and take the smaller one. With a negative advantage the smaller one is the "
        "one that is further from 0.",
        "It is flat where the clipped product is the smaller one, since the clipped ratio does not move.",
        "Two rows are flat: one where a good token has already become much more probable, and its mirror image.",
    ),
    wrong=(
        Wrong(
            lambda: _table(lambda free, held: held),
            "you clip always; the `min` lets the unclipped product count where it is the smaller one (rows b and c)",
        ),
        Wrong(
            lambda: _table(max), "you take the larger product; then nothing holds a token that has gone too far already"
        ),
        Wrong(
            lambda: _table(lambda free, held: free),
            "you do not clip at all; in rows a and d the clipped product is the smaller one",
        ),
        Wrong(
            _all_outside_are_flat,
            "the objectives are right; but outside the clip the gradient ends only where the step went the *right* way",
        ),
    ),
    explanation="""
Rows a and d are flat: the token has already moved as far as one batch allows, in the direction that its advantage asks
for. In b and c it moved the *wrong* way, and there the whole gradient pulls it back. Clipping on both sides would leave
such a token where it is.
""",
)


def kl_estimates(policy, reference, mask):
    """Log-probabilities (B, T) of the tokens that the policy drew, and a mask (B, T) -> k1 (B,) and k3 (B,), in nats.

    Sums over the tokens where the mask is True.
    """
    log_ratio = (reference - policy).masked_fill(~mask, 0.0)
    return -log_ratio.sum(dim=1), (log_ratio.exp() - 1 - log_ratio).sum(dim=1)


def _other_way(policy, reference, mask):
    return kl_estimates(reference, policy, mask)


def _ratio_upside_down(policy, reference, mask):
    k1, _ = kl_estimates(policy, reference, mask)
    return k1, kl_estimates(reference, policy, mask)[1]


def _with_padding(policy, reference, mask):
    return kl_estimates(policy, reference, torch.ones_like(mask))


def _mean_of_tokens(policy, reference, mask):
    return tuple(estimate / mask.sum(dim=1) for estimate in kl_estimates(policy, reference, mask))


def _absolute(policy, reference, mask):
    k1 = (reference - policy).abs().masked_fill(~mask, 0.0).sum(dim=1)
    return k1, kl_estimates(policy, reference, mask)[1]


def _drawn(*lengths):
    """Log-probabilities of a ragged batch and its mask, the same at every call; padding holds numbers as well."""
    generator = torch.Generator().manual_seed(sum(lengths))
    shape = (len(lengths), max(lengths))
    policy, reference = (-2 * torch.rand(shape, generator=generator) for _ in range(2))
    return policy, reference, torch.arange(shape[1]) < torch.tensor(lengths)[:, None]


KL = Exercise(
    id="8.5",
    title="Two estimates of the KL",
    task=r"""
How far has the policy gone from the reference? The KL divergence is a mean over all tokens that the policy might write;
during training one knows only the token that it did write. With $\log r = \log \pi_\text{ref} - \log \pi$ for that
token, two estimates are common ([Schulman 2020](http://joschu.net/blog/kl-approx.html)):

$$k_1 = -\log r, \qquad k_3 = r - 1 - \log r$$

Write `kl_estimates`: both, summed over the real tokens of each answer. Which of the two can be negative for a token?
""",
    difficulty=2,
    minutes=10,
    solution=kl_estimates,
    cases=(
        Case("answers of 4 and 2 tokens", lambda: _drawn(4, 2)),
        Case("three answers of very different lengths", lambda: _drawn(1, 7, 3)),
    ),
    hints=(
        "Both need one tensor: `reference - policy`, of logarithms, so the difference is the logarithm of the ratio.",
        "Set it to 0 on padding first: then both estimates are 0 there as well.",
        "`r` is `log_ratio.exp()`; sum over dimension 1, do not average.",
    ),
    wrong=(
        Wrong(_other_way, "the ratio is upside down in both: log r is reference minus policy"),
        Wrong(_ratio_upside_down, "k1 is right, but in k3 the ratio is upside down: r = reference / policy"),
        Wrong(_with_padding, "padding counts in your sums; set the log-ratio to 0 where the mask is False"),
        Wrong(_mean_of_tokens, "that is the mean of the tokens; an answer's KL is the sum, so a longer one pays more"),
        Wrong(_absolute, "k1 may be negative: only with its sign is it right on average, |log r| is too large"),
    ),
    explanation="""
k1 is negative wherever the policy is *less* sure of its own token than the reference. Both are right on average over
the tokens that the policy draws. k3 is never negative and scatters less as long as the two are close.
""",
)
