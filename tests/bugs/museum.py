"""The bug museum: classic mistakes, each put into a copy of the package, where the tests named for it must fail.

    python tests/bugs/museum.py [NUMBER or WORD ...]      all bugs, or those with this number or word in their title

`mutations.toml` holds the bugs. One is killed if each of its tests fails, by a failure of its own: a package that can
not be imported any more proves nothing. First all named tests must pass in a copy without any bug. Every run is forked
from one process that has torch in memory already, so a bug costs little more than its tests.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
MUTATIONS = Path(__file__).with_name("mutations.toml")
COPIED = ("utils", "tests", "pyproject.toml", "conftest.py")
WORKERS, SECONDS = 2, 180.0
# What a test fails of when the package is no package any more.
BROKEN = (ImportError, SyntaxError, NameError)


@dataclass(frozen=True)
class Bug:
    """A mistake: `before` occurs once in `file` and becomes `after`; then every one of `tests` must fail.

    `number` is its room, which several may share; without the real data that it `needs` a bug is left out.
    """

    number: int
    title: str
    file: str
    before: str
    after: str
    tests: list[str]
    why: str
    needs: str = ""


@dataclass(frozen=True)
class Job:
    """Tests to run in a copy of the package, with a bug or without."""

    tests: list[str]
    bug: Bug | None = None


@dataclass
class Seen:
    """What the test functions of a job did: their names without parameters; `status` is pytest's."""

    status: int = -1
    failed: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def verdict(self, job: Job) -> str:
        """How a job ended: "killed", "SURVIVED", "left out" or "BROKEN" for a bug, "passed" or "FAILED" without."""
        tests = set(job.tests)
        if job.bug is None:
            return "passed" if self.status == 0 and tests == set(self.passed) | set(self.skipped) else "FAILED"
        if self.broken or self.status not in (0, 1):
            return "BROKEN"
        if job.bug.needs and tests == set(self.skipped):
            return "left out"
        return "killed" if tests == set(self.failed) else "SURVIVED"


def read(path: Path = MUTATIONS) -> list[Bug]:
    """All bugs, in the order of their numbers."""
    return sorted((Bug(**entry) for entry in tomllib.loads(path.read_text())["bug"]), key=lambda bug: bug.number)


def put_in(bug: Bug, root: Path) -> None:
    """Write the bug into a copy of the package at `root`; ValueError if there is not exactly one place for it."""
    path = root / bug.file
    text = path.read_text()
    if (found := text.count(bug.before)) != 1:
        raise ValueError(f"bug {bug.number} ({bug.title}): {found} places in {bug.file} read {bug.before!r}, not one")
    path.write_text(text.replace(bug.before, bug.after))


class Witness:
    """A plugin of pytest that notes how each test function ended; one that has failed is tried no further."""

    def __init__(self) -> None:
        self.seen = Seen()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if item.nodeid.split("[")[0] in self.seen.failed:
            pytest.skip("has failed already")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        report: Any = yield
        name, seen = item.nodeid.split("[")[0], self.seen
        if report.failed and (call.when != "call" or call.excinfo is None or call.excinfo.errisinstance(BROKEN)):
            seen.broken.append(f"{item.nodeid} ({call.when}): {call.excinfo and call.excinfo.exconly()}")
        elif report.failed:
            seen.failed.append(name)
        elif report.skipped and name not in seen.skipped:
            seen.skipped.append(name)
        elif report.when == "call" and name not in seen.passed:
            seen.passed.append(name)
        return report


def watch(root: Path, tests: list[str]) -> None:
    """In a process of its own: run the tests of the copy at `root`, and leave what was seen in seen.json."""
    with (root / "output.txt").open("w") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.chdir(root)
    os.environ["PYTHONPATH"] = str(root)
    sys.path.insert(0, str(root))
    witness = Witness()
    options = [
        "-q",
        "--rootdir",
        str(root),
        "-c",
        "pyproject.toml",
        "-p",
        "no:cacheprovider",
        "--tb=short",
        "--disable-warnings",
    ]
    witness.seen.status = int(pytest.main([*options, *tests], plugins=[witness]))
    package = sys.modules.get("utils")
    if package is not None and not str(package.__file__).startswith(str(root)):
        witness.seen.broken.append(f"the tests have read {package.__file__} instead of the copy")
    (root / "seen.json").write_text(json.dumps(vars(witness.seen)))
    sys.stdout.flush()
    os._exit(0)


def copy_of(source: Path, root: Path) -> None:
    """Copy the package and its tests, without weights, which no bug is about."""
    for name in COPIED:
        if (source / name).is_dir():
            shutil.copytree(source / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "weights"))
        elif (source / name).is_file():
            shutil.copy(source / name, root / name)


def run(jobs: Iterable[Job], source: Path = ROOT, workers: int = WORKERS) -> Iterator[tuple[Job, Seen, str]]:
    """Run jobs side by side, each in a fresh copy of `source`: yields job, what was seen, and pytest's output."""
    fork, waiting = multiprocessing.get_context("fork"), list(reversed(list(jobs)))
    running: dict[int, tuple[Any, Job, Path, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        while waiting or running:
            while waiting and len(running) < workers:
                job, root = waiting.pop(), Path(tempfile.mkdtemp(dir=folder)).resolve()
                copy_of(source, root)
                if job.bug is not None:
                    put_in(job.bug, root)
                process = fork.Process(target=watch, args=(root, job.tests))
                process.start()
                running[process.sentinel] = (process, job, root, time.perf_counter())
            ended = wait(list(running), timeout=1)
            for sentinel, (process, job, root, began) in list(running.items()):
                seconds = time.perf_counter() - began
                if sentinel not in ended and seconds < SECONDS:
                    continue
                del running[sentinel]
                process.kill()
                process.join()
                yield job, *_left(root, seconds)
                shutil.rmtree(root)


def _left(root: Path, seconds: float) -> tuple[Seen, str]:
    """What a process has left behind; one that was killed or has crashed left nothing and is broken."""
    path = root / "seen.json"
    seen = Seen(**json.loads(path.read_text())) if path.is_file() else Seen(broken=[f"no end within {seconds:.0f} s"])
    seen.seconds = seconds
    return seen, (root / "output.txt").read_text() if (root / "output.txt").is_file() else ""


def without_bugs(bugs: Iterable[Bug]) -> list[Job]:
    """Every named test once, a job a file."""
    names = sorted({test for bug in bugs for test in bug.tests})
    return [Job(list(tests)) for _, tests in groupby(names, key=lambda name: name.split("::")[0])]


def chosen(bugs: list[Bug], words: list[str]) -> list[Bug]:
    """The bugs with one of these numbers, or with one of these words in the title; all if there are none."""
    named = lambda bug, word: int(word) == bug.number if word.isdigit() else word in bug.title  # noqa: E731
    return [bug for bug in bugs if not words or any(named(bug, word) for word in words)]


def warm() -> None:
    """Load what most tests import, so that a forked process need not; but nothing of the package itself."""
    import accelerate  # noqa: F401
    import hypothesis
    import nbval.plugin  # noqa: F401
    import torch
    from transformers import BertForPreTraining, GPT2LMHeadModel  # noqa: F401

    torch.set_num_threads(1)
    # A failure is enough; looking for the smallest one takes long.
    some = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
    hypothesis.settings.register_profile("museum", phases=some, deadline=None, derandomize=True, database=None)
    hypothesis.settings.load_profile("museum")
    sys.dont_write_bytecode = True


def main(words: list[str]) -> int:
    """Print the table; 0 only if every bug was killed and every named test passes without it."""
    bugs = chosen(read(), words)
    if not bugs:
        print(f"no bug has the number or the word {' '.join(words)!r}", file=sys.stderr)
        return 2
    began = time.perf_counter()
    warm()
    verdicts = []
    for job, seen, output in run([*without_bugs(bugs), *(Job(bug.tests, bug) for bug in bugs)]):
        verdict = seen.verdict(job)
        number, title = (job.bug.number, job.bug.title) if job.bug else ("-", "no bug")
        test = job.tests[0].split("::")[1] if job.bug else f"{len(job.tests)} of {job.tests[0].split('::')[0]}"
        print(f"{number!s:>3} {title[:60]:60} {test[:75]:75} {verdict:8} {seen.seconds:5.1f} s", flush=True)
        if verdict in ("SURVIVED", "BROKEN", "FAILED"):
            print("\n".join(seen.broken) or f"    failed: {seen.failed}, of {job.tests}", output[-2000:], sep="\n")
        verdicts.append(verdict)
    killed, left_out = verdicts.count("killed"), verdicts.count("left out")
    rooms, seconds = len({bug.number for bug in bugs}), time.perf_counter() - began
    print(f"\nrooms: {rooms}, bugs: {len(bugs)}, left out for want of data: {left_out}, seconds: {seconds:.0f}")
    print(f"{killed} of {len(bugs) - left_out} killed")
    return int(killed + left_out < len(bugs) or "FAILED" in verdicts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
