"""The command `python -m utils.experiments`: what it lists and refuses, and a run from data to record."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from utils import pretrained, records
from utils.data import sources
from utils.experiments import __main__ as command
from utils.experiments import multi30k, real_text

HERE, ROOT = Path(__file__).parent, Path(__file__).resolve().parents[2]
NAME = "multi30k/seq2seq"
TIMES = ("date", "seconds", "commit")  # what two runs of the same code may differ in
GPT_READS = {name.partition(" ")[0].strip(",").partition(",")[0] for name in real_text.SOURCES}
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
    assert command.main(["--chapter", "99"]) == 2
    assert "no chapter '99' has sweeps to redo; there are: 01, 02, 03" in capsys.readouterr().err


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
    folder = runs / NAME / "smoke-0"
    checkpoint = folder / "checkpoint" / "step-00000500"
    checkpoint.mkdir(parents=True)
    (folder / "identity.json").write_text('["other sizes"]')
    assert command.main([NAME, "--preset", "smoke", "--device", "cpu"]) == 2
    assert "--fresh" in capsys.readouterr().err
    assert checkpoint.is_dir()
    assert (folder / "identity.json").read_text() == '["other sizes"]'


def test_presets_and_seeds_have_folders_of_their_own(runs):
    """An unfinished run stays where it is while another preset, or another seed, begins."""
    known = {NAME: (None, {"smoke": multi30k.PRESETS["seq2seq"]["smoke"], "cpu": multi30k.PRESETS["seq2seq"]["cpu"]})}
    places = set()
    for preset, seed in (("smoke", 0), ("smoke", 1), ("cpu", 0), ("smoke", 0)):
        options = argparse.Namespace(preset=preset, device="cpu", seed=seed, fresh=False, ship=False)
        run, _ = command._prepare(NAME, options, known)
        assert run.folder == runs / NAME / f"{preset}-{seed}"
        run.remember()
        places.add(run.folder)
    assert len(places) == 3
    assert all((place / "memory.json").exists() for place in places)


def test_a_run_says_which_device_it_uses(monkeypatch, runs):
    """What has no preset for a GPU trains on the processor, also where there is a GPU, and its record says so."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    presets = dict.fromkeys(("smoke", "cpu"), multi30k.PRESETS["seq2seq"]["smoke"])
    devices = {}
    for name, known in (("lab/sweep", presets), (NAME, presets | {"gpu": presets["cpu"]})):
        options = argparse.Namespace(preset="smoke", device=None, seed=0, fresh=False, ship=False)
        devices[name] = command._prepare(name, options, {name: (None, known)})[0].device
    assert devices == {"lab/sweep": "cpu", NAME: "cuda"}


def run(*arguments: str, runs: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"COURSE_RUNS": str(runs), "OMP_NUM_THREADS": "1", "COURSE_STATIC": "1"}
    environment["PYTHONPATH"] = str(ROOT)
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment, timeout=500)


def kill(name: str, count: int, folder: Path) -> dict[str, Any]:
    """An undisturbed smoke run, and one killed after so many steps or results, moved elsewhere and taken up again."""
    done = run(str(HERE / "killed_experiment.py"), name, str(folder), str(count), runs=folder)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["codes"] == [0, -9, 0]
    return found


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """Killed at its fifth step of eight."""
    folder = tmp_path_factory.mktemp("runs")
    return folder, kill(NAME, 5, folder)


def timeless(value: Any) -> Any:
    """A record without what two runs of the same code may differ in."""
    if isinstance(value, list):
        return [timeless(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: timeless(each) for key, each in value.items() if key not in TIMES and not key.endswith(" a second")}


@pytest.mark.real_data
@pytest.mark.slow
@needs_multi30k
def test_a_run_that_was_killed_and_taken_up_leaves_the_same_record(killed):
    folder, found = killed
    assert found["left"] == ["step-00000004"]
    assert timeless(found["whole"]) == timeless(found["moved"])
    one, other = (pretrained.load(folder / name / NAME / "smoke-0/weights.safetensors") for name in ("whole", "moved"))
    for name, value in one.model.state_dict().items():
        assert torch.equal(value, other.model.state_dict()[name])


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.skipif(not all(map(sources.available, ("sst2", *GPT_READS))), reason="texts are not in the cache")
@pytest.mark.parametrize(
    ("name", "count", "left"), [("gpt/real_text", 6, ["step-00000004"]), ("sentiment/lstm", 2, ["memory.json"])]
)
def test_so_do_a_run_that_keeps_files_of_its_own_and_one_of_several_trainings(name, count, left, tmp_path):
    """The GPT keeps its pieces; the LSTM is trained from several seeds, one result after the other."""
    found = kill(name, count, tmp_path)
    assert found["left"] == left
    assert timeless(found["whole"]) == timeless(found["moved"])


@pytest.mark.real_data
@pytest.mark.slow
@needs_multi30k
def test_a_run_leaves_its_record_and_weights_and_nothing_to_take_up(killed):
    folder, _ = killed
    left = {path.name for path in (folder / "whole" / NAME / "smoke-0").iterdir()}
    assert left == {"identity.json", "record.json", "weights.safetensors"}
    record = records.load(folder / "whole" / NAME / "smoke-0/record.json")
    assert (record.name, record.preset, record.seeds) == (NAME, "smoke", [0])
    assert record.command == f"python -m utils.experiments {NAME} --preset smoke --seed 0"
    assert record.seconds > 0
    assert [point["step"] for point in record.curves["training"]] == [4, 8]
    assert [point["epoch"] for point in record.curves["validation"]] == [1, 2]
    assert record.config["examples"] == record.sizes["training pairs"] == 60
    translator = pretrained.load(folder / "whole" / NAME / "smoke-0/weights.safetensors")
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
    assert (runs / NAME / "smoke-0/record.json").exists()
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
