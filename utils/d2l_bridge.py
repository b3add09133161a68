"""The one door to d2l, the library of "Dive into Deep Learning" (Zhang et al. 2021, arXiv 2106.11342).

``d2l()`` imports ``d2l.torch``. That module imports torchvision, which may be absent or broken beside a CPU torch,
although nothing that this course uses needs it; so a stand-in takes its place during the import and goes again.
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_NAMES = ("torchvision", "torchvision.transforms")


class _StandIn(types.ModuleType):
    """A module whose every name is there, as long as nobody uses it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # whoever asks for a loader or a version must not be deceived
            raise AttributeError(name)
        raise AttributeError(f"d2l's {name} needs torchvision, which the course leaves out")


@contextmanager
def _torchvision_replaced() -> Iterator[None]:
    """Put the stand-in into ``sys.modules``, and afterwards exactly what was there before."""
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "torchvision"}
    for name in before:
        del sys.modules[name]
    parent, child = (_StandIn(name) for name in _NAMES)
    parent.__dict__["transforms"] = child
    sys.modules.update(zip(_NAMES, (parent, child), strict=True))
    try:
        yield
    finally:
        for name in _NAMES:
            sys.modules.pop(name, None)
        sys.modules.update(before)


def d2l() -> Any:
    """The module ``d2l.torch``, with figures left in the course's format instead of SVG.

    Raises ``ImportError`` with the command that installs it where it is absent.
    """
    if (loaded := sys.modules.get("d2l.torch")) is not None:
        return loaded
    importlib.import_module("torch")  # before the stand-in, which torch must not see
    try:
        with _torchvision_replaced():
            module = importlib.import_module("d2l.torch")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "d2l":
            raise
        raise ImportError("d2l is not installed; its pins do not fit: pip install --no-deps d2l==1.0.3") from error
    module.use_svg_display = _leave_format  # type: ignore[attr-defined]
    return module


def _leave_format() -> None:
    """In the place of d2l's ``use_svg_display``, which changes the format of every later figure."""
