"""Metrics against values counted by hand, and against sacrebleu's own command."""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys

import pytest
import torch
from tiny_models import Parrot

from utils import metrics
from utils.data.tokens import EOS, PAD
from utils.decoding import forced, greedy

WORDS = ("the", "a", "man", "woman", "dog", "red", "blue", "runs", "stands", "in", "on", "field", "street", "children")


def corpus(count: int, seed: int = 0) -> list[str]:
    rng = random.Random(seed)
    return [" ".join(rng.choices(WORDS, k=rng.randint(5, 14))).capitalize() + "." for _ in range(count)]


def spoiled(sentences: list[str], share: float, seed: int = 1) -> list[str]:
    """The sentences with this share of their words replaced."""
    rng = random.Random(seed)
    return [" ".join(rng.choice(WORDS) if rng.random() < share else word for word in s.split()) for s in sentences]


def test_token_accuracy_counts_the_target_with_its_end():
    target = torch.tensor([[4, 5, 6, EOS], [4, EOS, PAD, PAD], [4, 5, EOS, PAD]])
    predicted = torch.tensor([[4, 9, 6, EOS], [4, 5, 6, EOS], [4, 5, EOS, PAD]])
    assert metrics.token_accuracy(predicted, target).tolist() == [0.75, 0.5, 1.0]


@pytest.mark.parametrize("extra", [0, 1, 5])
def test_token_accuracy_and_exact_match_ignore_padding(extra):
    target = torch.tensor([[4, 5, EOS], [4, EOS, PAD]])
    predicted = torch.tensor([[4, 5, EOS, PAD], [4, EOS, PAD, PAD]])
    wider = torch.nn.functional.pad(target, (0, extra), value=PAD)
    assert metrics.token_accuracy(predicted, wider).tolist() == [1.0, 1.0]
    assert metrics.exact_match(predicted, wider).tolist() == [1.0, 1.0]
    assert metrics.token_accuracy(predicted[:, :1], wider).tolist() == pytest.approx([1 / 3, 1 / 2])


def test_exact_match_wants_every_token_and_the_end():
    target = torch.tensor([[4, 5, EOS]] * 5)
    predicted = torch.tensor([[4, 5, EOS, PAD], [4, 5, 6, EOS], [4, EOS, PAD, PAD], [4, 6, EOS, PAD], [4, 5, PAD, PAD]])
    assert metrics.exact_match(predicted, target).tolist() == [1, 0, 0, 0, 0]


def test_token_accuracy_depends_on_what_the_model_was_fed():
    """Museum 23: teacher forcing praises a model that only repeats its input."""
    target, source, model = torch.tensor([[4, 4, 4, 5, 5, 5, EOS]]), torch.tensor([[7]]), Parrot(8)
    assert float(metrics.token_accuracy(forced(model, source, target), target)) == pytest.approx(4 / 7)
    assert float(metrics.token_accuracy(greedy(model, source, 7), target)) == 0.0


@pytest.mark.parametrize("function", [metrics.token_accuracy, metrics.exact_match])
@pytest.mark.parametrize(
    ("predicted", "target"),
    [
        (torch.ones(2, 3, dtype=torch.long), torch.ones(3, 3, dtype=torch.long)),
        (torch.ones(2, 3, dtype=torch.long), torch.tensor([[4, EOS], [PAD, PAD]])),
        (torch.ones(3, dtype=torch.long), torch.tensor([4, 5, EOS])),
    ],
)
def test_predictions_and_targets_must_pair_up(function, predicted, target):
    with pytest.raises(ValueError, match=r"pair up|no token|\(B, T\)"):
        function(predicted, target)


def test_perplexity_is_the_exponential_of_the_token_mean():
    """Museum 22: the mean of the batches' perplexities, or of unequal batches' means, is another number."""
    batches = [[0.1] * 9, [5.0]]
    nats = [nat for batch in batches for nat in batch]
    assert metrics.perplexity(nats) == pytest.approx(math.exp(5.9 / 10))
    assert metrics.perplexity(torch.tensor(nats)) == pytest.approx(math.exp(0.59))
    assert metrics.perplexity([math.log(50)] * 7) == pytest.approx(50)
    of_batches = [metrics.perplexity(batch) for batch in batches]
    assert abs(metrics.perplexity(nats) - sum(of_batches) / 2) > 10
    with pytest.raises(ValueError, match="no tokens"):
        metrics.perplexity([])


@pytest.mark.parametrize("lowercase", [False, True])
def test_bleu_is_sacrebleus(tmp_path, lowercase):
    references = [*corpus(60), 'Er sagt: "Nein, 3.5 Euro" – sie (27) geht.']
    hypotheses = [sentence.upper() if i % 9 == 0 else sentence for i, sentence in enumerate(spoiled(references, 0.15))]
    for name, lines in (("ref", references), ("hyp", hypotheses)):
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "sacrebleu", "ref", "-i", "hyp", "-m", "bleu", "-w", "10"]
    command += ["--confidence", "--confidence-n", "200", *(["-lc"] if lowercase else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    expected = json.loads(done.stdout)
    ours = metrics.bleu(hypotheses, references, lowercase, bootstrap=200)
    assert ours.value == pytest.approx(expected["score"], abs=1e-8)
    assert ours.low == pytest.approx(expected["confidence_mean"] - expected["confidence_var"], abs=1e-8)
    assert ours.high == pytest.approx(expected["confidence_mean"] + expected["confidence_var"], abs=1e-8)
    assert ("case:lc" in ours.signature) == lowercase
    assert "tok:13a" in ours.signature


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("count", [1, 2, 50])
def test_the_interval_contains_the_value(share, count):
    references = corpus(count)
    score = metrics.bleu(spoiled(references, share), references, bootstrap=100)
    assert 0 <= score.low <= score.value <= score.high
    if count == 50 and share == 0.1:
        assert 1 < score.high - score.low < 20


def test_bleu_is_100_for_the_references_and_without_bootstrap_has_no_interval():
    references = corpus(20)
    score = metrics.bleu(references, references)
    assert score.value == score.low == score.high == pytest.approx(100)


def test_bleu_by_length_scores_each_group_on_its_own():
    references = corpus(80)
    hypotheses, lengths = spoiled(references, 0.2), [len(sentence.split()) for sentence in references]
    rows = metrics.bleu_by_length(hypotheses, references, lengths, [1, 7, 10, 15, 99])
    assert [(row["from"], row["to"]) for row in rows] == [(1, 6), (7, 9), (10, 14)]  # none is longer
    assert sum(row["sentences"] for row in rows) == 80
    for row in rows:
        chosen = [i for i, length in enumerate(lengths) if row["from"] <= length <= row["to"]]
        alone = metrics.bleu([hypotheses[i] for i in chosen], [references[i] for i in chosen])
        assert row["bleu"] == alone.value
        assert row["sentences"] == len(chosen)


def test_paired_bootstrap_tells_better_from_lucky():
    references = corpus(150)
    poor, good = spoiled(references, 0.4), spoiled(references, 0.2)
    clear = metrics.paired_bootstrap(poor, good, references, samples=300)
    assert clear.p < 0.01
    assert clear.a == pytest.approx(metrics.bleu(poor, references).value)
    assert clear.b == pytest.approx(metrics.bleu(good, references).value)
    assert metrics.paired_bootstrap(good, good, references, samples=300).p == 1.0
    other = spoiled(references, 0.2, seed=2)
    assert metrics.paired_bootstrap(good, other, references, samples=300).p > 0.05


@pytest.mark.parametrize(
    "call",
    [
        lambda: metrics.bleu(["a"], ["a", "b"]),
        lambda: metrics.bleu([], []),
        lambda: metrics.bleu("a b", ["a b"]),
        lambda: metrics.bleu(["a b"], "a b"),
        lambda: metrics.bleu_by_length(["a"], ["a"], [1, 2], [1, 3]),
        lambda: metrics.bleu_by_length(["a", "b"], ["a", "b"], [1], [1, 3]),
        lambda: metrics.bleu_by_length(["a"], ["a"], [1], [3, 1]),
        lambda: metrics.bleu_by_length(["a"], ["a"], [1], [1]),
        lambda: metrics.paired_bootstrap(["a"], ["a", "b"], ["a", "b"]),
        lambda: metrics.paired_bootstrap(["a", "b"], ["a"], ["a", "b"]),
    ],
)
def test_what_does_not_pair_up_is_refused(call):
    with pytest.raises(ValueError, match=r"pair up|not one string|increasing"):
        call()
