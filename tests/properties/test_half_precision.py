"""Training in fp16 with loss scaling, as on a T4: a CPU can do it too, though accelerate does not offer it there."""

from __future__ import annotations

import pytest
import torch

from utils.data.windows import WindowBatches
from utils.models.gpt import GPT, GPTConfig
from utils.training import trainer
from utils.training.losses import next_token_loss
from utils.training.optimizers import MuonAdamW
from utils.training.schedules import schedule, warmup_linear
from utils.training.trainer import Plan, Step, fit


@pytest.fixture
def scaler(monkeypatch):
    """A function that gives the trainer torch's autocast and gradient scaler for CPUs, with a first scale."""
    make = trainer._accelerator
    monkeypatch.setenv("COURSE_STATIC", "1")

    def give(scale: float) -> torch.amp.GradScaler:
        found = torch.amp.GradScaler("cpu", init_scale=scale, growth_interval=1_000)

        def made(plan):
            accelerator = make(plan)
            accelerator.native_amp, accelerator.scaler = True, found
            return accelerator

        monkeypatch.setattr(trainer, "_accelerator", made)
        return found

    return give


def trained(precision: str, steps: int = 12) -> tuple[list[Step], list[torch.Tensor]]:
    """The first steps of a small GPT, and what its embedding was after each."""
    torch.manual_seed(0)
    model, weights = GPT(GPTConfig(50, 16, 2, 2, 16)), []
    optimizer = MuonAdamW(model, 5e-3)
    row = torch.arange(2_000) % 23 + 4
    rates = schedule(optimizer, warmup_linear(2, steps))
    plan, found = Plan(steps=steps, device="cpu", precision=precision), []
    for step in fit(model, next_token_loss, WindowBatches(row, 16, 8), optimizer, plan, None, rates):
        found.append(step)
        weights.append(model.wte.weight.detach().clone())
    return found, weights


def test_scaled_gradients_learn_what_plain_ones_learn(scaler) -> None:
    """Unscaled before they are clipped: the norm is that of the gradient, whatever the scale."""
    plain, exact = trained("no")
    scaler(2.0**12)
    half, rounded = trained("fp16")
    assert [step.loss for step in half] == pytest.approx([step.loss for step in plain], rel=2e-3)
    assert half[0].gradient_norm == pytest.approx(plain[0].gradient_norm, rel=1e-2)
    assert plain[-1].loss < 0.98 * plain[0].loss
    assert not torch.equal(exact[0], rounded[0]), "it really computed in half precision"


def test_a_step_that_overflows_is_left_out_and_the_schedule_waits(scaler) -> None:
    found = scaler(2.0**22)
    steps, weights = trained("fp16")
    skipped = [not step.gradient_norm < float("inf") for step in steps]
    assert skipped[0]
    assert not any(skipped[6:])
    count = sum(skipped)
    assert found.get_scale() == 2.0 ** (22 - count), "halved once for each"
    assert all(torch.equal(weights[k], weights[0]) for k in range(count))
    assert not torch.equal(weights[count], weights[0])
    rates = [step.learning_rate for step in steps]
    assert rates[: count + 1] == [rates[0]] * (count + 1)
    assert rates[count + 1] > rates[count]
