"""Run the parity tests and write their largest differences as the record `parity`: python -m tests.parity.record"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import pytest

from tests.parity import tools
from utils import records, runtime

REFERENCES = ("transformers", "d2l", "trl", "fastai")
# fastai asks for torchvision and spaCy, so the tests do without it; its rows are there only where it is installed.
OPTIONAL = "fastai"


class Skipped:
    """A pytest plugin that notes skipped tests: a record with holes would look like a full one."""

    def __init__(self) -> None:
        self.tests: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called for each phase of each test."""
        if report.skipped:
            self.tests.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Called for each file: one that lacks its reference is skipped as a whole."""
        if report.skipped:
            self.tests.append(report.nodeid)


def main(tests: Path, file: Path) -> int:
    """Run the parity tests in a folder; write the record if all of them ran and passed. Returns the exit status."""
    runtime.one_thread()
    begun, skipped = time.monotonic(), Skipped()
    failed = pytest.main(["-q", "-p", "no:cacheprovider", str(tests)], plugins=[skipped])
    holes = [test for test in skipped.tests if OPTIONAL not in test]
    if failed or holes:
        print("no record written: a parity test failed or was skipped", *holes, sep="\n  ", file=sys.stderr)
        return 1
    record = records.Record(
        name="parity",
        command="python -m tests.parity.record",
        preset="",
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=records.commit(),
        seconds=round(time.monotonic() - begun, 1),
        machine=runtime.machine(),
        versions=records.versions() | _installed(),
        seeds=[0],
        config={str(dtype).removeprefix("torch."): limit for dtype, limit in tools.TOLERANCE.items()},
        metrics={name: tools.ROWS[name] for name in sorted(tools.ROWS)},
        notes=[
            "Each row: the largest difference in outputs, gradients and a 20-step loss curve, relative to the "
            "reference's largest value. Weights are drawn from normal(0, 0.2), but where a row names published ones.",
            *(f"not compared in this run, since {OPTIONAL} is absent: {test}" for test in skipped.tests),
        ],
    )
    record.write(file)
    print(f"wrote {file.name}: {len(tools.ROWS)} rows")
    return 0


def _installed() -> dict[str, str]:
    names = {d.metadata["Name"] for d in metadata.distributions()}
    return {name: metadata.version(name) for name in REFERENCES if name in names}


if __name__ == "__main__":
    sys.exit(main(Path(__file__).parent, records.shipped("parity")))
