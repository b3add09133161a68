"""GPT: the Transformer's decoder alone, trained to continue text.

Radford, Narasimhan, Salimans, Sutskever 2018, "Improving Language Understanding by Generative Pre-Training";
Radford et al. 2019, "Language Models are Unsupervised Multitask Learners" (GPT-2), whose block this is: LayerNorm
before each sublayer and once at the end, GELU in its tanh form, learned positions, output matrix = embedding.
Parameters bear the names of OpenAI's checkpoint. Left out on purpose: BPE (see `utils.data.tokens`), chunked prompts.

Padding may stand on either side of a text: positions count real tokens only, and no token looks at padding.

B batch, T length, D width, H heads, L layers, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.models.attention import causal_mask, scaled_dot_product_attention
from utils.models.cache import Cache, Past
from utils.models.padding import last_real, positions
from utils.models.rnn import Trace, keep, stacked


@dataclass(frozen=True)
class GPTConfig:
    """Sizes of a `GPT`: vocabulary and context in tokens, width in units, dropout as a probability.

    `pad` is the id of padding; -1, as for GPT-2's own weights, says that no id is.
    """

    vocabulary: int
    context: int = 128
    layers: int = 2
    heads: int = 2
    width: int = 128
    dropout: float = 0.0
    pad: int = 0


@dataclass(frozen=True)
class GPTState:
    """A text as far as it has been read: `length` columns of the cache, `position` (B,) of the next token.

    `token` (B,) is the last one of the prompt, which is still to be read: feed it first. `real` (B, length) is False
    where a column of the cache is padding; None if none is.
    """

    token: Tensor
    position: Tensor
    cache: Cache
    length: int
    real: Tensor | None = None
    trace: dict[str, Tensor] | None = None

    def select(self, index: Tensor) -> GPTState:
        """Rows `index` (N,) of the state, repeated or reordered as beam search asks."""
        return replace(
            self,
            token=self.token[index],
            position=self.position[index],
            cache=self.cache.select(index),
            real=None if self.real is None else self.real[index],
            trace=self.trace and {name: value[index] for name, value in self.trace.items()},
        )


class CausalSelfAttention(nn.Module):
    """Every token looks at itself and at those before it, in H ways at once."""

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.heads, self.p = config.heads, config.dropout
        self.c_attn = nn.Linear(config.width, 3 * config.width)
        self.c_proj = nn.Linear(config.width, config.width)

    def forward(self, x: Tensor, mask: Tensor | None, past: Past | None = None, trace: Trace | None = None) -> Tensor:
        """x (B, T, D) -> (B, T, D); `mask` (B, 1, T, S) is True where may be looked, None means all that is past."""
        parts = self.c_attn(x).chunk(3, dim=-1)
        query, key, value = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts)  # (B, H, T, D/H)
        if past is not None:
            key, value = past.append(key, value)  # (B, H, S, D/H)
        if trace is not None:
            context, weights = scaled_dot_product_attention(query, key, value, mask)
            keep(trace, weights=weights[:, :, -1])  # (B, H, S)
        else:
            # One query behind a cache may look at all keys; is_causal would show it the first one only.
            causal = mask is None and query.shape[2] == key.shape[2]
            p = self.p if self.training else 0.0
            context = F.scaled_dot_product_attention(query, key, value, mask, p, causal)
        return self.c_proj(context.transpose(1, 2).flatten(2))  # (B, T, D)


class MLP(nn.Module):
    """Two linear maps with a GELU between them, on each token by itself."""

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.c_fc = nn.Linear(config.width, 4 * config.width)
        self.c_proj = nn.Linear(4 * config.width, config.width)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, T, D) -> (B, T, D)."""
        return self.c_proj(F.gelu(self.c_fc(x), approximate="tanh"))


class Block(nn.Module):
    """Look around, then think; each adds to what is there (pre-LN: Radford et al. 2019, section 2.3)."""

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.ln_1 = nn.LayerNorm(config.width)
        self.attn = CausalSelfAttention(config)
        self.ln_2 = nn.LayerNorm(config.width)
        self.mlp = MLP(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, mask: Tensor | None, past: Past | None = None, trace: Trace | None = None) -> Tensor:
        """x (B, T, D) -> (B, T, D)."""
        x = x + self.dropout(self.attn(self.ln_1(x), mask, past, trace))
        return x + self.dropout(self.mlp(self.ln_2(x)))


class GPT(nn.Module):
    """A language model: for every token the logits of the one that follows."""

    def __init__(self, config: GPTConfig):
        super().__init__()
        if config.heads < 1 or config.width % config.heads:
            raise ValueError(f"width {config.width} does not split into {config.heads} heads: take a multiple of them")
        self.config = config
        self.wte = nn.Embedding(config.vocabulary, config.width)
        self.wpe = nn.Embedding(config.context, config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.h = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.ln_f = nn.LayerNorm(config.width)
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                # 2 L sublayers add up, so each begins smaller, and their sum does not grow with L (GPT-2, section 2.3).
                nn.init.normal_(parameter, std=0.02 / (2 * config.layers) ** 0.5 if "c_proj" in name else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, tokens: Tensor) -> Tensor:
        """tokens (B, T) -> logits of the next tokens (B, T, V); those on padding mean nothing."""
        return F.linear(self.states(tokens), self.wte.weight)

    def states(self, tokens: Tensor) -> Tensor:
        """What the model knows at every token, to put heads on: (B, T) -> (B, T, D)."""
        if tokens.shape[1] > self.config.context:
            raise ValueError(f"{tokens.shape[1]} tokens exceed the context of {self.config.context}: cut the text")
        return self._read(tokens, tokens != self.config.pad)

    @torch.no_grad()
    def start(self, source: Tensor, trace: bool = False) -> GPTState:
        """Read prompts (B, S) up to their last token, which waits in `state.token`.

        With `trace=True` each step leaves its attention "weights" (B, L, H, S) in `state.trace`.
        """
        real = source != self.config.pad
        last = last_real(real)[:, None]
        token, real = source.gather(1, last)[:, 0], real.scatter(1, last, False)
        used = real.any(dim=0)
        source, real = source[:, used], real[:, used]
        length, limit = source.shape[1], self.config.context
        if length >= limit:
            raise ValueError(f"a prompt of {length + 1} tokens exceeds the context of {limit}: cut it")
        heads, room = self.config.heads, min(max(2 * length, 32), limit)
        size = (len(self.h), 2, len(source), heads, room, self.config.width // heads)
        cache = Cache(self.wte.weight.new_empty(size), length)
        if length:
            self._read(source, real, cache)
        ragged = None if bool(real.all()) else real
        return GPTState(token, real.sum(dim=1), cache, length, ragged, {} if trace else None)

    @torch.no_grad()
    def step(self, token: Tensor, state: GPTState) -> tuple[Tensor, GPTState]:
        """The last token (B,) and the state -> logits of the next one (B, V) and the new state.

        No gradient flows here, since the cache is written in place: `forward` is for training. ValueError where the
        context is full.
        """
        if state.length == self.config.context:
            raise ValueError(f"the text has filled the context of {self.config.context} tokens: begin a new one")
        cache = state.cache.with_room(state.length, self.config.context)
        real = None if state.real is None else F.pad(state.real, (0, 1), value=True)
        trace: Trace | None = None if state.trace is None else {}
        x = self.dropout(self.wte(token) + self.wpe(state.position))[:, None]  # (B, 1, D)
        for number, block in enumerate(self.h):
            x = block(x, None if real is None else real[:, None, None], cache.layer(number, state.length), trace)
        logits = F.linear(self.ln_f(x), self.wte.weight)[:, 0]  # (B, V)
        kept = None if trace is None else stacked(trace)
        state = replace(state, position=state.position + 1, cache=cache, length=state.length + 1, real=real, trace=kept)
        return logits, state

    def _read(self, tokens: Tensor, real: Tensor, cache: Cache | None = None) -> Tensor:
        """Texts from their first token on: tokens, real (B, T) -> states (B, T, D)."""
        T, mask = tokens.shape[1], None
        place = self.wpe.weight[:T]  # (T, D)
        # Padding behind a text is hidden by causality alone, which is faster than any mask.
        if self.config.pad >= 0 and bool((real[:, 1:] > real[:, :-1]).any()):
            # Padding looks at itself: not every kernel survives a query that may look at nothing.
            itself = torch.eye(T, dtype=torch.bool, device=real.device)
            mask = real[:, None, None] & causal_mask(T, device=real.device) | itself  # (B, 1, T, T)
            place = self.wpe(positions(real))  # (B, T, D)
        x = self.dropout(self.wte(tokens) + place)  # (B, T, D)
        for number, block in enumerate(self.h):
            x = block(x, mask, None if cache is None else cache.layer(number, 0))
        return self.ln_f(x)


def load_gpt2(weights: Mapping[str, Tensor], heads: int, pad: int = -1) -> GPT:
    """A `GPT` with GPT-2's weights under transformers' names (a state dict, or the tensors of a safetensors file).

    The sizes are read off the weights, all but the number of `heads`. The checkpoint keeps the matrices of its linear
    maps transposed, and has no id for padding.
    """
    own = {name.removeprefix("transformer."): value for name, value in weights.items()}
    own = {name: value for name, value in own.items() if not name.endswith((".attn.bias", ".masked_bias"))}
    own.pop("lm_head.weight", None)  # the embedding once more
    for name, value in own.items():
        if name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")):
            own[name] = value.T
    (vocabulary, width), layers = own["wte.weight"].shape, len({n.split(".")[1] for n in own if n.startswith("h.")})
    config = GPTConfig(vocabulary, len(own["wpe.weight"]), layers, heads, width, pad=pad)
    model = GPT(config).to(own["wte.weight"].dtype)
    model.load_state_dict(own)
    return model
