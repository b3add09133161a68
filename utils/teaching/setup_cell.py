"""The set-up cell, the same in every chapter: ``SETUP`` is its text, ``cell()`` the cell with its tags.

On Colab it installs this package and what else is missing, and nothing that is there. Everything goes in with
``--no-deps`` and by name: pip then has no reason to touch numpy, pandas, torch or ipywidgets, whose upgrade would
force a restart. ``COURSE_SOURCE`` (a folder, a wheel or an address) replaces the repository and does the same anywhere.
"""

from __future__ import annotations

import uuid
from typing import Any

from utils.course import RELEASE, REPOSITORY, SITE

TAGS = ("setup", "hide-input")

# Modules are looked for, distributions installed. portalocker and colorama are sacrebleu's, and absent on Colab.
SETUP = f"""# Set-up: on Colab this installs what is missing and nothing that is there; elsewhere it does nothing.
import importlib
import importlib.util
import os
import subprocess
import sys


def missing(name):
    try:
        return importlib.util.find_spec(name) is None
    except ModuleNotFoundError:
        return True


if "google.colab" in sys.modules or os.environ.get("COURSE_SOURCE"):
    address = "git+{REPOSITORY}@{RELEASE}"
    wanted = {{"utils.course": os.environ.get("COURSE_SOURCE") or address, "d2l": "d2l==1.0.3"}}
    others = ["accelerate", "tokenizers", "safetensors", "pooch", "tqdm", "jupyterquiz"]
    others += ["sacrebleu", "portalocker", "colorama"]
    wanted |= {{name: name for name in others}}
    if absent := [source for name, source in wanted.items() if missing(name)]:
        pip = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", *absent])
        importlib.invalidate_caches()
        if pip.returncode:
            print("Not everything could be installed, see above: run this cell once more, with network.")
advice = "run `make install` and choose the kernel of .venv. More: {SITE}/book/troubleshooting.html"
if missing("utils.course"):
    print(f"The course's package `utils` is missing, or another `utils` hides it: {{advice}}")
elif missing("torch"):
    print(f"PyTorch is missing: {{advice}}")"""


def cell() -> dict[str, Any]:
    """The set-up cell, not executed, as nbformat holds it."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": uuid.uuid5(uuid.NAMESPACE_URL, SETUP).hex[:8],
        "metadata": {"tags": list(TAGS)},
        "outputs": [],
        "source": SETUP,
    }


def problem(notebook: dict[str, Any]) -> str | None:
    """What is wrong with the set-up of a notebook, or None: its first code cell must be exactly this one, tagged."""
    first = next((one for one in notebook["cells"] if one["cell_type"] == "code"), None)
    if first is None:
        return "there is no code cell"
    if "".join(first["source"]) != SETUP:
        return "the first code cell is not the set-up cell of utils.teaching.setup_cell"
    if lacking := [tag for tag in TAGS if tag not in first["metadata"].get("tags", ())]:
        return f"the set-up cell lacks the tag {lacking[0]!r}"
    return None
