"""Turning a model's logits into sequences: greedy, sampling and beam search, one for all models.

A model that generates offers the step protocol: `start(source) -> state`, `step(token, state) -> (logits, state)`,
and `state.select(index)`, which picks rows. Everything is batched; what has been computed once stays in the state.
A model that continues a prompt (a decoder alone) keeps the prompt's last token in `state.token`: it is the first one
to be fed. All others are fed BOS first. PAD is never written: it fills up a batch and is no word. A model with ids of
its own says so by `eos` and `pad`: GPT-2 ends with 50256 and has no padding, so its rows are filled up with `pad=-1`.

B batch, T length of the output, V vocabulary, K beam.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from utils.data.tokens import BOS, EOS, PAD


class State(Protocol):
    """What a model carries from step to step."""

    def select(self, index: Tensor) -> Any:
        """Rows `index` (N,) of the state."""


class Generator(Protocol):
    """A model that writes token by token."""

    def start(self, source: Tensor) -> Any:
        """Read the source (B, S)."""

    def step(self, token: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Last token (B,) and state -> logits (B, V) and state."""


@dataclass(frozen=True)
class Hypothesis:
    """One output of beam search: its tokens (EOS included where it was reached) and its score in nats."""

    tokens: list[int]
    score: float


def greedy(model: Generator, source: Tensor, max_length: int = 100, eos: int = EOS, pad: int = PAD) -> Tensor:
    """The most probable token at every step: source (B, S) -> tokens (B, T), `pad` behind `eos`."""
    return _generate(model, source, max_length, lambda logits: logits.argmax(dim=-1), eos, pad)


def sample(
    model: Generator,
    source: Tensor,
    max_length: int = 100,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
    eos: int = EOS,
    pad: int = PAD,
) -> Tensor:
    """Tokens drawn from the model's distribution: source (B, S) -> tokens (B, T), `pad` behind `eos`.

    `temperature` divides the logits; `top_k` keeps the k best tokens of each row, `top_p` the fewest tokens
    that hold this share of the probability (Holtzman et al. 2020, arXiv 1904.09751).
    """

    def draw(logits: Tensor) -> Tensor:
        probabilities = F.softmax(filter_logits(logits, temperature, top_k, top_p), dim=-1)
        return torch.multinomial(probabilities, 1, generator=generator)[:, 0]

    return _generate(model, source, max_length, draw, eos, pad)


def filter_logits(
    logits: Tensor, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> Tensor:
    """Logits (B, V) at a temperature, with -inf for every token that top-k or top-p leaves out."""
    if not temperature > 0:  # nan is not above 0 either
        raise ValueError(f"temperature {temperature} must be above 0; for the most probable token use greedy()")
    logits = logits / temperature
    if top_k is not None:
        if not 1 <= top_k <= logits.shape[-1]:
            raise ValueError(f"top_k {top_k} must lie between 1 and the {logits.shape[-1]} tokens of the vocabulary")
        kth = logits.topk(top_k, dim=-1).values[:, -1:]
        logits = logits.masked_fill(logits < kth, -torch.inf)
    if top_p is not None:
        if not 0 < top_p <= 1:
            raise ValueError(f"top_p {top_p} must be above 0 and at most 1")
        # From the least probable up, since small numbers add up exactly there: what all dropped ones hold together
        # is at most 1 - top_p, and the most probable token always stays.
        ordered, order = logits.sort(dim=-1)
        dropped = F.softmax(ordered, dim=-1).cumsum(dim=-1) <= 1 - top_p
        dropped[:, -1] = False
        dropped = dropped.scatter(-1, order, dropped)
        logits = logits.masked_fill(dropped, -torch.inf)
    return logits


def forced(model: Generator, source: Tensor, target: Tensor) -> Tensor:
    """The most probable next token after every *true* prefix (teacher forcing): target (B, T) -> tokens (B, T)."""
    _check(source)
    if target.ndim != 2 or target.is_floating_point() or len(target) != len(source) or not target.numel():
        shape = tuple(target.shape)
        raise ValueError(f"target has shape {shape} and type {target.dtype}: give token ids ({len(source)}, T)")
    with torch.no_grad():
        state, columns = model.start(source), []
        previous = _first_token(state, source)
        for true_token in target.T:
            logits, state = model.step(previous, state)
            columns.append(logits.argmax(dim=-1))
            previous = true_token
    return torch.stack(columns, dim=1)


@torch.no_grad()
def _generate(
    model: Generator, source: Tensor, max_length: int, choose: Callable[[Tensor], Tensor], eos: int, pad: int
) -> Tensor:
    _check(source, max_length)
    state = model.start(source)
    token = _first_token(state, source)
    done = torch.zeros(len(source), dtype=torch.bool, device=source.device)
    columns: list[Tensor] = []
    while len(columns) < max_length and not done.all():
        # What a finished row is fed is no matter, but it has to be an id, and -1 is none.
        logits, state = model.step(token.clamp(min=0), state)
        token = choose(_without(pad, logits)).masked_fill(done, pad)
        done = done | (token == eos)
        columns.append(token)
    return torch.stack(columns, dim=1)


@torch.no_grad()
def beam_search(
    model: Generator,
    source: Tensor,
    beam: int = 5,
    max_length: int = 100,
    alpha: float = 0.6,
    n_best: int = 1,
    eos: int = EOS,
    pad: int = PAD,
) -> list[list[Hypothesis]]:
    """The `n_best` hypotheses of each source sentence that a beam of K finds, best first.

    Score: sum of log-probabilities / length^alpha, where the length counts EOS. The search of a sentence ends
    when no live hypothesis can still beat its finished ones; at `max_length` the live ones count as finished.
    """
    _check(source, max_length)
    if beam < 1 or not 1 <= n_best <= beam:
        raise ValueError(f"beam {beam} and n_best {n_best}: beam must be at least 1, n_best between 1 and beam")
    if alpha < 0:
        raise ValueError(f"alpha {alpha} must be at least 0: 0 adds log-probabilities, 1 averages them")
    B, K, device = len(source), beam, source.device
    state = model.start(source).select(torch.arange(B, device=device).repeat_interleave(K))
    first_row = torch.arange(B, device=device)[:, None] * K
    live = torch.full((B, K), -torch.inf, device=device)
    live[:, 0] = 0.0  # all beams start equal: only one may count
    tokens = _first_token(state, source.repeat_interleave(K, dim=0)).view(B, K, 1)
    done, done_tokens = torch.full((B, K), -torch.inf, device=device), torch.full((B, K, 1), pad, device=device)
    for length in range(1, max_length + 1):
        logits, state = model.step(tokens[:, :, -1].flatten(), state)
        steps = _without(pad, F.log_softmax(logits.float(), dim=-1))
        scores = live[:, :, None] + steps.view(B, K, -1)  # (B, K, V)
        # Each hypothesis has one EOS, so among 2K candidates at least K go on.
        best, index = scores.flatten(1).topk(min(2 * K, scores[0].numel()))  # (B, 2K)
        parent, token = index // scores.shape[-1], index % scores.shape[-1]
        candidates = torch.cat([_pick(tokens, parent), token[:, :, None]], dim=-1)  # (B, 2K, length + 1)
        ends = token == eos
        # An EOS below the first K candidates would not have survived in the beam.
        ended = best.masked_fill(~ends, -torch.inf)[:, :K] / length**alpha
        if length == max_length:
            ended = best[:, :K] / length**alpha
        done, kept = torch.cat([done, ended], dim=1).topk(K)
        done_tokens = _pick(torch.cat([F.pad(done_tokens, (0, 1), value=pad), candidates[:, :K]], dim=1), kept)
        live, kept = best.masked_fill(ends, -torch.inf).topk(min(K, best.shape[1]))
        tokens, parent = _pick(candidates, kept), parent.gather(1, kept)
        if K == 1:  # a beam of one is greedy search: it ends at its first EOS
            live = live.masked_fill(ends[:, :1], -torch.inf)
        if bool((done[:, -1] >= live[:, 0] / max_length**alpha).all()):
            break
        state = state.select((first_row + parent).flatten())
    return [_hypotheses(*row, n_best, pad) for row in zip(done_tokens.tolist(), done.tolist(), strict=True)]


def _first_token(state: Any, source: Tensor) -> Tensor:
    """What is fed first, (B,): the last token of a prompt that is to be continued, else BOS."""
    token = getattr(state, "token", None)
    return torch.full((len(source),), BOS, device=source.device) if token is None else token


def _check(source: Tensor, max_length: int = 1) -> None:
    if not isinstance(source, Tensor) or source.dtype == torch.bool:
        kind = source.dtype if isinstance(source, Tensor) else type(source).__name__
        raise ValueError(f"source is a {kind}: give a tensor of token ids (B, S)")
    # Token ids are (B, S); frames, vectors of numbers, are (B, S, bands).
    if source.numel() == 0 or source.ndim != (3 if source.is_floating_point() else 2):
        raise ValueError(f"source has shape {tuple(source.shape)} and type {source.dtype}: give token ids (B, S)")
    if max_length < 1:
        raise ValueError(f"max_length {max_length} must be at least 1")


def _without(pad: int, logits: Tensor) -> Tensor:
    """Logits or log-probabilities (B, V) with -inf for padding, if any token is padding."""
    if pad < 0:
        return logits
    logits = logits.clone()
    logits[:, pad] = -torch.inf
    return logits


def _pick(rows: Tensor, index: Tensor) -> Tensor:
    """rows (B, N, T), index (B, K) -> (B, K, T)."""
    return rows.gather(1, index[:, :, None].expand(-1, -1, rows.shape[-1]))


def _hypotheses(tokens: list[list[int]], scores: list[float], n_best: int, pad: int) -> list[Hypothesis]:
    found = [(row[1:], score) for row, score in zip(tokens, scores, strict=True) if score > -torch.inf]
    return [Hypothesis([t for t in row if t != pad], score) for row, score in found[:n_best]]
