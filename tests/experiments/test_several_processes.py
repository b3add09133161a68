"""A run on two processes is the run on one: same losses, same record, also sharded, also killed and taken up again."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from utils import pretrained, records
from utils.data import sources
from utils.experiments import real_text

HERE, ROOT = Path(__file__).parent, Path(__file__).resolve().parents[2]
GPT, TRANSFORMER = "gpt/real_text", "multi30k/transformer"
FSDP = ROOT / "utils/experiments/launch/fsdp.yaml"
STARTS = {
    "two": "torchrun --nproc-per-node 2",
    "sharded": "accelerate launch --config_file utils/experiments/launch/fsdp.yaml --num_processes 2",
}
SETS = {name.partition(" ")[0].strip(",").partition(",")[0] for name in real_text.SOURCES} | {"multi30k"}
pytestmark = [
    pytest.mark.real_data,
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(map(sources.available, SETS)), reason="texts are missing in the cache: set COURSE_DATA or fetch them"
    ),
]


def launch(how: str, runs: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `together.py` on one process, on two with all weights each, or on two with half of them each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    module = [sys.executable, "-m"]
    command = {
        "one": [sys.executable],
        "two": [*module, "torch.distributed.run", "--nproc-per-node", "2", "--master-port", port],
        "sharded": [*module, "accelerate.commands.launch", "--config_file", str(FSDP), "--main_process_port", port],
    }[how]
    environment = os.environ | {"COURSE_RUNS": str(runs), "OMP_NUM_THREADS": "1", "COURSE_STATIC": "1"}
    environment["PYTHONPATH"] = str(ROOT)
    script = str(HERE / "together.py")
    return subprocess.run([*command, script, *arguments], capture_output=True, text=True, env=environment, timeout=500)


def left(runs: Path) -> dict[str, Any]:
    """Losses and records that a launch has left, by experiment."""
    losses = json.loads((runs / "losses.json").read_text())
    return {name: (losses[name], records.load(runs / name / "smoke-0/record.json")) for name in losses}


@pytest.fixture(scope="module")
def one(tmp_path_factory) -> dict[str, Any]:
    runs = tmp_path_factory.mktemp("one")
    done = launch("one", runs, GPT, TRANSFORMER)
    assert done.returncode == 0, done.stderr[-3000:]
    return left(runs)


@pytest.mark.parametrize("how", ["two", "sharded"])
def test_two_processes_of_which_one_is_killed_leave_what_one_process_leaves(how, one, tmp_path) -> None:
    """Killed after step 6 of 8, taken up again from the checkpoint of step 4; then another run, undisturbed."""
    killed = launch(how, tmp_path, GPT, "--kill", "6")
    folder = tmp_path / GPT / "smoke-0"
    assert killed.returncode != 0
    assert "-9" in killed.stderr, "the launcher tells of SIGKILL, and nobody is left waiting"
    assert [path.name for path in (folder / "checkpoint").glob("step-*")] == ["step-00000004"]
    done = launch(how, tmp_path, GPT, TRANSFORMER)
    assert done.returncode == 0, done.stderr[-3000:]
    found = left(tmp_path)
    for name, (losses, record) in found.items():
        alone, expected = one[name]
        assert len(losses) == len(alone) == 8
        assert losses == pytest.approx(alone, rel=2e-5)
        assert record.machine["processes"] == 2
        assert record.command == f"{STARTS[how]} -m utils.experiments {name} --preset smoke --seed 0"
        assert record.sizes == expected.sizes
        assert [point["step"] for point in record.curves["validation"] if "step" in point] == [4, 8]
    judged = [[point["loss"] for point in record.curves["validation"]] for record in (found[GPT][1], one[GPT][1])]
    assert judged[0] == pytest.approx(judged[1], rel=2e-5)
    for name in ("validation, bits per character", "test, bits per character"):
        assert found[GPT][1].metrics[name] == pytest.approx(one[GPT][1].metrics[name], abs=2e-4)
    assert done.stdout.count("record: ") == 2, "one process speaks for both, once a run"
    assert {path.name for path in folder.iterdir()} == {
        "identity.json", "record.json", "weights.safetensors", "tokens.safetensors", "pieces.json"
    }  # fmt: skip
    writer = pretrained.load(folder / "weights.safetensors")
    assert writer("The jury", 5, seed=1).startswith("The jury")


def test_a_run_on_one_process_names_one(one) -> None:
    record = one[GPT][1]
    assert record.machine["processes"] == 1
    assert record.command.startswith("python -m utils.experiments gpt/real_text ")
