"""What training a language model costs: operations, memory, traffic between processes. Estimates, each with its source.

N parameters, D tokens, P processes with one GPU each. Left out on purpose: what the activations take, which depends on
batch and context and can be computed anew instead of kept, and all that waits for anything.
"""

from __future__ import annotations

DAY = 86_400  # seconds


def training_operations(parameters: float, tokens: float, recompute: bool = False) -> float:
    """Multiplications and additions of a training: 6 N D (Kaplan et al. 2020, arXiv 2001.08361, section 2.1).

    2 N a token on the way there and 4 N on the way back. `recompute` adds another way there, for activations that are
    computed anew instead of kept: 8 N D. Attention's own products, which grow with the context, are left out.
    """
    _positive(parameters=parameters, tokens=tokens)
    return (8 if recompute else 6) * parameters * tokens


def days(operations: float, processes: int, peak: float, share: float) -> float:
    """Days that `processes` GPUs take which reach this `share` of `peak` operations a second."""
    _positive(operations=operations, processes=processes, peak=peak)
    if not 0 < share <= 1:
        raise ValueError(f"share {share} must lie above 0 and not above 1: it is a part of the peak")
    return operations / (processes * peak * share) / DAY


def state_bytes(parameters: float, shards: int = 1) -> float:
    """Bytes for weights, gradients and AdamW's two moments on one GPU: 16 N, divided by `shards` where it is sharded.

    Four numbers of 4 bytes in single precision; mixed precision also has 16, as 2 + 2 for half-precision weights and
    gradients and 12 for the weights in single precision and the moments (Rajbhandari et al. 2020, arXiv 1910.02054,
    section 3.1).
    """
    _positive(parameters=parameters, shards=shards)
    return 16 * parameters / shards


def traffic(parameters: float, processes: int, sharded: bool = False, width: int = 4) -> float:
    """Bytes that a process sends in one step, in rings: 2 (P - 1) / P of the gradients' bytes, sharded 3 (P - 1) / P.

    Adding up sends a gradient round twice, once to sum its parts and once to hand the sums out (Sergeev and Del Balso
    2018, arXiv 1802.05799). Sharded, weights are gathered on the way there and on the way back, and gradients summed
    where they belong (Rajbhandari et al. 2020, section 7). `width` bytes a number.
    """
    _positive(parameters=parameters, processes=processes, width=width)
    return (3 if sharded else 2) * (processes - 1) / processes * width * parameters


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not value > 0:
            raise ValueError(f"{name} {value} must be above 0")
