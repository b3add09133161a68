"""Makes nbval compare what a chapter prints, and only that.

Two changes to nbval 0.11, both for every run of ``pytest --nbval`` below this folder:

* Cells run with ``store_history=True``, as in Jupyter. Without it a trailing ``;`` does not hide a value (nbval's
  issue 194), and Out and the execution count stay empty.
* Pictures, HTML, stderr and application data are not compared: their bytes differ between processors and versions.
  What has to be the same is what a cell prints, and the plain text of its values.
"""

from __future__ import annotations

import functools
from collections.abc import Container
from typing import Any

from nbval import kernel, plugin

SKIPPED = ("stderr", "text/html", "image/png", "image/jpeg", "image/svg+xml")
SKIPPED_PREFIXES = ("application/",)


class Skipped(Container[str]):
    """The output keys that are not compared: nbval's own, and ours."""

    def __init__(self, base: tuple[str, ...]) -> None:
        self.names = frozenset(base) | frozenset(SKIPPED)

    def __contains__(self, key: object) -> bool:
        return key in self.names or str(key).startswith(SKIPPED_PREFIXES)


def pytest_configure(config: Any) -> None:
    """Patch nbval once a process; a worker of xdist is a process of its own."""
    if not getattr(config.option, "nbval", False) or hasattr(plugin.IPyNbFile.__init__, "__wrapped__"):
        return
    original = plugin.IPyNbFile.__init__

    @functools.wraps(original)
    def collect(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.skip_compare = Skipped(self.skip_compare)

    def execute(self: Any, cell_input: str, allow_stdin: bool | None = None) -> str:
        return self.kc.execute(cell_input, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)

    plugin.IPyNbFile.__init__ = collect
    kernel.RunningKernel.execute_cell_input = execute
