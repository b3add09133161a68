"""What several tests of the experiments share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from utils import records
from utils.experiments import __main__ as command


@pytest.fixture
def smoke(tmp_path, monkeypatch) -> Callable[[str], records.Record]:
    """A function that runs an experiment's smoke preset below `tmp_path` and returns the record that it wrote."""
    monkeypatch.setenv("COURSE_RUNS", str(tmp_path))

    def run(name: str) -> records.Record:
        assert command.main([name, "--preset", "smoke", "--device", "cpu"]) == 0
        return records.load(tmp_path / name / "smoke-0" / "record.json")

    return run
