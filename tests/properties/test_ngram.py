"""The n-gram: probabilities that add up, counts worked out by hand, and the rule for what was never seen."""

from __future__ import annotations

import math

import pytest

from utils.metrics import perplexity
from utils.models.ngram import NGram

TEXT = ["the", "cat", "sees", "the", "dog", "and", "the", "cat", "sleeps"]


def test_one_word_by_hand() -> None:
    """Witten and Bell: 3 of 9 words are "the", 6 kinds of words, a vocabulary of 10."""
    model = NGram(1, 10).fit([TEXT])
    assert model.probability("the") == pytest.approx((3 + 6 / 10) / (9 + 6))
    assert model.probability("horse") == pytest.approx((0 + 6 / 10) / (9 + 6))


def test_two_words_by_hand() -> None:
    """After "the" came two kinds of words three times, twice "cat"."""
    model, single = NGram(2, 10).fit([TEXT]), NGram(1, 10).fit([TEXT])
    assert model.probability("cat", ["the"]) == pytest.approx((2 + 2 * single.probability("cat")) / (3 + 2))
    assert model.probability("cat", ["a", "sees", "the"]) == model.probability("cat", ["the"])
    assert model.probability("cat", ["horse"]) == pytest.approx(single.probability("cat")), "an unseen context"


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_probabilities_add_up_in_seen_and_unseen_contexts(order: int) -> None:
    kinds = [*dict.fromkeys(TEXT), "horse", "swims"]
    model = NGram(order, len(kinds)).fit([TEXT, TEXT[2:]])
    for context in ([], ["the"], ["horse", "the"], ["sees", "the", "dog"], ["swims"]):
        shares = [model.probability(kind, context) for kind in kinds]
        assert sum(shares) == pytest.approx(1)
        assert min(shares) > 0


def test_a_longer_context_pays_on_a_text_that_needs_it() -> None:
    text = list("aabb" * 50)
    scores = [perplexity(NGram(order, 2).fit([text]).nats(text)) for order in (1, 2, 3)]
    assert scores[0] == pytest.approx(2, abs=0.01)
    assert scores[2] < 1.1 < scores[1]


def test_nothing_follows_over_the_end_of_a_sequence() -> None:
    model = NGram(2, 4).fit(["ab", "ab"])
    assert model.probability("a", "b") == NGram(1, 4).fit(["ab", "ab"]).probability("a")
    assert math.isclose(sum(model.nats("ab")), -math.log(model.probability("a") * model.probability("b", "a")))


def test_it_refuses_orders_and_vocabularies_below_one() -> None:
    with pytest.raises(ValueError, match="order 0 and vocabulary 5"):
        NGram(0, 5)
