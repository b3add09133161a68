"""One block, two masks: a language model that is GPT or BERT by where its words may look, and by nothing else.

The layers are the encoder's of Vaswani et al. 2017, as `utils.models.transformer` has them. Under a causal mask a word
sees itself and what stands before it, as in GPT (Radford et al. 2018); without one it sees the whole text, as in BERT
(Devlin et al. 2018, arXiv 1810.04805). The published models differ in more: see `utils.models.gpt` and
`utils.models.bert`, which load their weights. Left out on purpose: keys and values that are kept while writing, and
two segments.

Padding stands behind the text. B batch, T length, D width, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.models.attention import causal_mask
from utils.models.transformer import Encoder, TransformerConfig


@dataclass(frozen=True)
class TextState:
    """A text as far as it goes, (B, T) ids; `token` (B,) is its last one, which is still to be read: feed it first."""

    tokens: Tensor
    token: Tensor

    def select(self, index: Tensor) -> TextState:
        """Rows `index` (N,) of the state."""
        return TextState(self.tokens[index], self.token[index])


class OneBlock(nn.Module):
    """Logits of a word at every place; `causal` decides where each place may look, and no parameter depends on it."""

    def __init__(self, config: TransformerConfig, causal: bool):
        super().__init__()
        self.config, self.causal = config, causal
        self.encoder = Encoder(config)
        self.bias = nn.Parameter(torch.zeros(config.source_vocabulary))
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def mask(self, tokens: Tensor) -> Tensor:
        """Where each token may look: tokens (B, T) -> (B, 1, 1 or T, T), True = may be looked at."""
        real = (tokens != self.config.pad)[:, None, None]  # (B, 1, 1, T)
        return real & causal_mask(tokens.shape[1], device=tokens.device) if self.causal else real

    def forward(self, tokens: Tensor) -> Tensor:
        """tokens (B, T) -> logits (B, T, V): of the next word or of the word itself, as it was trained."""
        return self.logits(self.states(tokens))

    def states(self, tokens: Tensor) -> Tensor:
        """What the model knows at every token: (B, T) -> (B, T, D); on padding it means nothing."""
        return self.encoder(tokens, self.mask(tokens))

    def logits(self, states: Tensor) -> Tensor:
        """States (..., D) -> logits (..., V); the output matrix is the embedding."""
        return F.linear(states, self.encoder.embedding.words.weight, self.bias)

    def by_layer(self, tokens: Tensor) -> list[Tensor]:
        """The states (B, T, D) of the embedding alone and behind each layer, the last one normed as in `states`."""
        x, mask = self.encoder.embedding(tokens), self.mask(tokens)
        found = [x]
        for layer in self.encoder.layers:
            found.append(x := layer(x, mask))
        return [*found[:-1], self.encoder.norm(x)]

    def start(self, source: Tensor) -> TextState:
        """Prompts (B, S), all equally long, to be continued."""
        if bool((source == self.config.pad).any()):
            raise ValueError("the prompts differ in length: give prompts of one length, without padding")
        return TextState(source[:, :-1], source[:, -1])

    @torch.no_grad()
    def step(self, token: Tensor, state: TextState) -> tuple[Tensor, TextState]:
        """The last token (B,) and the text before it -> logits at it (B, V), and the text with it."""
        tokens = torch.cat([state.tokens, token[:, None]], dim=1)
        return self.logits(self.states(tokens)[:, -1]), TextState(tokens, token)
