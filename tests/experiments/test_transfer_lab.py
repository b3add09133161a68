"""Chapter 06's experiments: what is carried over, what stays equal, and what must not leak."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from utils.experiments import lab_transfer, lab_transfer_labels, lab_transfer_pictures, lab_transfer_tasks
from utils.experiments import lab_transfer_text as text
from utils.experiments.lab_transfer_labels import PLAIN, Recipe, Repeated
from utils.models.awd_lstm import AWDLanguageModel

TINY = text.Settings(400, 200, 8, 8, 2, steps=3, target_steps=3)
SHORT = replace(PLAIN, epochs=3, steps=2)


@pytest.fixture(scope="module")
def texts() -> text.Texts:
    return text.prepare(TINY)


def test_no_review_is_in_two_parts(texts: text.Texts) -> None:
    parts = [texts.target, *([words for words, _ in part] for part in (texts.labelled, texts.dev, texts.test))]
    every = [words for part in parts for words in part]
    assert len(set(every)) == len(every)
    assert not set(texts.general) & set(texts.general_test)
    assert len(texts.general) == len(texts.tags) == TINY.general


def test_what_a_net_reads_begins_with_bos_and_has_no_end(texts: text.Texts) -> None:
    ids = texts.read(texts.target[0])
    assert ids[0] == 2
    assert texts.words.decode(ids[1:]) == list(texts.target[0])
    assert 3 not in ids


def test_few_labels_are_half_and_half_and_grow(texts: text.Texts) -> None:
    some, more = (lab_transfer_labels.few(texts.labelled, count) for count in (20, 50))
    assert sum(label for _, label in some) == 10
    assert more[:20] == some
    with pytest.raises(ValueError, match="count 21 must be even"):
        lab_transfer_labels.few(texts.labelled, 21)


def test_epochs_have_as_many_steps_whatever_the_examples() -> None:
    for count in (3, 8, 40):
        batches = Repeated([([k], [k]) for k in range(1, count + 1)], 8, 5)
        seen = [int(value) for epoch in range(3) for column, _ in batches.epoch(epoch) for value in column.flatten()]
        assert sum(1 for epoch in range(3) for _ in batches.epoch(epoch)) == 15
        assert len(batches) == 5
        assert set(seen) == set(range(1, count + 1))
        rest = [a.tolist() for a, _ in batches.epoch(1)][2:]
        assert rest == [a.tolist() for a, _ in batches.epoch(1, skip=2)]


def test_a_classifier_starts_from_the_encoder_and_a_new_head(texts: text.Texts) -> None:
    torch.manual_seed(5)
    speaker = AWDLanguageModel(text.config(TINY, texts))
    weights = lab_transfer.encoder(speaker)
    with_start = lab_transfer_labels.build(texts, TINY, weights, seed=0)
    without = lab_transfer_labels.build(texts, TINY, None, seed=0)
    for name, value in with_start.encoder.state_dict().items():
        assert torch.equal(value, weights[name])
        assert not torch.equal(value, without.encoder.state_dict()[name])
    heads = [model.head.state_dict() for model in (with_start, without)]
    assert all(torch.equal(heads[0][name], heads[1][name]) for name in heads[0])
    for _ in lab_transfer_labels.train(with_start, texts, texts.labelled[:20], SHORT):
        pass
    assert all(torch.equal(value, weights[name]) for name, value in speaker.encoder.state_dict().items())


@pytest.mark.parametrize("gradual", [False, True])
def test_gradual_unfreezing_leaves_what_is_frozen_alone(texts: text.Texts, gradual: bool) -> None:
    model = lab_transfer_labels.build(texts, TINY, None, seed=0)
    before = model.encoder.embedding.weight.detach().clone()
    recipe = Recipe(False, False, gradual, epochs=2, steps=2)  # the embedding would thaw in the fourth epoch
    for _ in lab_transfer_labels.train(model, texts, texts.labelled[:20], recipe):
        pass
    assert torch.equal(before, model.encoder.embedding.weight) == gradual


def test_what_it_still_knows_is_the_perplexity_of_its_encoder(texts: text.Texts) -> None:
    torch.manual_seed(1)
    speaker = AWDLanguageModel(text.config(TINY, texts)).eval()
    model = lab_transfer_labels.build(texts, TINY, lab_transfer.encoder(speaker), seed=0)
    same = text.perplexity(speaker, texts, texts.general_test)
    assert lab_transfer.still_knows(model, speaker, texts) == pytest.approx(same)
    with torch.no_grad():
        model.encoder.embedding.weight.mul_(5)
    assert lab_transfer.still_knows(model, speaker, texts) != pytest.approx(same, rel=1e-3)


def test_the_rate_is_chosen_by_its_mean_and_of_equal_ones_the_lowest() -> None:
    on, off = {"slanted": True}, {"slanted": False}
    rows = [
        *(on | {"rate": rate, "seed": seed, "dev": dev} for rate, seed, dev in
          ((0.1, 0, 60.0), (0.1, 1, 70.0), (0.2, 0, 90.0), (0.2, 1, 41.0), (0.3, 0, 66.0), (0.3, 1, 65.0))),
        *(off | {"rate": rate, "seed": 0, "dev": 50.0} for rate in (0.3, 0.1)),
    ]  # fmt: skip
    assert lab_transfer.chosen_rate(rows, on) == 0.2
    assert lab_transfer.chosen_rate(rows, off) == 0.1


def test_labels_needed_goes_along_a_logarithmic_axis() -> None:
    curve = {10: 50.0, 100: 60.0, 1_000: 80.0}
    assert lab_transfer_labels.labels_needed(curve, 70.0) == pytest.approx(math.sqrt(100 * 1_000))
    assert lab_transfer_labels.labels_needed(curve, 40.0) == 10
    assert lab_transfer_labels.labels_needed(curve, 81.0) == math.inf


def test_frozen_vectors_and_counts_learn_what_a_word_tells(texts: text.Texts) -> None:
    told = [(("the", "film", "is", word), label) for word, label in (("lovely", 1), ("awful", 0))] * 10
    table = torch.randn(len(texts.words), 8, generator=torch.Generator().manual_seed(0))
    assert lab_transfer_labels.frozen(table, texts, told, told) == 100
    assert lab_transfer_labels.naive_bayes(told, told) == 100


def test_no_picture_of_the_test_was_seen_and_no_cross_in_the_first_task() -> None:
    plan = lab_transfer_pictures.Second(first=200, tests=100, spoiled=0.0)
    found = lab_transfer_pictures.tasks(plan, 0)
    learned = {points for points, _ in found.first + found.pool}
    assert not learned & {points for points, _ in found.test}
    assert len(found.first) == 200
    assert len(found.test) == 100
    crosses = {points for points, kind in found.pool + found.test if kind == 1}
    assert 0.35 < sum(kind for _, kind in found.test) / len(found.test) < 0.65
    assert not crosses & {points for points, _ in found.first}


def test_spoiled_pictures_keep_what_they_show() -> None:
    clean = lab_transfer_pictures.drawn(20, 1, lab_transfer_pictures.SECOND, 2)
    spoiled = lab_transfer_pictures.spoil(clean, 40, 0.2, 0)
    assert [kind for _, kind in spoiled] == 2 * list(clean.values())
    changed = [a != b for points, (other, _) in zip([*clean, *clean], spoiled, strict=True)
               for a, b in zip(points, other, strict=True)]  # fmt: skip
    assert 0.12 < sum(changed) / len(changed) < 0.21  # a colour by chance is the old one in one of six draws
    assert spoiled[0][0] != spoiled[20][0]


def test_a_tagger_reads_a_tag_for_every_word_and_none_for_bos(texts: text.Texts) -> None:
    for ids, tags in lab_transfer_tasks.tagged(texts, texts.general[:50], texts.tags[:50]):
        assert len(ids) == len(tags)
        assert tags[0] == 0
        assert min(tags[1:]) > 0
