"""Chapter 04's experiments: the fixed ways to look, the changed weights, the counts of what looking costs."""

import pytest
import torch

from utils import metrics
from utils.data import lab
from utils.data.batches import pad
from utils.decoding import forced
from utils.experiments import lab_attention, lab_costs, lab_looking, lab_translation
from utils.experiments.lab_attention import FIXED, LookSettings, build_attention
from utils.training.losses import previous_words

MASK = torch.tensor([[True, True, True, True], [True, True, False, False]])


@pytest.fixture(scope="module")
def data():
    return lab_translation.prepare(LookSettings(pairs=200, tests=50))


@pytest.mark.parametrize("look", FIXED)
@pytest.mark.parametrize("step", [0, 2, 9])
def test_a_fixed_look_is_a_share_of_the_real_words(look, step):
    weights = FIXED[look](MASK, torch.full((2,), float(step)), 1.2)
    assert torch.allclose(weights.sum(dim=1), torch.ones(2))
    assert (weights[~MASK] == 0).all()


def test_each_fixed_look_looks_where_its_name_says():
    step = torch.tensor([2.0, 2.0])
    assert FIXED["uniform"](MASK, step, 1.0)[0].tolist() == [0.25] * 4
    assert FIXED["last state only"](MASK, step, 1.0).argmax(dim=1).tolist() == [3, 1]
    assert FIXED["diagonal"](MASK, step, 1.0).argmax(dim=1).tolist() == [2, 1]
    assert FIXED["diagonal"](MASK, step, 2.0).argmax(dim=1).tolist() == [1, 1]  # two target words a source word


@pytest.mark.parametrize("look", ["learned", *FIXED])
def test_steps_give_what_teacher_forcing_gives(data, look):
    """The counter of the steps is part of the state, and the same in training and in use."""
    model = build_attention(LookSettings(hidden=16, look=look), data).eval()
    source, target = (pad(column) for column in zip(*data.encode(data.test[:6]), strict=True))
    state, steps = model.start(source), []
    for word in previous_words(target).T:
        logits, state = model.step(word, state)
        steps.append(logits)
    assert torch.allclose(torch.stack(steps, dim=1), model(source, previous_words(target)), atol=1e-5)


def test_the_diagonal_moves_on_word_by_word(data):
    model = build_attention(LookSettings(hidden=16, look="diagonal"), data)
    model.decoder.ratio = 1.0
    source, target = (pad(column) for column in zip(*data.encode(data.test[:1]), strict=True))
    places = lab_looking.looks(model, source, target)[0].argmax(dim=1).tolist()
    assert places == [min(t, source.shape[1] - 1) for t in range(target.shape[1])]


def test_shuffling_keeps_the_weights_and_the_padding():
    weights = torch.tensor([[0.7, 0.1, 0.15, 0.05], [0.8, 0.2, 0.0, 0.0]])
    other = lab_looking.shuffled(weights, MASK)
    assert not torch.equal(other, weights)
    assert torch.equal(other.sort(dim=1).values, weights.sort(dim=1).values)
    assert (other[~MASK] == 0).all()


def test_weights_that_are_not_changed_change_nothing(data):
    model = build_attention(LookSettings(hidden=16), data).eval()
    rows = {row["weights"]: row["teacher forcing"] for row in lab_looking.tampered(model, data)}
    some = lab.sentences(lab_looking.ALIGNED, 3, lab_looking.TRAINED, part="test")
    source, target = lab_looking.encode(data, some, "french")
    expected = metrics.token_accuracy(forced(model, source, target), target).mean()
    assert rows["as learned"] == pytest.approx(float(expected), abs=1e-4)


def test_a_withheld_word_gets_no_weight_and_the_others_share_it(data):
    model = build_attention(LookSettings(hidden=16), data).eval()
    source, target = (pad(column) for column in zip(*data.encode(data.test[:5]), strict=True))
    before = lab_looking.looks(model, source, target)
    forbidden = torch.zeros_like(before, dtype=torch.bool)
    forbidden[:, 1::2, 1] = True  # at every second step the second word
    other = lab_looking.changed_model(model, lab_looking.withholding(forbidden))
    after = lab_looking.looks(other, source, target)
    assert (after[forbidden] == 0).all()
    assert (before[forbidden] > 0).all()
    assert torch.allclose(after.sum(dim=2), torch.ones(after.shape[:2]), atol=1e-5)
    assert torch.allclose(after[:, 0], before[:, 0])  # nothing was withheld there


def test_withheld_counts_every_word_with_a_partner_once(data):
    model = build_attention(LookSettings(hidden=16), data)
    looked, elsewhere = lab_looking.withheld(model, data)
    row = lab_attention.alignment(model, data)[0]
    assert (looked["words"], elsewhere["words"]) == (row["looked at the partner"], row["looked elsewhere"])
    assert (looked["right"], elsewhere["right"]) == (row["of these right"], row["of those right"])


def test_a_model_that_looks_along_the_diagonal_scores_a_little_worse_than_the_diagonal(data):
    """The whole way from weights to the error rate, with known weights; the decoder cannot know the target's length."""
    model = build_attention(LookSettings(hidden=16, look="diagonal"), data)
    row = lab_attention.alignment(model, data)[0]
    assert row["diagonal"] < row["attention"] < row["diagonal"] + 0.15
    assert row["uniform"] > 0.8
    assert row["looked at the partner"] > row["looked elsewhere"] > 0


def test_who_looked_at_the_partner():
    gold = [lab.Alignment(frozenset({(0, 0), (1, 1)}), frozenset({(0, 0), (1, 1), (2, 1)}))]
    found = lab_attention._looked([{(0, 1), (2, 2), (0, 0)}], gold, torch.tensor([[True, False, True]]))
    assert found == {
        "looked at the partner": 1,
        "of these right": 1.0,
        "looked elsewhere": 1,
        "of those right": 0.0,
    }


def test_a_chain_counts_what_must_wait():
    start = torch.ones(1, requires_grad=True)
    wide = sum((start * k for k in range(1, 4)), start.exp())  # the products side by side, their sums one by one
    assert lab_costs.chain(start * 2) == 2  # the leaf and the product
    assert lab_costs.chain(wide) == 5
    long = start
    for _ in range(7):
        long = long * 2
    assert lab_costs.chain(long) == 8


def test_costs_against_length():
    pair = lab_costs.models(LookSettings(pairs=200, tests=20, hidden=16))
    rows = {(row["model"], row["words"]): row for row in lab_costs.counted(pair, (10, 20, 40))}
    for length in (10, 20, 40):
        assert rows["attention", length]["scores"] == length**2
        assert rows["one vector", length]["scores"] == 0
    alone = {rows["attention alone", length]["chain"] for length in (10, 20, 40)}
    assert len(alone) == 1  # however long: all queries are known at once
    for name in ("one vector", "attention"):
        chains = [rows[name, length]["chain"] for length in (10, 20, 40)]
        assert chains[2] - chains[1] == 2 * (chains[1] - chains[0]) > 0  # a straight line


def test_memory_kept_is_counted_once_and_without_the_weights():
    pair = lab_costs.models(LookSettings(pairs=200, tests=20, hidden=16))
    for model in pair.values():
        source, target = lab_costs.sentences(model, 10)
        few, many = (
            lab_costs.kept(model, x.expand(n, -1), y.expand(n, -1))
            for n, x, y in ((1, source, target), (8, source, target))
        )
        assert many == pytest.approx(8 * few, rel=0.1)  # the weights, were they counted, would not grow with the batch


def test_timing_measures_every_model_at_every_length():
    pair = lab_costs.models(LookSettings(pairs=200, tests=20, hidden=16))
    rows = lab_costs.timed(pair, (3, 6), batch=2, rounds=1)
    assert [(row["model"], row["words"]) for row in rows] == [
        ("one vector", 3),
        ("attention", 3),
        ("one vector", 6),
        ("attention", 6),
    ]
    assert all(row["milliseconds"] > 0 for row in rows)
