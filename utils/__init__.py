"""Models, data and tools of the course "From RNNs to ChatGPT"."""

import sys

__version__ = "1.0.0"

# pip and make ask before they install, but the kernel of an older Python finds the clone too.
if sys.version_info < (3, 11):  # noqa: UP036
    raise ImportError(
        f"the course needs Python 3.11 or newer, and this is {sys.version.split()[0]}: "
        "run `make install PYTHON=python3.12` and choose the kernel of its .venv"
    )
