"""Systems that learn from few labels: what each reads and chooses, on a task small enough to know the answer."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from utils.data.tokens import Vocabulary
from utils.experiments import ulmfit_systems, ulmfit_tuning
from utils.experiments.run import Run
from utils.experiments.ulmfit_labels import curve
from utils.experiments.ulmfit_systems import (
    Net,
    by_counts,
    fine_tuned,
    means,
    on_vectors,
    regression,
    summary,
    train_net,
)
from utils.experiments.ulmfit_text import Task, any_of
from utils.experiments.ulmfit_tuning import Curve
from utils.models.awd_lstm import AWDLSTM, AWDLSTMConfig

TEXTS = [(("good", "film"), 1), (("fine", "film"), 1), (("bad", "film"), 0), (("poor", "film"), 0)]
WORDS = Vocabulary(["good", "fine", "bad", "poor", "film"])
TASK = Task("sst2", TEXTS, TEXTS, TEXTS, any_of)
SIZES = AWDLSTMConfig(len(WORDS), 6, 8, 2)
SMALL = Net(epochs=4, fewest=20, batch=4, rate=2e-2, trick_rate=2e-2, dropout=0.0, precision="no")


def test_few_of_any_class_grow_with_their_number():
    rows = [((str(i),), i % 6) for i in range(100)]
    assert any_of(rows, 20, 1) == any_of(rows, 50, 1)[:20] != any_of(rows, 20, 2)
    assert any_of(rows, None, 1) == rows


def test_logistic_regression_ends_where_its_gradient_is_nothing():
    generator = torch.Generator().manual_seed(0)
    features, labels = torch.randn(60, 4, generator=generator), torch.randint(3, (60,), generator=generator)
    model = regression(features, labels, penalty=0.01)
    loss = F.cross_entropy(model(features), labels) + 0.01 * model.weight.square().sum()
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    assert max(float(each.abs().max()) for each in gradients) < 1e-4
    tighter = regression(features, labels, penalty=1.0)
    assert tighter.weight.norm() < 0.3 * model.weight.norm()


def test_a_mean_of_word_vectors_leaves_out_ends_and_words_without_one():
    vectors = torch.randn(len(WORDS), 5)
    vectors[WORDS.encode(["film"])[0]] = 0
    found = means(vectors, WORDS, [(("good", "film", "never-seen"), 1), (("good", "bad"), 0)])
    unit = {word: F.normalize(vectors[WORDS.encode([word])[0]], dim=0) for word in ("good", "bad")}
    assert torch.allclose(found[0], unit["good"], atol=1e-6)
    assert torch.allclose(found[1], (unit["good"] + unit["bad"]) / 2, atol=1e-6)


def test_a_net_starts_from_the_encoder_it_is_given_and_leaves_that_alone(monkeypatch):
    torch.manual_seed(1)
    encoder = AWDLSTM(SIZES)
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    monkeypatch.setattr(ulmfit_systems, "fit", lambda *_, **__: iter(()))  # no step at all
    model, _ = train_net(SMALL, SIZES, encoder, WORDS, TASK, TEXTS, seed=0)
    assert all(torch.equal(value, before[name]) for name, value in model.encoder.state_dict().items())
    monkeypatch.undo()
    model, dev = train_net(replace(SMALL, tricks=True), SIZES, encoder, WORDS, TASK, TEXTS, seed=0)
    assert dev == 100
    moved = [name for name, value in model.encoder.state_dict().items() if not torch.equal(value, before[name])]
    assert len(moved) == len(before), "in four epochs all four groups have thawed"
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())


def test_lower_layers_wait_with_the_tricks_and_learn_at_once_without():
    torch.manual_seed(1)
    encoder, one = AWDLSTM(SIZES), Net(1, 3, batch=4, rate=2e-2, trick_rate=2e-2, dropout=0.0, precision="no")
    tuned, _ = train_net(replace(one, tricks=True), SIZES, encoder, WORDS, TASK, TEXTS, seed=0)
    assert torch.equal(tuned.encoder.embedding.weight, encoder.embedding.weight)
    plain, _ = train_net(one, SIZES, encoder, WORDS, TASK, TEXTS, seed=0)
    moved = [name for name, value in plain.encoder.state_dict().items()
             if not torch.equal(value, encoder.state_dict()[name])]  # fmt: skip
    assert len(moved) == len(encoder.state_dict())


def test_a_curve_keeps_its_rows_and_does_not_train_them_again(tmp_path):
    plan = Curve((2, None), (0, 1))
    systems = {"counts": by_counts(), "net": fine_tuned(SMALL, SIZES, WORDS, None),
               "vectors": on_vectors(torch.eye(len(WORDS)), WORDS)}  # fmt: skip
    run = Run("ulmfit/sst2", "smoke", plan, tmp_path)
    rows = curve(run, plan, TASK, systems)
    assert len(rows) == 12
    assert {row["labels"] for row in rows} == {2, 4}
    assert all(row["low"] <= row["test"] <= row["high"] for row in rows)
    assert all(row["test"] == 100 for row in rows if row["labels"] == 4)
    again = Run("ulmfit/sst2", "smoke", plan, tmp_path, memory=json.loads((tmp_path / "memory.json").read_text()))

    def never(*_):
        raise AssertionError("trained twice")

    assert curve(again, plan, TASK, dict.fromkeys(systems, never)) == rows
    assert summary(rows)["counts"]["4 labels"] == {"mean": 100.0, "low": 100.0, "high": 100.0}


def test_word_pieces_are_refused():
    from utils.data.tokens import WordPieces
    from utils.models.awd_lstm import AWDLanguageModel
    from utils.pretrained import Writer

    writer = Writer(AWDLanguageModel(SIZES), WordPieces.train(["good film bad film"], 20))
    with pytest.raises(ValueError, match="WordPieces"):
        ulmfit_tuning.known_words(writer)
