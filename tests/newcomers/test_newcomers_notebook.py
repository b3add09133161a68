"""What goes wrong in a notebook, in real kernels: each mistake ends in a line that says what to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from troubleshooting import ROOT, all_but, known

from utils.teaching import SETUP

OFFLINE = ROOT / "tests/environments/offline"


def outputs(python: Path | str, folder: Path, *cells: str, **environment: str) -> list[str]:
    """What each cell says, in a notebook in ``folder`` with the kernel of ``python``; a cell may fail."""
    spec = folder / ".kernels/python3"
    spec.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"}))
    specs = KernelSpecManager(kernel_dirs=[str(spec.parent)], ensure_native_kernel=False)
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    where = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, km=manager, timeout=120, allow_errors=True, resources=where)
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "COURSE_STATIC", "COURSE_SOURCE")}
    client.execute(env=kept | environment, cleanup_kc=True)
    return ["\n".join(map(said, cell.outputs)) for cell in notebook.cells]


def said(output: nbformat.NotebookNode) -> str:
    """The text of an output: what was printed, an error with its trace, or a value."""
    printed, trace = output.get("text", ""), "\n".join(output.get("traceback", ()))
    return printed or trace or output.get("data", {}).get("text/plain", "")


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """The Python of an environment that has all libraries and not the course."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    site = next(folder.glob("lib/python*/site-packages"))
    # The clone's own link in that folder is not followed from another environment.
    (site / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return folder / "bin/python"


@pytest.mark.slow
def test_a_kernel_without_the_course(bare, tmp_path):
    setup, first = outputs(bare, tmp_path, SETUP, "from utils.teaching import check")
    known("The course's package `utils` is missing", setup)
    assert "Error" not in setup
    known("ModuleNotFoundError: No module named 'utils'", first)


@pytest.mark.slow
def test_another_utils_beside_the_notebook(tmp_path):
    (tmp_path / "utils.py").write_text("def helper(): ...\n")
    setup, first = outputs(sys.executable, tmp_path, SETUP, "from utils.teaching import check")
    known("The course's package `utils` is missing", setup)
    known("ModuleNotFoundError: No module named 'utils.teaching'", first)


MISTAKES = {
    "NameError: name '…' is not defined": "tokens[0]",
    "cannot be had: it is not in the cache": "from utils.data import sources\nsources.load('multi30k')",
    "There is no data set": "sources.load('multi31k')",
    "device 'cuda' is not on this machine": "from utils import runtime\nruntime.device('cuda')",
    "Torch not compiled with CUDA": "import torch\ntorch.zeros(1).to('cuda')",
    "index out of range in self": (
        "from utils.models.rnn_heads import Classifier, RecurrentConfig\n"
        "model = Classifier(RecurrentConfig(vocabulary=5))\nmodel(torch.tensor([[3, 4, 5]]))"
    ),
    "Expected tensor for argument #1": "model(torch.tensor([[3.0, 4.0]]))",
    "… tokens exceed the context of": (
        "from utils.models.gpt import GPT, GPTConfig\nGPT(GPTConfig(9, context=4))(torch.tensor([[5, 6, 7, 8, 5]]))"
    ),
    "id … is not in the vocabulary": "from utils.data.tokens import Vocabulary\nVocabulary(['a']).decode([99])",
    "there is no record '…'": "from utils.records import recorded\nrecorded('multi30k/seq2sequence')",
    "it has not ended after … seconds": (
        "from utils.teaching import check\nfrom utils.teaching.exercises import judge\njudge.SECONDS = 0.5\n"
        "def shift(target, bos=2):\n    while True:\n        bos += 1\ncheck('3.1', shift)"
    ),
    "There is no trained model '…'": "from utils import pretrained\npretrained.translator('multi30k/seq2sequence')",
}


@pytest.mark.slow
def test_cells_that_fail(tmp_path):
    """All in one kernel, without network and with an empty cache."""
    import torch

    environment = {"PYTHONPATH": f"{OFFLINE}{os.pathsep}{ROOT}", "COURSE_DATA": str(tmp_path / "data")}
    _, *found = outputs(sys.executable, tmp_path, SETUP, *MISTAKES.values(), **environment)
    for start, output in zip(MISTAKES, found, strict=True):
        if "CUDA" in start and "Found no NVIDIA driver" in output:
            continue  # what a build of torch for graphics cards says instead
        if "CUDA" not in start or not torch.cuda.is_available():
            known(start, output)
    assert "Traceback" not in found[1], "data that are not there are told in one sentence"
    assert found[1].splitlines()[-1].startswith("DataUnavailable: multi30k: the file multi30k/train.de.gz")


def lacking(package: str, code: str, folder: Path) -> str:
    """What a program says where all libraries are installed but one."""
    environment = {k: v for k, v in os.environ.items() if k != "COURSE_STATIC"}
    environment["PYTHONPATH"] = os.pathsep.join(map(str, (folder, all_but(package, folder), ROOT)))
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.run([sys.executable, "-S", "-c", code], env=environment, cwd=folder, **streams).stdout


BOX = "from utils.teaching import translate_box\ntranslate_box(str.upper, [('a word', 'A WORD')], title='Say it')"


def test_without_ipywidgets(tmp_path):
    output = lacking("ipywidgets", BOX, tmp_path)
    known("ipywidgets is not installed", output)
    assert output.splitlines()[1:] == ["Say it: a word"]  # the twin, as a terminal shows it


def test_with_an_old_ipywidgets(tmp_path):
    """7.6.5 by its metadata, the last before Colab's."""
    (tmp_path / "ipywidgets-7.6.5.dist-info").mkdir()
    (tmp_path / "ipywidgets-7.6.5.dist-info/METADATA").write_text("Name: ipywidgets\nVersion: 7.6.5\n")
    output = lacking("nothing", BOX, tmp_path)
    known("ipywidgets … is too old", output)
    assert output.startswith("ipywidgets 7.6.5 ")
    assert output.splitlines()[1:] == ["Say it: a word"]


@pytest.mark.parametrize("code", ["import utils.models.rnn", "from utils.teaching import check\ncheck('3.1', 0)"])
def test_without_torch(code, tmp_path):
    output = lacking("torch", code, tmp_path)
    if "check" in code:
        assert output == (
            "No module named 'torch': run `make install` in the course's folder, and choose the kernel of its .venv.\n"
        )
    else:
        known("ModuleNotFoundError: No module named 'torch'", output)


def test_the_set_up_cell_without_torch(tmp_path):
    known("PyTorch is missing: run `make install`", lacking("torch", SETUP, tmp_path))


@pytest.mark.slow
def test_the_set_up_cell_without_network(bare, tmp_path):
    """pip is asked for the course, and finds nothing."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment |= {"COURSE_SOURCE": "no-such-course", "PIP_NO_INDEX": "1"}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    output = subprocess.run([bare, "-c", SETUP], env=environment, cwd=tmp_path, **streams).stdout
    assert "No matching distribution found for no-such-course" in output
    known("Not everything could be installed, see above", output)
    assert "Traceback" not in output
