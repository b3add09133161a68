"""Naive Bayes against its own definition on a text small enough for a pencil."""

import math

import pytest

from utils.models.naive_bayes import NaiveBayes

TEXTS = [("good", "film"), ("good", "good", "plot"), ("bad", "film")]


def test_scores_are_prior_and_raised_shares():
    model = NaiveBayes().fit(TEXTS, [1, 1, 0])
    scores = model.scores(("good", "film", "unseen"))  # 4 known words; class 1 has 5 words, class 0 has 2
    assert scores[1] == pytest.approx(math.log(2 / 3) + math.log(4 / 9) + math.log(2 / 9))
    assert scores[0] == pytest.approx(math.log(1 / 3) + math.log(1 / 6) + math.log(2 / 6))
    assert model.predict(("good", "film")) == 1
    assert model.parameters() == 2 * (4 + 1)


def test_the_shares_of_a_class_add_up_to_one():
    model = NaiveBayes(order=2, smoothing=0.3).fit(TEXTS, [1, 1, 0])
    for label, prior in model.prior.items():
        total = sum(
            math.exp(sum(map(math.log, [(model.counts[label][g] + 0.3) / model.totals[label]]))) for g in model.known
        )
        assert total == pytest.approx(1)
        assert prior < 0


def test_words_alone_cannot_see_order_and_pairs_can():
    texts, labels = [("not", "bad", "but", "good"), ("not", "good", "but", "bad")], [1, 0]
    alone, pairs = NaiveBayes(1).fit(texts, labels), NaiveBayes(2).fit(texts, labels)
    assert alone.scores(texts[0])[0] == pytest.approx(alone.scores(texts[0])[1])
    assert [pairs.predict(text) for text in texts] == labels


@pytest.mark.parametrize(("order", "smoothing"), [(0, 1.0), (1, 0.0), (1, -1.0), (1, math.nan)])
def test_bad_settings_are_refused(order, smoothing):
    with pytest.raises(ValueError, match="must be at least 1 and smoothing"):
        NaiveBayes(order, smoothing)


def test_texts_must_be_lists_of_words_with_a_label_each():
    with pytest.raises(ValueError, match="not the string"):
        NaiveBayes().fit(["good film"], [1])
    with pytest.raises(ValueError, match="2 texts for 1 labels"):
        NaiveBayes().fit(TEXTS[:2], [1])
