"""Numbers instead of words: how good is an answer, and how good is it going to be.

Reward model: Stiennon et al. 2020, "Learning to summarize from human feedback" (arXiv 2009.01325), section 3.4;
Ouyang et al. 2022 (arXiv 2203.02155), section 3.5. Value function: Schulman et al. 2017 (arXiv 1707.06347). Each is a
GPT whose output matrix gives way to a single number. Left out on purpose: centring the rewards, which a loss over pairs
cannot see.

B batch, T length, D width.
"""

from __future__ import annotations

from torch import Tensor, nn

from utils.models.gpt import GPT
from utils.models.padding import last_real, row_at


class RewardModel(nn.Module):
    """The score of a whole text, read at its last real token, which alone has seen all of it."""

    def __init__(self, gpt: GPT):
        super().__init__()
        self.gpt = gpt
        self.score = nn.Linear(gpt.config.width, 1, bias=False)
        # So that first scores differ little (Stiennon et al., appendix B.1: variance 1 / (D + 1)).
        nn.init.normal_(self.score.weight, std=(gpt.config.width + 1) ** -0.5)

    def forward(self, tokens: Tensor) -> Tensor:
        """tokens (B, T), padded on either side -> scores (B,)."""
        last = last_real(tokens != self.gpt.config.pad)
        return self.score(row_at(self.gpt.states(tokens), last))[:, 0]  # (B,)


class ValueModel(nn.Module):
    """At every token, the reward that is still to be expected; 0 everywhere before it has learned anything."""

    def __init__(self, gpt: GPT):
        super().__init__()
        self.gpt = gpt
        self.value = nn.Linear(gpt.config.width, 1)
        nn.init.zeros_(self.value.weight)
        nn.init.zeros_(self.value.bias)

    def forward(self, tokens: Tensor) -> Tensor:
        """tokens (B, T) -> values (B, T); those on padding mean nothing."""
        return self.value(self.gpt.states(tokens))[..., 0]  # (B, T)
