"""The header card: measured figures with the machine's name, or none."""

from types import SimpleNamespace

import pytest

from utils.teaching import header

MACHINE = {"name": "Example CPU 3000", "device": "cpu", "threads": 1}


def card(shown, **measured):
    return shown(
        header, "Can one vector hold a sentence?", needs=["chapter 1", "matrices"], data="the `lab`", **measured
    )


def test_measured_time_and_memory_name_the_machine(shown):
    record = SimpleNamespace(seconds=96.0, machine=MACHINE, metrics={"memory_mb": 1234.5})
    html = card(shown, measured=record).html
    assert "1.6 minutes and 1,234 MB of memory on Example CPU 3000, 1 thread" in html
    assert "chapter 1; matrices" in html
    assert "<code>lab</code>" in html


def test_several_machines(shown):
    html = card(
        shown, measured=[{"seconds": 40, "machine": "A"}, {"seconds": 7, "machine": MACHINE | {"device": "T4"}}]
    )
    assert "40 seconds on A" in html.html
    assert "7 seconds on T4 (Example CPU 3000)" in html.html


def test_nothing_is_guessed(shown):
    assert "Measured" not in card(shown).html
    with pytest.raises(ValueError, match="needs seconds"):
        header("Why?", needs=[], data="", measured={"seconds": 3})
    with pytest.raises(ValueError, match="question mark"):
        header("A statement", needs=[], data="")


def test_on_colab_without_a_gpu_the_card_says_that_none_is_needed(shown, monkeypatch):
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)
    assert "GPU" not in card(shown).html
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    assert "has no GPU, and the chapter needs none" in card(shown).html
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert "GPU" not in card(shown).html
