"""Hidden words: as many as the paper says, none that is special, others in each epoch, and no loss from the rest."""

from __future__ import annotations

import pytest
import torch
from scipy.stats import chisquare
from torch import Tensor

from utils.data.masking import MaskedBatches, hide_words
from utils.data.tokens import BOS, EOS, PAD, UNK
from utils.models.bert import BertConfig, BertForPretraining
from utils.training.losses import cross_entropy

MASK, V = 4, 24
WORDS = V - 5
SPECIAL = [PAD, UNK, BOS, EOS, MASK]


def texts(rows: int = 2000, seed: int = 0) -> Tensor:
    """Ragged texts (B, 30) with BOS and EOS, an unknown word here and there, and much padding."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(5, V, (rows, 30), generator=generator)
    tokens[:, 0], tokens[::3, 2] = BOS, UNK
    ends = torch.randint(4, 30, (rows, 1), generator=generator)
    tokens.scatter_(1, ends, EOS)
    return tokens.masked_fill(torch.arange(30) > ends, PAD)


class Same:
    """The same batches in every epoch."""

    def __len__(self) -> int:
        return 3

    def epoch(self, number: int, skip: int = 0):
        for k in range(skip, 3):
            yield texts(8, seed=k), torch.zeros(8)


def test_words_are_hidden_as_often_as_the_paper_says() -> None:
    """Museum 24: 15 % of the words that are there, and of these 80, 10 and 10 %."""
    tokens = texts()
    inputs, hidden = hide_words(tokens, MASK, V, generator=torch.Generator().manual_seed(1))
    word = ~torch.isin(tokens, torch.tensor(SPECIAL))
    assert torch.equal(inputs[~hidden], tokens[~hidden])
    masked, same = hidden & (inputs == MASK), hidden & (inputs == tokens)
    found = [int(x.sum()) for x in (word & ~hidden, masked, same, hidden & ~masked & ~same)]
    # A word drawn evenly is the true one at times.
    other = 0.1 * (1 - 1 / WORDS)
    shares = torch.tensor([0.85, 0.15 * 0.8, 0.15 * (0.2 - other), 0.15 * other], dtype=torch.float64)
    assert chisquare(found, (shares * word.sum()).tolist()).pvalue > 0.001
    drawn = inputs[hidden & ~masked & ~same].bincount(minlength=V)
    assert chisquare(drawn[5:].tolist()).pvalue > 0.001


def test_no_special_token_is_hidden_or_drawn() -> None:
    """Museum 24."""
    tokens = texts()
    tokens[0, 1] = MASK  # a text that holds a mask already
    inputs, hidden = hide_words(tokens, MASK, V, 0.9, generator=torch.Generator().manual_seed(1))
    assert not bool(hidden[torch.isin(tokens, torch.tensor(SPECIAL))].any())
    assert set(inputs[hidden].tolist()) == set(range(MASK, V))


def test_each_epoch_hides_other_words_and_a_resumed_one_the_same() -> None:
    """Museum 24: static masks."""
    batches = MaskedBatches(Same(), MASK, V)
    first, again, second = list(batches.epoch(0)), list(batches.epoch(0)), list(batches.epoch(1))
    assert len(batches) == len(first) == 3
    for one, two, other in zip(first, again, second, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
        assert torch.equal(one[2], other[2])
        assert not torch.equal(one[1], other[1])
    for one, two in zip(first[2:], batches.epoch(0, skip=2), strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert not torch.equal(first[0][1], next(MaskedBatches(Same(), MASK, V, seed=1).epoch(0))[1])


def test_labels_of_words_that_are_not_hidden_move_no_loss() -> None:
    """Museum 25."""
    torch.manual_seed(0)
    model = BertForPretraining(BertConfig(V, context=30, layers=1, heads=2, width=16))
    tokens = texts(8)
    inputs, hidden = hide_words(tokens, MASK, V, generator=torch.Generator().manual_seed(1))
    logits = model(inputs)
    loss = cross_entropy(logits, tokens, hidden)
    assert torch.equal(cross_entropy(logits, tokens.where(hidden, (tokens + 1) % V), hidden), loss)
    assert not torch.equal(cross_entropy(logits, (tokens + 1) % V, hidden), loss)
    gathered = model.hidden_words(inputs, hidden)
    torch.testing.assert_close(torch.nn.functional.cross_entropy(gathered, tokens[hidden]), loss)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"share": 0.0}, "share 0.0"), ({"share": 1.5}, "share 1.5"), ({"mask": V}, "mask 24"),
     ({"vocabulary": 5}, "vocabulary of 5")],
)  # fmt: skip
def test_bad_settings_get_one_clear_error(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        hide_words(**({"tokens": texts(2), "mask": MASK, "vocabulary": V} | options))
