"""The command behind `make test` reports what happened: a failure, an empty run and a skip are told apart."""

from __future__ import annotations

import sys
from pathlib import Path

import gate
import pytest


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Replaces the checks by pytest runs over one small file each."""

    def use(**files: str) -> None:
        table = {}
        for name, text in files.items():
            path = tmp_path / f"test_{name}.py"
            path.write_text(text)
            table[name] = ["pytest", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "-c", "/dev/null", str(path)]
        monkeypatch.setattr(gate, "CHECKS", table)

    return use


def last_line(capfd: pytest.CaptureFixture[str]) -> str:
    return capfd.readouterr().out.strip().splitlines()[-1]


def test_passed_and_skipped_are_counted(checks, capfd) -> None:
    checks(a="import pytest\ndef test_x(): pass\ndef test_y(): pytest.skip('no')\n", b="def test_z(): pass\n")
    assert gate.main([]) == 0
    assert last_line(capfd).startswith("2 passed, 0 failed, 1 skipped")


def test_one_failure_fails_the_whole_and_the_rest_still_runs(checks, capfd) -> None:
    checks(a="def test_x(): assert False\n", b="def test_z(): pass\n")
    assert gate.main([]) == 1
    assert last_line(capfd).startswith("1 passed, 1 failed, 0 skipped")


def test_nothing_collected_is_a_failure(checks, capfd) -> None:
    checks(a="x = 1\n")
    assert gate.main([]) == 1
    assert last_line(capfd).startswith("0 passed, 1 failed")


ASKS = """
import os, socket, pytest
def test_x():
    with pytest.raises(OSError, match="the network is blocked here"):
        socket.create_connection(("192.0.2.1", 80), timeout=5)
    assert not os.path.exists(os.environ["COURSE_DATA"])
"""


def test_chapters_run_without_network_and_data(checks, capfd) -> None:
    checks(chapters=ASKS, other=ASKS)
    assert gate.main(["chapters"]) == 0
    assert gate.main(["other"]) == 1


def test_a_command_that_fails_is_one_failure(monkeypatch, capfd) -> None:
    monkeypatch.setattr(gate, "CHECKS", {"lint": [sys.executable, "-c", "raise SystemExit(3)"]})
    assert gate.main([]) == 1
    assert last_line(capfd).startswith("0 passed, 1 failed")


def test_an_unknown_check_is_named(capfd) -> None:
    assert gate.main(["lnit"]) == 2
    assert "lnit" in capfd.readouterr().err
