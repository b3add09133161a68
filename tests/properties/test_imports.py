"""Who may call whom inside the package, and what importing it must not load."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "utils"
FILES = {
    ".".join(("utils", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
HEAVY = ("transformers", "matplotlib", "ipywidgets", "d2l", "accelerate", "sacrebleu")
# A room and the rooms it may look into, itself included. `runtime` and `course` stand open to all but the models.
MAY = {
    "utils.models": {"utils.models"},
    "utils.data": {"utils.data"},
    "utils.decoding": {"utils.data"},
    "utils.metrics": {"utils.data"},
    "utils.records": set(),
    "utils.training": {"utils.training", "utils.data", "utils.decoding"},
    "utils.pretrained": {"utils.models", "utils.data", "utils.decoding"},
    "utils.gpt2": {"utils.models", "utils.data", "utils.decoding"},
    "utils.d2l_bridge": set(),
    "utils.experiments": {
        f"utils.{room}"
        for room in ("experiments", "models", "data", "training", "decoding", "metrics", "records", "pretrained")
    },
}
OPEN = {"utils.runtime", "utils.course", "utils"}


def imported(path: Path, top_level_only: bool = False) -> set[str]:
    """The absolute names that a file imports; `from a import b` is a.b, and a itself where b is no module of ours."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = _run_on_import(tree) if top_level_only else ast.walk(tree)
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write the whole name"
            found = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= found if found <= set(FILES) else found | {node.module}
    return names


def _run_on_import(tree: ast.AST):
    """The nodes that run when a module is imported: no function bodies, no `if TYPE_CHECKING`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _run_on_import(node)


def room(module: str) -> str:
    """The room of the blueprint that a module lies in: `utils.data.tokens` -> `utils.data`."""
    return ".".join(module.split(".")[:2])


def ours(path: Path, top_level_only: bool = False) -> set[str]:
    """The modules of this package that a file imports."""
    return imported(path, top_level_only) & set(FILES)


def test_the_parser_sees_imports_where_they_are(tmp_path):
    file = tmp_path / "a.py"
    file.write_text(
        "import x.y\nfrom utils import runtime\ntry:\n    import z\nexcept ImportError: pass\n"
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import t\ndef f():\n    import late\n"
    )
    assert {"x.y", "utils.runtime", "z", "t", "late"} <= imported(file)
    assert {"x.y", "utils.runtime", "z"} <= imported(file, True)
    assert not {"t", "late"} & imported(file, True)


@pytest.mark.parametrize("module", [name for name in FILES if room(name) in MAY])
def test_arrows_point_one_way(module):
    wrong = {other for other in ours(FILES[module]) if room(other) not in MAY[room(module)] | OPEN}
    if room(module) == "utils.models":
        wrong |= {other for other in ours(FILES[module]) if other in OPEN - {"utils"}}
    assert not wrong, f"{module} must not import {sorted(wrong)}"


@pytest.mark.parametrize("module", [name for name in FILES if room(name) == "utils.models"])
def test_models_import_nothing_but_torch(module):
    tops = {name.split(".")[0] for name in imported(FILES[module])}
    assert tops <= {"torch", "utils", "__future__", *sys.stdlib_module_names}


def test_only_chapters_and_tests_use_the_teaching_tools():
    wrong = [
        name
        for name, path in FILES.items()
        if room(name) != "utils.teaching" and any(room(other) == "utils.teaching" for other in ours(path))
    ]
    assert not wrong
    assert not [
        n
        for n, p in FILES.items()
        if room(n) == "utils.teaching" and any(room(other) == "utils.experiments" for other in ours(p))
    ]


def test_there_is_no_cycle():
    graph = {name: ours(path, top_level_only=True) - {"utils", name} for name, path in FILES.items()}
    while leaves := {name for name, targets in graph.items() if not targets & set(graph)}:
        graph = {name: targets for name, targets in graph.items() if name not in leaves}
    assert not graph, f"these modules import each other in a circle: {sorted(graph)}"


@pytest.mark.parametrize("module", FILES)
def test_heavy_packages_are_imported_where_they_are_used(module):
    heavy = {name for name in imported(FILES[module], top_level_only=True) if name.split(".")[0] in HEAVY}
    assert not heavy, f"{module} imports {sorted(heavy)} at its top"


def test_importing_the_models_loads_nothing_heavy():
    light = [
        name
        for name in FILES
        if room(name)
        in ("utils", "utils.models", "utils.decoding", "utils.metrics", "utils.training", "utils.records", "utils.data")
    ]
    code = (
        f"import importlib, json, sys\n[importlib.import_module(n) for n in {light!r}]\n"
        f"print(json.dumps([n for n in {HEAVY!r} if n in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert json.loads(done.stdout) == []
