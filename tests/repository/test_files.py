"""The files around the code agree with each other: dependencies, versions, licences, sizes."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import utils

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME = {r.name: r for r in map(Requirement, PROJECT["project"]["dependencies"])}
# What Colab had in August 2026 of what we need; the set-up cell upgrades none of it.
COLAB = {
    "torch": "2.11.0",
    "numpy": "2.1.3",
    "pandas": "2.2.3",
    "matplotlib": "3.10.0",
    "ipywidgets": "7.7.1",
    "accelerate": "1.14.0",
    "tokenizers": "0.22.2",
    "safetensors": "0.8.0",
    "pooch": "1.9.0",
    "tqdm": "4.67.3",
    "scipy": "1.16.3",
}


def tracked(*patterns: str) -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listing.decode().split("\0") if name and (ROOT / name).is_file()]


def test_colab_needs_no_upgrade() -> None:
    assert set(COLAB) <= set(RUNTIME)
    assert {name: str(RUNTIME[name].specifier) for name in COLAB if COLAB[name] not in RUNTIME[name].specifier} == {}


def test_conda_names_the_same_dependencies() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    listed = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    conda = {r.name: str(r.specifier) for r in map(Requirement, listed)}
    assert conda.pop("jupyterlab")
    assert conda == {name: str(requirement.specifier) for name, requirement in RUNTIME.items()}


def test_d2l_is_added_without_its_pins_everywhere() -> None:
    assert "d2l" not in RUNTIME
    for name in ("Makefile", "postBuild", "environment.yml"):
        text = (ROOT / name).read_text()
        assert re.search(r"--no-deps (\$\(D2L\)|d2l==1\.0\.3)", text), name
    assert "D2L ?= d2l==1.0.3" in (ROOT / "Makefile").read_text()


def test_each_dependency_says_what_it_is_for() -> None:
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    bare = [line for line in lines if re.match(r'    "[\w-]+[><=]', line) and " # " not in line and "," in line]
    assert bare == []


def test_versions_agree() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == utils.__version__
    changes = re.search(r"^## \[(.+?)\] - (\S+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert changes is not None
    assert changes.groups() == (utils.__version__, str(citation["date-released"]))


def test_the_release_says_what_changed_in_it(tmp_path: Path) -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())
    (step,) = (step for step in workflow["jobs"]["tag"]["steps"] if step.get("name", "").startswith("What changed"))
    (tmp_path / "utils").mkdir()
    shutil.copy(ROOT / "utils/__init__.py", tmp_path / "utils")
    older = "\n## [0.0.9] - 2026-01-01\n\n- of no interest now\n"
    (tmp_path / "CHANGELOG.md").write_text((ROOT / "CHANGELOG.md").read_text() + older)
    subprocess.run(["bash", "-euc", step["run"]], cwd=tmp_path, check=True, env=os.environ | {"PYTHONPATH": ""})
    notes = (tmp_path / "notes.md").read_text()
    assert (tmp_path / "version.txt").read_text().strip() == utils.__version__
    assert "### Added" in notes
    assert "of no interest now" not in notes
    assert "## [" not in notes


@pytest.mark.parametrize("path", sorted(tracked("*.yml", "*.yaml", "*.cff")), ids=lambda p: p.name)
def test_yaml_is_readable(path: Path) -> None:
    assert yaml.safe_load(path.read_text())


def test_workflows_cover_the_pythons_that_the_package_allows() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text())["jobs"]
    assert jobs["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert PROJECT["project"]["requires-python"] == ">=3.11"


@pytest.mark.parametrize(
    "folder", sorted(p for p in (ROOT / "book/vendor").iterdir() if p.is_dir()), ids=lambda p: p.name
)
def test_vendored_files_keep_their_licence(folder: Path) -> None:
    assert (folder / "LICENSE").stat().st_size > 1000
    assert f"`{folder.name}/`" in (ROOT / "book/vendor/VERSIONS.md").read_text()


def test_the_texts_of_the_licences_are_whole() -> None:
    assert "MIT License" in (ROOT / "LICENSE").read_text()
    text = (ROOT / "LICENSE-TEXT").read_text()
    assert text.startswith("Attribution 4.0 International")
    assert "Section 8 -- Interpretation." in text


def test_no_file_is_too_large_for_a_repository() -> None:
    assert [str(p.relative_to(ROOT)) for p in tracked() if p.stat().st_size > 12_000_000] == []


def test_no_pickle_is_tracked() -> None:
    assert [p.name for p in tracked("*.pt", "*.pth", "*.pkl", "*.pickle", "*.bin", "*.ckpt")] == []


PICKLES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "jsonpickle"}
READS_PICKLES = {"read_pickle", "to_pickle"}
# They make a file that would run code, and show that the course does not run it.
BOMBS = {"tests/properties/test_checkpoints.py"}


def unsafe(code: str) -> list[str]:
    """Where Python code could execute a file that it loads, or code from a hub."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            found += [f"{node.lineno}: import {name}" for name in names if name.partition(".")[0] in PICKLES]
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            given = {word.arg: ast.unparse(word.value) for word in node.keywords}
            safe = called != "torch.load" or given.get("weights_only") == "True"
            for word in ("allow_pickle", "trust_remote_code"):
                safe = safe and given.get(word, "False") == "False"
            if not safe or called.rpartition(".")[2] in READS_PICKLES:
                found.append(f"{node.lineno}: {called}")
    return found


def code_of(path: Path) -> str:
    """The Python of a file; of a notebook, that of its cells without the lines that only IPython reads."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text
    cells = [c for c in json.loads(text)["cells"] if c["cell_type"] == "code"]
    return "\n".join(re.sub(r"^\s*[%!].*$", "", "".join(c["source"]), flags=re.MULTILINE) for c in cells)


@pytest.mark.parametrize("path", tracked("*.py", "chapters/*.ipynb"), ids=lambda p: str(p.relative_to(ROOT)))
def test_no_file_is_loaded_that_could_run_code(path: Path) -> None:
    if str(path.relative_to(ROOT)) in BOMBS:
        assert unsafe(code_of(path))
    else:
        assert unsafe(code_of(path)) == []


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from joblib import load",
        "torch.load(f)",
        "torch.load(f, weights_only=False)",
        "np.load(f, allow_pickle=True)",
        "pd.read_pickle(f)",
        "AutoModel.from_pretrained(n, trust_remote_code=True)",
    ],
)
def test_what_could_run_code_is_seen(line: str) -> None:
    assert unsafe(line)
    assert unsafe("torch.load(f, weights_only=True)\nnp.load(f)\nload_file(f)\nimport json") == []


def test_the_only_pickles_of_a_run_are_read_by_a_reader_that_runs_nothing() -> None:
    """accelerate's checkpoints have a random_states_*.pkl; its `load` sets weights_only, and nothing else reads it."""
    trainer = (ROOT / "utils/training/trainer.py").read_text(encoding="utf-8")
    assert "from accelerate.utils import load" in trainer
    assert [p.name for p in tracked("utils/*.py") if ".pkl" in p.read_text(encoding="utf-8")] == ["trainer.py"]
