"""Checkpoints: a run that was killed ends as if it had not been, and loading one executes nothing."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from training_task import KILLS, model, rows, weights

from utils.training.losses import TranslationLoss
from utils.training.schedules import schedule, warmup_linear
from utils.training.trainer import Plan, Step, fit

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setenv("COURSE_STATIC", "1")


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """What each run of `training_task.py kill` ended with, by name."""
    folder = tmp_path_factory.mktemp("killed")
    environment = os.environ | {"OMP_NUM_THREADS": "1", "COURSE_STATIC": "1", "PYTHONPATH": str(HERE.parents[1])}
    command = [sys.executable, HERE / "training_task.py", "kill", folder]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("name", KILLS)
def test_a_killed_run_ends_with_the_same_bits(ended, name):
    """Killed by SIGKILL at these steps, with dropout, a schedule, and random draws by the caller."""
    assert ended[name] == ended["undisturbed"]
    assert len(ended[name]["memory"]["losses"]) == 14
    assert len(set(ended[name]["memory"]["draws"])) == 4


def run(folder: Path, epochs: int = 1, dropout: float = 0.3) -> tuple[list[Step], torch.Tensor, dict]:
    """Six steps an epoch, a checkpoint every two, with a schedule: the steps, the final weights, the memory."""
    net, memory = model(dropout), {"seen": 0}
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)
    plan = Plan(epochs=epochs, checkpoint=folder, every=2, device="cpu")
    steps = []
    rates = schedule(optimizer, warmup_linear(2, 12))
    for step in fit(net, TranslationLoss(), rows(21), optimizer, plan, memory, rates):
        steps.append(step)
        memory["seen"] += 1
    return steps, weights(net), memory


def test_a_finished_run_does_nothing_and_has_its_weights_and_memory(tmp_path):
    steps, final, memory = run(tmp_path)
    again, same, remembered = run(tmp_path)
    assert (len(steps), len(again)) == (6, 0)
    assert torch.equal(final, same)
    assert memory == remembered == {"seen": 6}
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000006"]


def test_more_epochs_go_on_from_where_the_run_ended(tmp_path):
    run(tmp_path / "a")
    steps, final, memory = run(tmp_path / "a", epochs=2)
    whole, expected, _ = run(tmp_path / "b", epochs=2)
    assert [step.number for step in steps] == list(range(7, 13))
    assert [(step.loss, step.learning_rate) for step in steps] == [(s.loss, s.learning_rate) for s in whole[6:]]
    assert torch.equal(final, expected)
    assert memory == {"seen": 12}


def test_what_a_kill_left_of_a_checkpoint_is_not_used(tmp_path):
    """A kill while saving leaves the folder `part`, a kill while tidying an older folder that is broken."""
    run(tmp_path / "a")
    newest = tmp_path / "a" / "step-00000006"
    shutil.copytree(newest, tmp_path / "a" / "part")
    (tmp_path / "a" / "part" / "model.safetensors").write_bytes(b"cut off")
    (tmp_path / "a" / "part" / "custom_checkpoint_0.pkl").write_bytes(b"of another run")
    (tmp_path / "a" / "step-00000004").mkdir()
    _, final, _ = run(tmp_path / "a", epochs=2)
    _, expected, _ = run(tmp_path / "b", epochs=2)
    assert torch.equal(final, expected)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["step-00000012"]
    left, whole = ({path.name for path in (tmp_path / run / "step-00000012").iterdir()} for run in "ab")
    assert left == whole


class Bomb:
    """Unpickling it makes a folder."""

    def __init__(self, target: Path):
        self.target = target

    def __reduce__(self):
        return os.mkdir, (str(self.target),)


def test_a_checkpoint_holds_weights_as_safetensors(tmp_path):
    run(tmp_path)
    assert {path.name for path in (tmp_path / "step-00000006").iterdir()} == {
        "model.safetensors",
        "optimizer.bin",
        "scheduler.bin",
        "random_states_0.pkl",
        "memory.json",
    }


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("name", ["optimizer.bin", "scheduler.bin", "random_states_0.pkl"])
@pytest.mark.parametrize("form", ["torch", "pickle"])
def test_loading_a_checkpoint_executes_no_code(tmp_path, name, form):
    run(tmp_path)
    file, target = tmp_path / "step-00000006" / name, tmp_path / "executed"
    if form == "torch":
        torch.save({"state": Bomb(target)}, file)
    else:
        file.write_bytes(pickle.dumps(Bomb(target)))
    with pytest.raises(pickle.UnpicklingError):
        run(tmp_path, epochs=2)
    assert not target.exists()


def test_the_bomb_is_real(tmp_path):
    """Else the test before this one would prove nothing."""
    torch.save(Bomb(tmp_path / "executed"), tmp_path / "file")
    torch.load(tmp_path / "file", weights_only=False)
    assert (tmp_path / "executed").exists()


def test_random_states_that_cannot_be_read_are_an_error_and_not_other_numbers(tmp_path):
    run(tmp_path)
    (tmp_path / "step-00000006" / "random_states_0.pkl").unlink()
    with pytest.raises(FileNotFoundError):
        run(tmp_path, epochs=2)
