"""utils.runtime: seeds, device, precision, switches."""

import random
import subprocess
import sys

import numpy
import pytest
import torch

from utils import runtime


def draw():
    return random.random(), numpy.random.rand(), torch.rand(1).item()


def test_a_seed_fixes_all_three_generators():
    runtime.seed_everything(3)
    first = draw()
    runtime.seed_everything(3)
    assert draw() == first
    runtime.seed_everything(4)
    assert all(a != b for a, b in zip(draw(), first, strict=True))


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "3", True])
def test_a_bad_seed_is_named(seed):
    with pytest.raises(ValueError, match="seed is"):
        runtime.seed_everything(seed)


def test_the_device_asked_for_or_an_error():
    assert runtime.device("cpu") == torch.device("cpu")
    with pytest.raises(ValueError, match="'tpu' is unknown"):
        runtime.device("tpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_no_silent_move_to_the_cpu():
    with pytest.raises(ValueError, match="not on this machine"):
        runtime.device("cuda")


def test_precision_follows_the_capability(monkeypatch):
    assert runtime.precision("cpu") == "no"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for capability, expected in [((7, 5), "fp16"), ((8, 0), "bf16"), ((9, 0), "bf16")]:
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _device, c=capability: c)
        assert runtime.precision("cuda") == expected


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("0", False), ("", False)])
def test_the_static_switch(monkeypatch, value, expected):
    monkeypatch.setenv("COURSE_STATIC", value)
    assert runtime.static() is expected


def test_colab_is_recognised_by_its_environment(monkeypatch):
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)
    monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    assert not runtime.on_colab()
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab")
    assert runtime.on_colab()


def test_a_machine_has_a_name():
    runtime.one_thread()
    facts = runtime.machine()
    assert facts["threads"] == 1
    assert facts["name"]
    assert facts["device"]


def test_importing_it_imports_no_torch():
    code = "import sys, utils.runtime; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
