"""Lets the tests import what they share, and gives each a home of its own."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "book/tools"), str(ROOT / "tests/environments")]


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    """No test touches a learner's progress or runs, and none depends on the switch of the run."""
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    monkeypatch.setenv("COURSE_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("COURSE_STATIC", raising=False)
