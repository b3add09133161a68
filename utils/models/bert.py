"""BERT: the Transformer's encoder alone, trained to fill in words that were hidden.

Devlin, Chang, Lee, Toutanova 2018, "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding"
(arXiv 1810.04805). Against the GPT of `utils.models.gpt`: every token sees all others; LayerNorm comes after each
sum, with an epsilon of 1e-12; GELU is exact (erf); a text may have two segments. `load_transformers_bert` reads
published weights. Left out on purpose: dropout on the weights of attention.

Padding stands behind the text: its first token, [CLS], is what pooling and the classifier read.

B batch, T length, D width, h heads, L layers, V vocabulary, C classes, N chosen tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.models.attention import MultiHeadAttention
from utils.models.padding import positions
from utils.models.rnn import Trace

EPSILON = 1e-12  # the LayerNorm of BERT; torch's own 1e-5 gives other numbers from the fourth digit on


@dataclass(frozen=True)
class BertConfig:
    """Sizes of a `Bert`: vocabulary and context in tokens, width in units, dropout as a probability."""

    vocabulary: int
    context: int = 128
    layers: int = 2
    heads: int = 2
    width: int = 128
    dropout: float = 0.0
    pad: int = 0


class BertBlock(nn.Module):
    """Look at all tokens, then think; LayerNorm after each sum (post-LN: Vaswani et al. 2017, section 3.1)."""

    def __init__(self, config: BertConfig):
        super().__init__()
        self.attention = MultiHeadAttention(config.width, config.heads)
        self.attention_norm = nn.LayerNorm(config.width, EPSILON)
        self.inner = nn.Linear(config.width, 4 * config.width)
        self.outer = nn.Linear(4 * config.width, config.width)
        self.outer_norm = nn.LayerNorm(config.width, EPSILON)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, mask: Tensor, trace: Trace | None = None) -> Tensor:
        """x (B, T, D), mask (B, 1, 1, T) -> (B, T, D)."""
        x = self.attention_norm(x + self.dropout(self.attention(x, self.attention.look_at(x), mask, trace)))
        return self.outer_norm(x + self.dropout(self.outer(F.gelu(self.inner(x)))))


class Bert(nn.Module):
    """The encoder: what every token means among all others."""

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = config
        self.words = nn.Embedding(config.vocabulary, config.width)
        self.positions = nn.Embedding(config.context, config.width)
        self.segments = nn.Embedding(2, config.width)
        self.norm = nn.LayerNorm(config.width, EPSILON)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(BertBlock(config) for _ in range(config.layers))
        self.pooler = nn.Linear(config.width, config.width)
        self.apply(_initialise)

    def forward(self, tokens: Tensor, segments: Tensor | None = None, trace: Trace | None = None) -> Tensor:
        """tokens (B, T), segments (B, T) of 0 and 1 (all 0 if None) -> states (B, T, D).

        A `trace` receives the attention "weights" (B, h, T, T) of each block.
        """
        if tokens.shape[1] > self.config.context:
            raise ValueError(f"{tokens.shape[1]} tokens exceed the context of {self.config.context}: cut the text")
        real = tokens != self.config.pad
        segment = self.segments.weight[0] if segments is None else self.segments(segments)
        x = self.dropout(self.norm(self.words(tokens) + self.positions(positions(real)) + segment))  # (B, T, D)
        for block in self.blocks:
            x = block(x, real[:, None, None], trace)
        return x

    def pooled(self, states: Tensor) -> Tensor:
        """One vector for the whole text, from the state of [CLS]: states (B, T, D) -> (B, D)."""
        return torch.tanh(self.pooler(states[:, 0]))  # (B, D)


class BertForPretraining(nn.Module):
    """The encoder with its two tasks: which word was hidden, and does the second sentence follow the first."""

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = config
        self.bert = Bert(config)
        self.transform = nn.Linear(config.width, config.width)
        self.transform_norm = nn.LayerNorm(config.width, EPSILON)
        self.bias = nn.Parameter(torch.zeros(config.vocabulary))
        self.relation = nn.Linear(config.width, 2)
        self.apply(_initialise)

    def forward(self, tokens: Tensor, segments: Tensor | None = None) -> Tensor:
        """Logits of the word at every place: tokens, segments (B, T) -> (B, T, V)."""
        return self.word_logits(self.bert(tokens, segments))

    def hidden_words(self, tokens: Tensor, hidden: Tensor, segments: Tensor | None = None) -> Tensor:
        """Logits of the words at the places `hidden` (B, T) bool only, row by row: (N, V).

        The same as `forward(tokens, segments)[hidden]`, but the dear product with the vocabulary is done for 15 % of
        the tokens, not for all.
        """
        return self.word_logits(self.bert(tokens, segments)[hidden])

    def word_logits(self, states: Tensor) -> Tensor:
        """States (..., D) -> logits of words (..., V); the output matrix is the embedding (Devlin et al., A.2)."""
        x = self.transform_norm(F.gelu(self.transform(states)))
        return F.linear(x, self.bert.words.weight, self.bias)  # (..., V)

    def relation_logits(self, states: Tensor) -> Tensor:
        """States (B, T, D) -> logits (B, 2) of "the second segment follows" and "it comes from elsewhere"."""
        return self.relation(self.bert.pooled(states))  # (B, 2)


class BertClassifier(nn.Module):
    """A label for the whole text, read from [CLS]."""

    def __init__(self, config: BertConfig, classes: int):
        super().__init__()
        self.bert = Bert(config)
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(config.width, classes)
        self.apply(_initialise)

    def forward(self, tokens: Tensor, segments: Tensor | None = None) -> Tensor:
        """tokens, segments (B, T) -> logits (B, C)."""
        return self.output(self.dropout(self.bert.pooled(self.bert(tokens, segments))))  # (B, C)


class BertTagger(nn.Module):
    """A label for every token."""

    def __init__(self, config: BertConfig, classes: int):
        super().__init__()
        self.bert = Bert(config)
        del self.bert.pooler  # no tag looks at the whole text's vector
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(config.width, classes)
        self.apply(_initialise)

    def forward(self, tokens: Tensor, segments: Tensor | None = None) -> Tensor:
        """tokens, segments (B, T) -> logits (B, T, C); those on padding mean nothing."""
        return self.output(self.dropout(self.bert(tokens, segments)))  # (B, T, C)


def _initialise(module: nn.Module) -> None:
    """Small normal weights, zero biases (Devlin et al.'s code, `initializer_range`)."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)


# Names in transformers -> names here, in this order; what becomes None is the embedding again, or no weight at all.
NAMES = (
    ("embeddings.position_ids", None),
    ("cls.predictions.decoder.weight", None),
    ("cls.predictions.decoder.bias", None),
    ("LayerNorm.gamma", "LayerNorm.weight"),  # so in the oldest checkpoints
    ("LayerNorm.beta", "LayerNorm.bias"),
    ("embeddings.word_embeddings.", "words."),
    ("embeddings.position_embeddings.", "positions."),
    ("embeddings.token_type_embeddings.", "segments."),
    ("embeddings.LayerNorm.", "norm."),
    ("encoder.layer.", "blocks."),
    ("attention.self.", "attention."),
    ("attention.output.dense.", "attention.output."),
    ("attention.output.LayerNorm.", "attention_norm."),
    ("intermediate.dense.", "inner."),
    ("output.dense.", "outer."),
    ("output.LayerNorm.", "outer_norm."),
    ("pooler.dense.", "pooler."),
    ("cls.predictions.transform.dense.", "transform."),
    ("cls.predictions.transform.LayerNorm.", "transform_norm."),
    ("cls.predictions.bias", "bias"),
    ("cls.seq_relationship.", "relation."),
)


def renamed(name: str) -> str | None:
    """The name here of a weight that transformers calls `name`; None if there is none."""
    for theirs, ours in NAMES:
        if theirs in name:
            if ours is None:
                return None
            name = name.replace(theirs, ours)
    return name


def load_transformers_bert(weights: Mapping[str, Tensor], heads: int) -> Bert:
    """The encoder in transformers' BERT weights (a state dict, or the tensors of a safetensors file), heads left out.

    The sizes are read off the weights, all but the number of `heads`.
    """
    own = {name.removeprefix("bert."): value for name, value in _rename(weights).items()}
    model = Bert(_config(own, heads)).to(own["words.weight"].dtype)
    model.load_state_dict({name: value for name, value in own.items() if name in model.state_dict()})
    return model


def load_transformers_pretraining(weights: Mapping[str, Tensor], heads: int) -> BertForPretraining:
    """The encoder with both heads, from the weights of transformers' BertForPreTraining."""
    own = _rename(weights)
    config = _config({name.removeprefix("bert."): value for name, value in own.items()}, heads)
    model = BertForPretraining(config).to(own["bert.words.weight"].dtype)
    model.load_state_dict(own)
    return model


def _rename(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {new: value for name, value in weights.items() if (new := renamed(name)) is not None}


def _config(own: Mapping[str, Tensor], heads: int) -> BertConfig:
    vocabulary, width = own["words.weight"].shape
    layers = len({name.split(".")[1] for name in own if name.startswith("blocks.")})
    return BertConfig(vocabulary, len(own["positions.weight"]), layers, heads, width)
