"""The command `python -m utils.experiments`: what it lists and refuses, and a run from data to record."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from utils import pretrained, records
from utils.data import sources
from utils.experiments import __main__ as command

HERE, ROOT = Path(__file__).parent, Path(__file__).resolve().parents[2]
NAME = "multi30k/seq2seq"
TIMES = ("date", "seconds", "commit")  # what two runs of the same code may differ in
needs_multi30k = pytest.mark.skipif(
    not sources.available("multi30k"), reason="Multi30k is not in the cache: set COURSE_DATA or fetch it once"
)


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    """No test touches the runs of whoever starts it."""
    monkeypatch.setenv("COURSE_RUNS", str(tmp_path))
    return tmp_path


def test_without_a_name_it_lists_what_there_is(capsys):
    assert command.main([]) == 0
    assert f"{NAME}    presets: smoke, cpu, gpu" in capsys.readouterr().out


def test_a_chapter_names_its_lab_sweeps(capsys):
    assert command.sweeps("03") == ["lab_tasks/seq2seq", "lab_translation/seq2seq"]
    assert command.main(["--chapter", "99"]) == 1
    assert NAME in capsys.readouterr().out


def test_every_experiment_has_a_smoke_preset():
    for name, (_, presets) in command.catalogue().items():
        assert "smoke" in presets, name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["multi30k/nothing"], f"no experiment 'multi30k/nothing'; there are: .*{NAME}"),
        (["../../etc"], "no experiment"),
        ([NAME, "--preset", "huge"], "no preset 'huge'; it has: smoke, cpu, gpu"),
        ([NAME, "--device", "tpu"], "'tpu' is unknown"),
        ([NAME, "--preset", "smoke", "--ship"], "it is not shipped"),
    ],
)
def test_bad_arguments_get_one_sentence_and_no_folder(capsys, runs, arguments, message):
    assert command.main(arguments) == 2
    error = capsys.readouterr().err
    assert re.search(message, error)
    assert len(error.strip().splitlines()) == 1
    assert not list(runs.iterdir())


def test_an_unfinished_run_with_other_settings_is_not_thrown_away(capsys, runs):
    checkpoint = runs / NAME / "checkpoint" / "step-00000500"
    checkpoint.mkdir(parents=True)
    (runs / NAME / "identity.json").write_text('["another preset"]')
    assert command.main([NAME, "--preset", "smoke", "--device", "cpu"]) == 2
    assert "--fresh" in capsys.readouterr().err
    assert checkpoint.is_dir()
    assert (runs / NAME / "identity.json").read_text() == '["another preset"]'


def run(*arguments: str, runs: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"COURSE_RUNS": str(runs), "OMP_NUM_THREADS": "1", "COURSE_STATIC": "1"}
    environment["PYTHONPATH"] = str(ROOT)
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment, timeout=500)


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """An undisturbed smoke run, and one killed at its fifth step of eight and taken up again."""
    folder = tmp_path_factory.mktemp("runs")
    done = run(str(HERE / "killed_experiment.py"), NAME, str(folder), "5", runs=folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder, json.loads(done.stdout)


@pytest.mark.real_data
@pytest.mark.slow
@needs_multi30k
def test_a_run_that_was_killed_and_taken_up_leaves_the_same_record(killed):
    folder, found = killed
    assert found["codes"] == [0, -9, 0]
    assert found["left"] == ["step-00000004"]
    whole, again = ({k: v for k, v in found[name].items() if k not in TIMES} for name in ("whole", "killed"))
    for record in (whole, again):
        del record["metrics"]["greedy sentences a second"]
        record["scoreboard"] = [{k: v for k, v in row.items() if k not in TIMES} for row in record["scoreboard"]]
    assert whole == again
    one, other = (pretrained.load(folder / name / NAME / "weights.safetensors") for name in ("whole", "killed"))
    for name, value in one.model.state_dict().items():
        assert torch.equal(value, other.model.state_dict()[name])


@pytest.mark.real_data
@pytest.mark.slow
@needs_multi30k
def test_a_run_leaves_its_record_and_weights_and_nothing_to_take_up(killed):
    folder, _ = killed
    left = {path.name for path in (folder / "whole" / NAME).iterdir()}
    assert left == {"identity.json", "record.json", "weights.safetensors"}
    record = records.load(folder / "whole" / NAME / "record.json")
    assert (record.name, record.preset, record.seeds) == (NAME, "smoke", [0])
    assert record.command == f"python -m utils.experiments {NAME} --preset smoke --seed 0"
    assert record.seconds > 0
    assert [point["step"] for point in record.curves["training"]] == [4, 8]
    assert [point["epoch"] for point in record.curves["validation"]] == [1, 2]
    assert record.config["examples"] == record.sizes["training pairs"] == 60
    translator = pretrained.load(folder / "whole" / NAME / "weights.safetensors")
    assert pretrained.parameters(translator.model) == record.sizes["parameters"]
    for metric in ("test BLEU, greedy", "test BLEU, beam", "test tokens right"):
        assert metric in record.metrics


@pytest.mark.real_data
@pytest.mark.slow
@needs_multi30k
def test_a_chapter_can_run_it_afresh(monkeypatch, runs):
    """With COURSE_RUN=1, in a child process; the shipped record is neither asked for nor touched."""
    monkeypatch.setenv("COURSE_RUN", "1")
    monkeypatch.setenv("COURSE_STATIC", "1")
    monkeypatch.chdir(ROOT)
    record = records.recorded(NAME, preset="smoke")
    assert record.preset == "smoke"
    assert (runs / NAME / "record.json").exists()
    assert record.metrics["beam"]["size"] in (1, 5)


def test_data_that_is_missing_is_one_clear_sentence(monkeypatch, capsys, tmp_path):
    """A cache that holds nothing and cannot be written to: exit status 1 and no traceback."""
    blocked = tmp_path / "file"
    blocked.write_text("a file where the cache should be")
    monkeypatch.setenv("COURSE_DATA", str(blocked))
    assert command.main([NAME, "--preset", "smoke", "--device", "cpu"]) == 1
    error = capsys.readouterr().err
    assert "multi30k" in error
    assert "COURSE_DATA" in error
