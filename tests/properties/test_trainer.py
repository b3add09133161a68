"""The training loop and its losses and schedules: what a step learns, whatever it is cut into."""

from __future__ import annotations

import json
import math
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from training_task import Listed, curve, examples, model, rows, weights

from utils.data.batches import BucketedBatches, pad
from utils.data.tokens import BOS, EOS, PAD
from utils.decoding import greedy
from utils.training.losses import TranslationLoss, cross_entropy, previous_words
from utils.training.schedules import schedule, warmup_cosine, warmup_linear
from utils.training.trainer import Plan, fit

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setenv("COURSE_STATIC", "1")


def gradients(net: nn.Module, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
    net.zero_grad()
    TranslationLoss(0.1)(net, batch)[0].backward()
    return torch.cat([p.grad.flatten() for p in net.parameters()])


def test_the_decoder_is_fed_the_words_before():
    """Museum 16."""
    assert previous_words(torch.tensor([[4, 5, EOS], [6, EOS, PAD]])).tolist() == [[BOS, 4, 5], [BOS, 6, EOS]]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_the_mean_over_real_tokens(smoothing):
    logits = torch.randn(2, 3, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    target = torch.tensor([[4, 5, EOS], [EOS, PAD, PAD]])
    log = F.log_softmax(logits, dim=-1)
    each = [-(1 - smoothing) * log[i, t, target[i, t]] - smoothing * log[i, t].mean()
            for i, t in ((0, 0), (0, 1), (0, 2), (1, 0))]  # fmt: skip
    loss = cross_entropy(logits, target, target != PAD, smoothing)
    assert float(loss) == pytest.approx(float(sum(each)) / 4, rel=1e-12)


def test_a_mask_without_a_token_gives_zero_and_no_nan():
    logits = torch.randn(2, 3, 7, requires_grad=True)
    loss = cross_entropy(logits, torch.zeros(2, 3, dtype=torch.long), torch.zeros(2, 3, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0
    assert float(logits.grad.abs().sum()) == 0


@pytest.mark.parametrize("extra", [1, 4])
def test_appended_padding_changes_neither_loss_nor_gradient(extra):
    """Museum 12."""
    net = model().double()
    source, target = next(BucketedBatches(examples(16), 16).epoch(0))
    wider = (F.pad(source, (0, extra), value=PAD), F.pad(target, (0, extra), value=PAD))
    (a, tokens), (b, same) = TranslationLoss(0.1)(net, (source, target)), TranslationLoss(0.1)(net, wider)
    assert tokens == same == int((target != PAD).sum())
    assert a.item() == pytest.approx(b.item(), rel=1e-12)
    torch.testing.assert_close(gradients(net, (source, target)), gradients(net, wider), rtol=1e-9, atol=1e-12)


def trained(batches: Listed, plan: Plan) -> tuple[list[float], torch.Tensor]:
    net = model().double()
    steps = list(fit(net, TranslationLoss(), batches, torch.optim.SGD(net.parameters(), lr=0.5), plan))
    return [step.loss for step in steps], weights(net)


def unequal(count: int) -> list[tuple[torch.Tensor, ...]]:
    """Batches of four rows whose first two rows are short and whose last two are long."""
    return [tuple(pad([[*[4 + i % 8] * n, EOS] for n in (1, 1, 9, 7)]) for _ in range(2)) for i in range(count)]


@pytest.mark.parametrize("clip", [None, 0.05])
def test_accumulated_batches_learn_what_the_whole_batch_learns(clip):
    """Museum 13: a mean of means would weigh the short rows as much as the long ones."""
    whole = unequal(3)
    halves = [tuple(column[k : k + 2] for column in batch) for batch in whole for k in (0, 2)]
    losses, final = trained(Listed(whole), Plan(epochs=2, clip=clip))
    again, also = trained(Listed(halves), Plan(epochs=2, clip=clip, accumulate=2))
    assert losses == pytest.approx(again, rel=1e-6)
    torch.testing.assert_close(final, also, rtol=1e-10, atol=1e-12)


def test_a_step_is_one_step_of_plain_gradient_descent():
    batch = unequal(1)[0]
    net = model().double()
    loss = TranslationLoss()(net, batch)[0]
    expected = weights(net) - 0.5 * torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(net.parameters()))])
    losses, final = trained(Listed([batch]), Plan(clip=None))
    assert losses == pytest.approx([loss.item()], rel=1e-6)
    torch.testing.assert_close(final, expected, rtol=1e-10, atol=1e-12)


class Narrow(TranslationLoss):
    """A loss that runs out of memory above so many rows."""

    def __init__(self, rows: int):
        super().__init__()
        self.rows = rows

    def __call__(self, net, batch):
        loss, tokens = super().__call__(net, batch)
        if len(batch[0]) > self.rows:
            raise torch.OutOfMemoryError(f"{len(batch[0])} rows")
        return loss, tokens


def test_a_batch_that_does_not_fit_is_halved_and_learns_the_same():
    batches = Listed([(source.repeat(2, 1), target.repeat(2, 1)) for source, target in unequal(3)])
    expected = trained(batches, Plan(epochs=2))
    net, memory = model().double(), {}
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
    with pytest.warns(UserWarning, match="8 rows does not fit") as caught:
        steps = list(fit(net, Narrow(2), batches, optimizer, Plan(epochs=2), memory))
    assert [str(w.message).split()[-4] for w in caught] == ["2", "4"]  # and no more in the later steps
    assert memory["pieces"] == 4
    assert [step.loss for step in steps] == pytest.approx(expected[0], rel=1e-6)
    torch.testing.assert_close(weights(net), expected[1], rtol=1e-10, atol=1e-12)


def test_a_row_that_does_not_fit_alone_is_an_error():
    net = model()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    steps = fit(net, Narrow(0), Listed(unequal(1)), optimizer, Plan())
    with pytest.warns(UserWarning, match="does not fit"), pytest.raises(torch.OutOfMemoryError):
        list(steps)


def test_a_cycle_is_learned_to_the_end():
    """Museum 11 and 14: targets shifted once, the end learned; loss to 0, and the free-running output is right."""
    cycle = [4, 5, 6, 7, 8]
    turned = [(cycle[i:] + cycle[:i])[:length] for i in range(5) for length in (2, 4)]
    # The source is the first word, as often as the target is long.
    pairs = [([words[0]] * len(words), [*words, EOS]) for words in turned]
    torch.manual_seed(0)
    net = model(seed=1)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    batches = Listed([(pad([s for s, _ in pairs]), pad([t for _, t in pairs]))])
    steps = list(fit(net, TranslationLoss(), batches, optimizer, Plan(epochs=200)))
    assert steps[0].loss > 2
    assert steps[-1].loss < 0.02
    source, target = batches.batches[0]
    assert torch.equal(greedy(net.eval(), source, 12), target)


STEPS = [0, 1, 3, 4, 7, 9]
TABLE = {  # warm-up 4, 10 steps: the ramp ends at 1 with the fourth step, and the last step still moves
    warmup_linear: [0.25, 0.5, 1.0, 1.0, 0.5, 1 / 6],
    warmup_cosine: [0.25, 0.5, 1.0, 1.0, 0.5, 0.5 - 0.5 * math.cos(math.pi / 6)],
}


@pytest.mark.parametrize("make", TABLE)
@pytest.mark.parametrize("accumulate", [1, 2])
def test_rates_follow_the_table_once_a_step(make, accumulate):
    """Museum 34."""
    net = model()
    optimizer = torch.optim.SGD(net.parameters(), lr=2.0)
    batches = Listed(unequal(5 * accumulate))
    rates = schedule(optimizer, make(4, 10))
    steps = fit(net, TranslationLoss(), batches, optimizer, Plan(epochs=2, accumulate=accumulate), None, rates)
    found = [step.learning_rate for step in steps]
    assert len(found) == 10
    assert [found[k] for k in STEPS] == pytest.approx([2 * factor for factor in TABLE[make]])
    assert make(4, 10)(10) == pytest.approx(0, abs=1e-12)
    assert make(0, 10)(0) == 1


@pytest.mark.parametrize(("warmup", "steps"), [(-1, 10), (10, 10), (0, 0)])
def test_bad_schedules_are_refused(warmup, steps):
    with pytest.raises(ValueError, match=f"warmup {warmup}"):
        warmup_linear(warmup, steps)


@pytest.mark.parametrize(
    "options",
    [{"epochs": 0}, {"accumulate": 0}, {"steps": 0}, {"steps": -5}, {"every": 0}, {"clip": 0.0}, {"clip": -1.0},
     {"clip": float("nan")}, {"precision": "fp64"}],
)  # fmt: skip
def test_bad_plans_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        Plan(**options)


def test_a_batch_without_a_token_is_refused():
    net = model()
    batch = (torch.tensor([[4, 5]]), torch.tensor([[PAD, PAD]]))
    with pytest.raises(ValueError, match="no token to learn from"):
        list(fit(net, TranslationLoss(), Listed([batch]), torch.optim.SGD(net.parameters(), lr=0.1), Plan()))


def test_steps_are_numbered_and_end_where_the_plan_says():
    steps, _ = curve(Plan(epochs=3, steps=8))
    assert [(step.number, step.epoch) for step in steps] == [(i + 1, i // 6) for i in range(8)]
    assert [step.number for step in steps if step.ends_epoch] == [6]
    assert steps[0].tokens == int((rows(21).batches[0][1] != PAD).sum())
    assert all(step.gradient_norm > 0 for step in steps)


@pytest.mark.parametrize(("static", "shown"), [("1", False), ("0", True)])
def test_the_bar_is_off_in_static_outputs(monkeypatch, capfd, static, shown):
    monkeypatch.setenv("COURSE_STATIC", static)
    curve(Plan(device="cpu"))
    captured = capfd.readouterr()
    assert ("step" in captured.err) == shown
    assert captured.out == ""
    if not shown:
        assert captured.err == ""


def test_runs_of_one_process_may_differ_in_precision_and_leave_the_model_as_it_was():
    """A run on half precision must not decide for the next one, nor stay wrapped around the model's forward."""
    net = model()
    source, target = rows(21).batches[0]
    for precision in ("bf16", "no", "bf16"):
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        list(fit(net, TranslationLoss(), rows(21), optimizer, Plan(precision=precision)))
        with torch.no_grad():
            net.eval()
            exact = type(net).forward(net, source, previous_words(target))
            assert torch.equal(net(source, previous_words(target)), exact)


@pytest.mark.slow
def test_two_processes_are_one():
    """Half of the rows each, through gloo; the last batch has one row for two processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", port]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(HERE.parents[1])}
    done = subprocess.run([*command, HERE / "training_task.py", "processes"], capture_output=True, text=True,
                          env=environment, timeout=300)  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    *found, besides = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(set(besides["drawn"])) == 2, "each drops other units"
    assert besides["met"] == ["no room"] * 2, "a batch is not cut where others would wait for the pieces"
    assert [one["world"] for one in found] == [2, 2]
    for accumulate, two in zip((1, 2), found, strict=True):
        steps, final = curve(Plan(epochs=2, accumulate=accumulate, device="cpu"))
        assert two["tokens"] == [step.tokens for step in steps]
        assert two["losses"] == pytest.approx([step.loss for step in steps], rel=1e-6)
        torch.testing.assert_close(torch.tensor(two["weights"], dtype=torch.float64), final, rtol=1e-8, atol=1e-10)
