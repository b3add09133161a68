"""Prompts and what was written after them: put together as texts, and read by a model before each token.

Prompts (B, S) may be padded on either side, completions (B, T) are padded behind, as `utils.decoding` writes them.

B batch, S length of the prompts, T of the completions, N of the texts.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from utils.data.tokens import PAD


def join(prompts: Tensor, completions: Tensor) -> tuple[Tensor, Tensor]:
    """Texts (B, N), padded behind, and a mask (B, N) that is True on the tokens of the completion.

    ValueError for an empty prompt: the first token of a completion is predicted from what stands before it.
    """
    if len(prompts) != len(completions):
        raise ValueError(f"{len(prompts)} prompts and {len(completions)} completions must be equally many")
    if not bool((prompts != PAD).any(dim=1).all()):
        raise ValueError("a prompt is empty: give at least one token, such as BOS")
    text = torch.cat([prompts, completions], dim=1)  # (B, S + T)
    written = torch.cat([torch.zeros_like(prompts, dtype=torch.bool), completions != PAD], dim=1)
    order = (text == PAD).int().argsort(dim=1, stable=True)[:, : int((text != PAD).sum(dim=1).max())]
    return text.gather(1, order), written.gather(1, order)  # (B, N)


def before_completions(model: Any, prompts: Tensor, completions: Tensor) -> Tensor:
    """What `model(texts)`, (B, N, ...), says just before each token of the completions: (B, T, ...).

    Of a language model these are the logits from which the token was drawn, of a value model what it expected then.
    On padding they mean nothing.
    """
    tokens, _ = join(prompts, completions)
    first = (prompts != PAD).sum(dim=1, keepdim=True) - 1
    index = first + torch.arange(completions.shape[1], device=tokens.device)  # (B, T)
    rows = torch.arange(len(tokens), device=tokens.device)[:, None]
    return model(tokens)[rows, index.clamp(max=tokens.shape[1] - 1)]
