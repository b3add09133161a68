"""Four properties that every model has, each written once: padding, order of the batch, causality, one row alone.

A model is an entry of `MODELS`: how to build it, and how to call it on a right-padded batch of sentences, so that the
output has a row for each sentence. `per_word`: the output has a column for each word of `words`. `causal`: a word's
column knows nothing of the words behind it, which `embedding` finds in the model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from utils.models.attention import AttentionSeq2Seq
from utils.models.awd_lstm import AWDLanguageModel, AWDLSTMConfig, ULMFiTClassifier
from utils.models.bert import Bert, BertClassifier, BertConfig, BertForPretraining, BertTagger
from utils.models.gpt import GPT, GPTConfig
from utils.models.reward import RewardModel, ValueModel
from utils.models.rnn_heads import Classifier, LanguageModel, RecurrentConfig, Tagger
from utils.models.seq2seq import Seq2Seq, Seq2SeqConfig
from utils.models.transformer import Transformer, TransformerConfig

VOCABULARY = 12
few = settings(max_examples=8, deadline=None, database=None)


@dataclass(frozen=True)
class Entry:
    """A model under test; `call(model, source, words)` gets padded batches (B, S) and (B, T) of the same B."""

    name: str
    build: Callable[[], nn.Module]
    call: Callable[[Any, Tensor, Tensor], Tensor]
    embedding: Callable[[Any], nn.Module] | None = None
    per_word: bool = True

    @property
    def causal(self) -> bool:
        """Whether a word's output may not depend on later words."""
        return self.embedding is not None


def recurrent(head: Any, **sizes: Any) -> Callable[[], nn.Module]:
    return lambda: head(RecurrentConfig(VOCABULARY, 3, embedding=4, hidden=5, **sizes))


def encoder_decoders() -> list[Entry]:
    small = Seq2SeqConfig(VOCABULARY, VOCABULARY, embedding=4, hidden=5)
    sizes = TransformerConfig(VOCABULARY, VOCABULARY, width=8, heads=2, feed_forward=8)
    post = TransformerConfig(VOCABULARY, VOCABULARY, width=8, heads=2, feed_forward=8, pre_norm=False, shared=True)
    builds: dict[str, Callable[[], nn.Module]] = {
        "Seq2Seq": lambda: Seq2Seq(small),
        "AttentionSeq2Seq": lambda: AttentionSeq2Seq(small),
        "Transformer, pre-LN": lambda: Transformer(sizes),
        "Transformer, post-LN, shared": lambda: Transformer(post),
    }
    call = lambda model, source, words: model(source, words)  # noqa: E731
    return [Entry(name, build, call, lambda model: model.decoder.embedding) for name, build in builds.items()]


def recurrent_heads() -> list[Entry]:
    on_words = lambda model, source, words: model(words)  # noqa: E731
    entries = []
    for cell in ("RNN", "LSTM", "GRU", "LSTMScratch", "GRUScratch", "RNNScratch"):
        layers = 1 if cell.endswith("Scratch") else 2
        build = recurrent(LanguageModel, cell=cell, layers=layers)
        entries.append(Entry(f"LanguageModel, {cell}", build, on_words, lambda model: model.embedding))
    for both in (False, True):
        way = ", both ways" if both else ""
        classifier = recurrent(Classifier, layers=2, bidirectional=both)
        entries.append(Entry(f"Classifier{way}", classifier, on_words, per_word=False))
        entries.append(Entry(f"Tagger{way}", recurrent(Tagger, layers=2, bidirectional=both), on_words))
    return entries


def pretrained() -> list[Entry]:
    """AWD-LSTM, BERT, GPT, and what is put on them."""
    awd = AWDLSTMConfig(VOCABULARY, embedding=4, hidden=5)
    bert = BertConfig(VOCABULARY, context=16, width=8)
    gpt = GPTConfig(VOCABULARY, context=16, width=8)
    on_words = lambda model, source, words: model(words)  # noqa: E731
    return [
        Entry("AWDLanguageModel", lambda: AWDLanguageModel(awd), on_words, lambda model: model.encoder.embedding),
        Entry("ULMFiTClassifier", lambda: ULMFiTClassifier(awd, 3, width=4), on_words, per_word=False),
        Entry("Bert", lambda: Bert(bert), on_words),
        Entry("BertForPretraining", lambda: BertForPretraining(bert), on_words),
        Entry("BertClassifier", lambda: BertClassifier(bert, 3), on_words, per_word=False),
        Entry("BertTagger", lambda: BertTagger(bert, 3), on_words),
        Entry("GPT", lambda: GPT(gpt), on_words, lambda model: model.wte),
        Entry("ValueModel", lambda: ValueModel(GPT(gpt)), on_words, lambda model: model.gpt.wte),
        Entry("RewardModel", lambda: RewardModel(GPT(gpt)), on_words, per_word=False),
    ]


MODELS = [*encoder_decoders(), *recurrent_heads(), *pretrained()]
all_models = pytest.mark.parametrize("entry", MODELS, ids=lambda entry: entry.name)
causal_models = pytest.mark.parametrize("entry", [e for e in MODELS if e.causal], ids=lambda entry: entry.name)


def model_of(entry: Entry) -> nn.Module:
    """The model in double precision, weights from normal(0, 0.5): default ones hide errors behind zero biases."""
    model = entry.build().double().eval()
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * 0.5)
    return model


@st.composite
def batches(draw: Callable[..., Any]) -> tuple[Tensor, Tensor]:
    """Two ragged batches, source (B, S) and words (B, T), right-padded with 0."""
    rows = draw(st.integers(2, 4))

    def batch() -> Tensor:
        sentence = st.lists(st.integers(1, VOCABULARY - 1), min_size=1, max_size=6)
        sentences = [draw(sentence) for _ in range(rows)]
        longest = max(map(len, sentences))
        return torch.tensor([s + [0] * (longest - len(s)) for s in sentences])

    return batch(), batch()


def real(entry: Entry, output: Tensor, words: Tensor) -> Tensor:
    """The part of an output that means something."""
    return output[:, : words.shape[1]][words != 0] if entry.per_word else output


def same(one: Tensor, other: Tensor) -> None:
    """Equal but for the rounding of double precision."""
    torch.testing.assert_close(one, other, atol=1e-10, rtol=1e-10)


def padded(tokens: Tensor, columns: int) -> Tensor:
    return torch.cat([tokens, tokens.new_zeros(len(tokens), columns)], dim=1)


@all_models
@few
@given(batch=batches(), columns=st.integers(1, 5))
@torch.no_grad()
def test_padding_changes_nothing(entry: Entry, batch: tuple[Tensor, Tensor], columns: int) -> None:
    source, words = batch
    model = model_of(entry)
    more = entry.call(model, padded(source, columns), padded(words, columns))
    less = entry.call(model, source, words)
    same(real(entry, more, words), real(entry, less, words))


@all_models
@few
@given(batch=batches(), seed=st.integers(0, 99))
@torch.no_grad()
def test_order_of_the_batch_changes_nothing(entry: Entry, batch: tuple[Tensor, Tensor], seed: int) -> None:
    source, words = batch
    model = model_of(entry)
    order = torch.randperm(len(source), generator=torch.Generator().manual_seed(seed))
    permuted = entry.call(model, source[order], words[order])
    straight = entry.call(model, source, words)[order]
    same(real(entry, permuted, words[order]), real(entry, straight, words[order]))


@all_models
@few
@given(batch=batches())
@torch.no_grad()
def test_a_row_alone_is_the_row_in_the_batch(entry: Entry, batch: tuple[Tensor, Tensor]) -> None:
    source, words = batch
    model = model_of(entry)
    together = entry.call(model, source, words)
    for row, (s, w) in enumerate(zip(source, words, strict=True)):
        s, w = s[s != 0][None], w[w != 0][None]
        alone = real(entry, entry.call(model, s, w), w)
        expected = real(entry, together[row : row + 1], words[row : row + 1])
        same(alone, expected)


@causal_models
@few
@given(batch=batches(), data=st.data())
def test_no_word_sees_the_future(entry: Entry, batch: tuple[Tensor, Tensor], data: st.DataObject) -> None:
    """Another word at t leaves all logits before t as they are, bit for bit, and they have no gradient towards t."""
    source, words = batch
    words = padded(words, 1)  # a word behind the last one, so that there is always a future
    words[words == 0] = 1
    t = data.draw(st.integers(1, words.shape[1] - 1))
    model = model_of(entry)
    other = words.clone()
    other[:, t] = (words[:, t] % (VOCABULARY - 1)) + 1
    with torch.no_grad():
        before = entry.call(model, source, words)
        after = entry.call(model, source, other)
    assert torch.equal(before[:, :t], after[:, :t])
    assert not torch.equal(before[:, t], after[:, t]), "the word at t has no effect at all: nothing is tested"

    embedded: list[Tensor] = []
    assert entry.embedding is not None
    hook = entry.embedding(model).register_forward_hook(lambda module, inputs, output: embedded.append(output))
    logits = entry.call(model, source, words)
    hook.remove()
    (gradient,) = torch.autograd.grad(logits[:, :t].sum(), embedded[-1])  # the last call is the decoder's
    assert gradient[:, t:].abs().max() == 0
    assert gradient[:, :t].abs().max() > 0
