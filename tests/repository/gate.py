"""`make test`: every check in order. A check that fails does not stop the next one; the last lines say what failed.

    python tests/repository/gate.py [NAME ...]      only these checks

A check that finds nothing to do has failed: pytest's "no tests collected" is not green.
The chapters run without network and with an empty data cache, as on a laptop in a train.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sys.executable
NBVAL = ["--nbval", "--nbval-current-env", "--nbval-sanitize-with", "tests/nbval_sanitize.cfg"]
CHECKS: dict[str, list[str]] = {
    "lint": [PYTHON, "-m", "ruff", "check", "."],
    "format": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "types": [PYTHON, "-m", "mypy"],
    "secrets": [PYTHON, "tests/repository/secrets_scan.py"],
    "tests": ["pytest", "-m", "not browser and not site", "-n", "2", "tests"],
    "mutants": [PYTHON, "tests/bugs/museum.py"],
    "chapters": ["pytest", *NBVAL, "--nbval-cell-timeout", "600", "-n", "2", "--dist", "loadscope", "chapters"],
    "build": [PYTHON, "book/tools/build_site.py", "--all"],
    "site": ["pytest", "-m", "browser or site", "-n", "2", "--dist", "worksteal", "tests"],
}
ALONE = {"chapters"}
OFFLINE = ROOT / "tests/environments/offline"  # its sitecustomize.py lets nothing out of this machine


@dataclass
class Result:
    """How one check ended; ``passed``, ``failed`` and ``skipped`` count tests, or the check itself."""

    name: str
    seconds: float
    passed: int
    failed: int
    skipped: int


def counts(report: Path, status: int) -> tuple[int, int, int]:
    """Passed, failed and skipped tests in a JUnit report; a bad exit status without a failed test counts as one."""
    passed = failed = skipped = 0
    if report.is_file():
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            tests, bad = int(suite.get("tests", 0)), int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            failed, skipped = failed + bad, skipped + int(suite.get("skipped", 0))
            passed += tests - bad - int(suite.get("skipped", 0))
    return passed, max(failed, int(status != 0)), skipped


def run(name: str, command: list[str]) -> Result:
    """Run one check with its output shown, and count."""
    print(f"\n=== {name}", flush=True)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        environment = os.environ | {"COURSE_STATIC": "1", "OMP_NUM_THREADS": "1", "JUPYTER_PLATFORM_DIRS": "1"}
        if name in ALONE:
            environment |= {"PYTHONPATH": str(OFFLINE), "COURSE_DATA": str(Path(folder) / "data")}
        if command[0] == "pytest":
            command = [PYTHON, "-m", *command, "-q", "--junitxml", str(report)]
        status = subprocess.run(command, cwd=ROOT, env=environment).returncode
        passed, failed, skipped = counts(report, status)
    if "pytest" not in command:
        passed, failed = int(status == 0), int(status != 0)
    return Result(name, time.perf_counter() - began, passed, failed, skipped)


def main(names: list[str]) -> int:
    """Run the named checks, or all; 0 only if each of them passed."""
    if unknown := set(names) - set(CHECKS):
        print(f"no check {', '.join(sorted(unknown))}; there are: {', '.join(CHECKS)}", file=sys.stderr)
        return 2
    results = [run(name, CHECKS[name]) for name in (names or CHECKS)]
    print()
    for result in results:
        verdict = "FAILED" if result.failed else "ok"
        print(f"{result.name:10s} {verdict:7s} {result.seconds:6.0f} s  {result.passed} passed, {result.failed} failed")
    passed, failed, skipped = (sum(getattr(r, key) for r in results) for key in ("passed", "failed", "skipped"))
    total = sum(result.seconds for result in results)
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped in {total:.0f} s")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
