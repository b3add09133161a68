"""Build the site into _build/html: warnings are errors, outputs come from the notebooks as they are stored.

python book/tools/build_site.py [--all]      --all reads every page anew
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def build(root: Path, everything: bool = False) -> int:
    """Run Jupyter Book over ``root`` and return its exit status; 2 if another Jupyter Book than 1.x is installed."""
    if not (found := metadata.version("jupyter-book")).startswith("1."):
        print(
            f"jupyter-book {found} is installed, which builds nothing from this course: "
            f"{sys.executable} -m pip install 'jupyter-book>=1.0.4.post1,<2'",
            file=sys.stderr,
        )
        return 2
    command = [
        str(Path(sys.executable).with_name("jupyter-book")),
        "build",
        str(root),
        "-W",
        "--keep-going",
        "-n",
        "-q",
    ]
    status = subprocess.run(
        command + (["--all"] if everything else []),
        cwd=root,
        env=os.environ | {"PYDEVD_DISABLE_FILE_VALIDATION": "1"},
    ).returncode
    if status:
        # A page that is read once is not warned about again: forget what was read, so that the next build fails too.
        shutil.rmtree(root / "_build/.doctrees", ignore_errors=True)
        shutil.rmtree(root / "_build/html", ignore_errors=True)
    elif not (root / "_build/html/index.html").is_file():
        print("The build reported success and left no page: look at what it printed above.", file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(build(ROOT, everything="--all" in sys.argv[1:]))
