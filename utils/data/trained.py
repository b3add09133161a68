"""Small trained models, found by name: in the clone, else fetched from the repository's own address, by hash.

They are safetensors files, which hold numbers and no code. `utils/weights_registry.txt` ships with the package and
pins each by its SHA-256; `python -m utils.data.sources pin` writes it anew from the files in `utils/weights/`.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from utils.data.catalogue import Dataset, File, unknown
from utils.data.store import DataUnavailable, matches, obtain

PACKAGE = Path(__file__).parents[1]
REGISTRY = PACKAGE / "weights_registry.txt"
HEADER = "# name of a file in utils/weights, SHA-256, bytes; written by: python -m utils.data.sources pin\n"


def pins() -> dict[str, tuple[str, int]]:
    """Name of a trained model -> its SHA-256 and its size in bytes."""
    rows = [line.split() for line in REGISTRY.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {file.removesuffix(".safetensors"): (sha256, int(size)) for file, sha256, size in rows}


def pin() -> list[str]:
    """Write the registry anew from the files in `utils/weights`; returns the names of the models."""
    files = sorted((PACKAGE / "weights").glob("*.safetensors"))
    rows = [f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()} {file.stat().st_size}\n" for file in files]
    REGISTRY.write_text(HEADER + "".join(rows), encoding="utf-8")
    return [file.stem for file in files]


def weights(name: str) -> Path:
    """The safetensors file of the trained model `name` ("multi30k/seq2seq" is the file multi30k__seq2seq.safetensors).

    Looked for in the package, then under COURSE_SOURCE if that is a local folder, then fetched at the release's tag.
    ValueError for an unknown name, DataUnavailable if a file has another hash than the pinned one or cannot be had.
    """
    known = pins()
    key = name.replace("/", "__")
    if key not in known:
        raise ValueError(unknown("trained model", name, sorted(known)))
    sha256, count = known[key]
    file = f"{key}.safetensors"
    for root in (PACKAGE, Path(os.environ.get("COURSE_SOURCE") or PACKAGE) / "utils"):
        place = root / "weights" / file
        if matches(place, sha256):
            return place
        if place.exists():
            raise DataUnavailable(
                f"The file {place} is not the trained model that this version knows: its SHA-256 differs. "
                "Restore it, or, if it was trained anew, run: python -m utils.data.sources pin"
            )
    return _fetch(file, sha256, count)


def _fetch(file: str, sha256: str, count: int) -> Path:
    """The file from the repository's own address at the release's tag, through the cache of the data."""
    from utils.course import RELEASE, REPOSITORY

    url = f"{REPOSITORY}/raw/{RELEASE}/utils/weights/{file}"
    entry = File(path=f"weights/{RELEASE}/{file}", url=url, sha256=sha256, bytes=count)
    models = Dataset("trained models", "Trained models of the course", "MIT", "", REPOSITORY, "", (entry,))
    return obtain(models, entry)
