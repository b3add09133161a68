"""The lock files agree with pyproject.toml, name no address, and every package in them has a licence."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import json
import re
import sys
from pathlib import Path

import licences
import lock
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from test_files import PROJECT, ROOT

FILES = {file.name: file.read_text(encoding="utf-8") for file in sorted((ROOT / "requirements").glob("*.lock"))}
LOCKED = {name: lock.blocks(text) for name, text in FILES.items()}
WANTED = {
    canonicalize_name(one.name): one
    for one in map(
        Requirement, PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["book"]
    )
}


def versions(*names: str) -> dict[str, set[str]]:
    """Package -> its versions, one or more by Python and system."""
    found: dict[str, set[str]] = {}
    for name in names:
        for package, text in LOCKED[name]:
            found.setdefault(package, set()).add(re.search(r"==([^ ;\\\n]+)", text)[1])
    return found


def test_the_two_files_are_there_and_share_nothing() -> None:
    assert list(LOCKED) == ["book.lock", "run.lock"]
    assert not versions("book.lock").keys() & versions("run.lock").keys()


def test_everything_that_pyproject_names_is_locked_within_its_bounds() -> None:
    found = versions(*LOCKED)
    assert sorted(WANTED.keys() - found.keys()) == []
    outside = {name: found[name] for name, one in WANTED.items() if not all(v in one.specifier for v in found[name])}
    assert outside == {}


def test_torch_and_d2l_are_those_of_the_makefile() -> None:
    assert {f"torch=={version}" for version in versions("run.lock")["torch"]} == {lock.written_down("TORCH")}
    assert {f"d2l=={version}" for version in versions("run.lock")["d2l"]} == {lock.written_down("D2L")}
    assert "torch" not in versions("book.lock")


@pytest.mark.parametrize("name", FILES)
def test_every_line_is_a_pinned_package_or_a_hash(name: str) -> None:
    pin = re.compile(r"[a-z0-9][a-z0-9.-]*==[\w.!+]+(?: ; [^#@]+)? \\")
    digest = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")
    lines = FILES[name].splitlines()
    assert lines[0].startswith("# Written by: make lock.")
    assert [line for line in lines[1:] if not (pin.fullmatch(line) or digest.fullmatch(line))] == []
    assert all("--hash=sha256:" in text for _, text in LOCKED[name])
    assert not re.search(r"://|--index|--find-links|--extra|--trusted", FILES[name])


def test_a_block_ends_where_the_next_package_begins() -> None:
    first = "a==1 \\\n    --hash=sha256:00\n"
    second = "B-c==2 ; python_version < '3.12' \\\n    --hash=sha256:01 \\\n    --hash=sha256:02\n"
    assert [(name, part.count("sha256")) for name, part in lock.blocks(f"# head\n{first}{second}")] == [
        ("a", 1),
        ("b-c", 2),
    ]


def test_every_locked_package_has_its_licence() -> None:
    rows = json.loads(licences.FILE.read_text(encoding="utf-8"))
    assert {(row["name"], row["version"]) for row in rows} == set(licences.locked().values())
    assert [row["name"] for row in rows if not re.search(r"[A-Za-z]{2}", row["licence"])] == []
    assert all(len(row["licence"]) < 120 and "\n" not in row["licence"] for row in rows)
    shown = licences.listing()
    assert all(f"| `{row['name']}` | {row['version']} | {row['licence']} |" in shown for row in rows)


def test_a_licence_is_what_a_package_says_of_itself() -> None:
    says = licences.licence
    assert says({"name": "a", "license_expression": "MIT", "license": "x"}) == "MIT"
    assert says({"name": "a", "license": "BSD", "classifier": ["License :: OSI Approved :: MIT License"]}) == "BSD"
    whole = {"name": "a", "license": "Copyright\n\nall of it", "classifier": ["License :: OSI Approved :: MIT License"]}
    assert says(whole) == "MIT License"
    assert says({"name": "a", "license": "UNKNOWN"}) == ""


def test_what_d2l_imports_is_locked_although_d2l_comes_without_its_dependencies() -> None:
    spec = importlib.util.find_spec("d2l")
    assert spec
    assert spec.submodule_search_locations
    tree = ast.parse((Path(spec.submodule_search_locations[0]) / "torch.py").read_text(encoding="utf-8"))
    nodes = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    tops = {module.partition(".")[0] for module in modules} - set(sys.stdlib_module_names) - {"torchvision"}
    packages = importlib.metadata.packages_distributions()
    assert "scipy" in tops
    assert [top for top in sorted(tops) if canonicalize_name(packages[top][0]) not in versions(*LOCKED)] == []


def test_an_upper_bound_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    bounded = [
        line for line in text.splitlines() if re.match(r'\s*"[^"]*(<|==|~=|!=)[^"]*"', line) and "python" not in line
    ]
    assert len(bounded) == 2
    assert [line for line in bounded if not re.search(r"# .*bound: \S+.*", line)] == []


def test_the_site_is_built_from_the_lock() -> None:
    assert "make book LOCKED=1" in (ROOT / ".github/workflows/pages.yml").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "pip install --quiet --require-hashes --no-deps --requirement requirements/book.lock" in makefile


def test_the_tools_run_with_this_interpreter() -> None:
    assert lock.UV.parent == Path(sys.executable).parent
