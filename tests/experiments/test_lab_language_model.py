"""Language models of the lab: every model is scored on the same words, and none sees a test sentence."""

from __future__ import annotations

import torch

from utils import metrics
from utils.data.tokens import BOS, EOS
from utils.experiments import lab_language_model as lm
from utils.experiments.lab_language_model import Settings

SMALL = Settings(sentences=600, tests=60, words=(3, 12), embedding=16, hidden=24, steps=150)


def test_the_parts_share_no_sentence_and_the_vocabulary_is_that_of_training() -> None:
    data = lm.prepare(SMALL)
    assert not set(data.train) & set(data.test)
    assert {word for sentence in data.train for word in sentence} == set(data.words.words[4:])


def test_a_model_reads_the_word_before_and_predicts_the_end() -> None:
    data = lm.prepare(SMALL)
    sentence = data.words.encode(data.train[0])
    ((reads, writes),) = lm.Sentences([(sentence,)], 4).epoch(0)
    assert reads[0].tolist() == [BOS, *sentence[:-1]]
    assert writes[0].tolist() == sentence
    assert writes[0, -1] == EOS


def test_n_grams_and_nets_are_scored_on_equally_many_tokens() -> None:
    data = lm.prepare(SMALL)
    torch.manual_seed(0)
    untrained = lm.nats(lm.build("GRU", SMALL, data), data.words, data.test)
    counted = lm.n_gram_nats(lm.n_gram(2, data), data.test)
    assert len(untrained) == len(counted) == sum(len(sentence) + 1 for sentence in data.test)
    assert abs(metrics.perplexity(untrained) / len(data.words) - 1) < 0.15, "without training it has no idea"


def test_training_beats_single_word_counts() -> None:
    data = lm.prepare(SMALL)
    torch.manual_seed(0)
    model = lm.build("GRU", SMALL, data)
    for _ in lm.train(model, data, SMALL):
        pass
    trained = metrics.perplexity(lm.nats(model, data.words, data.test))
    assert trained < 0.8 * metrics.perplexity(lm.n_gram_nats(lm.n_gram(1, data), data.test))
