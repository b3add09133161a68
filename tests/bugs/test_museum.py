"""The museum tells a killed bug from one that survives and from a package that is broken; its bugs fit the package."""

from __future__ import annotations

import re
from pathlib import Path

import museum
import pytest
from museum import Bug, Job, Seen

BUGS = museum.read()


def test_every_room_has_a_bug_and_every_bug_a_title() -> None:
    assert {bug.number for bug in BUGS} >= set(range(1, 38))
    assert len({bug.title for bug in BUGS}) == len(BUGS)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: f"{bug.number}: {bug.title}")
def test_each_bug_has_one_place_and_tests_that_exist(bug: Bug) -> None:
    assert (museum.ROOT / bug.file).read_text().count(bug.before) == 1
    assert bug.after != bug.before
    assert bug.why.endswith(".")
    assert bug.tests
    for test in bug.tests:
        file, name = test.split("::")
        assert re.search(rf"^def {name}\(", (museum.ROOT / file).read_text(), re.MULTILINE), test


TESTS = """
import pytest
from utils.sums import double

def test_sharp(): assert double(2) == 4
def test_blind(): assert double(0) == 0
@pytest.mark.parametrize("x", [0, 1, 2])
def test_one_of_three(x): assert double(x) == 2 * x
@pytest.fixture
def two(): assert double(1) == 2
def test_behind_a_fixture(two): pass
def test_name(): undefined
@pytest.mark.skip
def test_skipped(): pass
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package of one function, with tests that see much, little and nothing."""
    for folder in ("utils", "tests"):
        (tmp_path / folder).mkdir()
    (tmp_path / "utils/__init__.py").touch()
    (tmp_path / "utils/sums.py").write_text("def double(x):\n    return 2 * x\n")
    (tmp_path / "tests/test_sums.py").write_text(TESTS)
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    return tmp_path


def verdict(package: Path, after: str, *names: str, needs: str = "") -> str:
    """What the museum says of `2 * x` turned into something else."""
    tests = [f"tests/test_sums.py::{name}" for name in names]
    job = Job(tests, Bug(1, "a bug", "utils/sums.py", "2 * x", after, tests, "It is.", needs))
    # In a copy: whatever happens in it, the package stays.
    ((_, seen, _),) = museum.run([job], package)
    assert (package / "utils/sums.py").read_text() == "def double(x):\n    return 2 * x\n"
    return seen.verdict(job)


@pytest.fixture(autouse=True)
def no_package_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A forked process must read the copy, so that nothing of the package may be there yet."""
    for name in [name for name in museum.sys.modules if name.split(".")[0] in ("utils", "tests", "conftest")]:
        monkeypatch.delitem(museum.sys.modules, name)


def test_a_bug_is_killed_if_all_its_tests_fail_of_it(package: Path) -> None:
    assert verdict(package, "3 * x", "test_sharp") == "killed"
    assert verdict(package, "3 * x", "test_sharp", "test_one_of_three") == "killed"


def test_a_bug_survives_a_test_that_does_not_see_it(package: Path) -> None:
    assert verdict(package, "3 * x", "test_blind") == "SURVIVED"
    assert verdict(package, "3 * x", "test_sharp", "test_blind") == "SURVIVED"
    assert verdict(package, "x * 2", "test_sharp") == "SURVIVED"
    assert verdict(package, "3 * x", "test_skipped") == "SURVIVED"


def test_a_package_that_does_not_run_kills_nothing(package: Path) -> None:
    assert verdict(package, "2 x", "test_sharp") == "BROKEN"
    assert verdict(package, "y * x", "test_sharp") == "BROKEN"
    assert verdict(package, "3 * x", "test_missing") == "BROKEN"
    assert verdict(package, "3 * x", "test_name") == "BROKEN"
    assert verdict(package, "3 * x", "test_behind_a_fixture") == "BROKEN"
    assert verdict(package, "__import__('os')._exit(1)", "test_sharp") == "BROKEN"


def test_an_endless_loop_kills_nothing(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(museum, "SECONDS", 3.0)
    assert verdict(package, "[x for _ in iter(int, 1)]", "test_sharp") == "BROKEN"


def test_a_bug_without_its_data_is_left_out(package: Path) -> None:
    assert verdict(package, "3 * x", "test_skipped", needs="words") == "left out"
    assert verdict(package, "3 * x", "test_sharp", needs="words") == "killed"


def test_named_tests_must_pass_without_a_bug(package: Path) -> None:
    jobs = [Job([f"tests/test_sums.py::{name}"]) for name in ("test_sharp", "test_name", "test_missing")]
    found = {job.tests[0].split("::")[1]: seen.verdict(job) for job, seen, _ in museum.run(jobs, package)}
    assert found == {"test_sharp": "passed", "test_name": "FAILED", "test_missing": "FAILED"}
    assert Seen(status=5).verdict(jobs[0]) == "FAILED"


@pytest.mark.parametrize("before", ["3 * x", "x"])
def test_a_bug_needs_exactly_one_place(package: Path, before: str) -> None:
    bug = Bug(1, "a bug", "utils/sums.py", before, "0", [], "It is.")
    with pytest.raises(ValueError, match=r"bug 1 \(a bug\): [02] places"):
        museum.put_in(bug, package)


def test_bugs_are_chosen_by_number_and_by_word() -> None:
    assert {bug.number for bug in museum.chosen(BUGS, ["3"])} == {3}
    assert {bug.number for bug in museum.chosen(BUGS, ["is_causal", "36"])} == {4, 36}
    assert museum.chosen(BUGS, []) == BUGS
    assert museum.main(["no such bug"]) == 2
