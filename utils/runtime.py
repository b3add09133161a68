"""Where the code runs, and the few switches that follow from it: seeds, device, precision, threads, Colab.

Everything that depends on the machine is decided here and nowhere else. Importing this module imports no torch.
"""

from __future__ import annotations

import os
import platform
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

Precision = Literal["no", "bf16", "fp16"]

_DEVICES = ("cpu", "cuda", "mps")


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch (all devices); a chapter does it once.

    Raises ``ValueError`` for anything but an integer from 0 to 2**32 - 1, the range that all three accept.
    """
    import numpy
    import torch

    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ValueError(f"seed is {seed!r}; it must be an integer from 0 to 4294967295")
    random.seed(seed)
    numpy.random.seed(seed)
    torch.manual_seed(seed)


def device(prefer: str | None = None) -> torch.device:
    """The device to compute on: ``prefer`` if it is there, without it a GPU if there is one, else the CPU.

    Raises ``ValueError`` if ``prefer`` is unknown or not on this machine, so that a run never lands on another device
    than the one asked for.
    """
    import torch

    present = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if prefer is None:
        return torch.device("cuda" if present["cuda"] else "mps" if present["mps"] else "cpu")
    kind = str(prefer).partition(":")[0]
    if kind not in _DEVICES:
        raise ValueError(f"device {prefer!r} is unknown; it must be one of {', '.join(_DEVICES)}")
    if not present[kind]:
        there = ", ".join(name for name in _DEVICES if present[name])
        raise ValueError(f"device {prefer!r} is not on this machine, which has: {there}")
    return torch.device(prefer)


def precision(device: torch.device | str) -> Precision:
    """The mixed precision that pays on ``device``: ``"bf16"`` or ``"fp16"`` on a GPU, ``"no"`` elsewhere.

    A T4 (compute capability 7.5) emulates bfloat16, slowly; real support begins with 8.0. torch's own question
    ``is_bf16_supported`` says yes to the emulation, therefore the capability is asked.
    """
    import torch

    chosen = torch.device(device)
    if chosen.type != "cuda" or not torch.cuda.is_available():
        return "no"
    return "bf16" if torch.cuda.get_device_capability(chosen) >= (8, 0) else "fp16"


def process() -> tuple[int, int]:
    """This process's number and how many there are: what `torchrun` and `accelerate launch` tell; else (0, 1)."""
    return int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))


def one_thread() -> None:
    """Let torch use one CPU core from here on: small models gain nothing from more, and sums keep their order."""
    import torch

    torch.set_num_threads(1)


def on_colab() -> bool:
    """Whether this is a notebook on Google Colab."""
    return "google.colab" in sys.modules or "COLAB_RELEASE_TAG" in os.environ


def static() -> bool:
    """Whether outputs are made for pages without a kernel (``COURSE_STATIC=1``)."""
    return os.environ.get("COURSE_STATIC", "") not in ("", "0")


def machine() -> dict[str, str | int]:
    """What a measurement must name: ``name`` of the processor, ``device`` (the GPU's name or ``cpu``), ``threads``."""
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    return {"name": _processor(), "device": gpu, "threads": torch.get_num_threads()}


def _processor() -> str:
    """The processor's name; Linux keeps it in a file, and ``platform`` says only ``x86_64`` there."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine() or "unknown processor"
