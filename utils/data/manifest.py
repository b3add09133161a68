"""Sets whose archive has no lasting hash: every file in it is pinned on its own, by a list in sha256sum's format.

The list ships beside this module and is itself pinned in the catalogue. The files may lie unpacked under the cache
folder (`fsdd/recordings/…`), or in the archive as it was fetched; both are read without unpacking anything.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from utils.data.catalogue import HERE, Dataset, Manifest

_checked: set[tuple[str, int]] = set()


def entries(manifest: Manifest) -> dict[str, str]:
    """Path -> SHA-256 of the single files; RuntimeError if the list itself was altered."""
    listing = (HERE / manifest.file).read_bytes()
    if hashlib.sha256(listing).hexdigest() != manifest.sha256:
        raise RuntimeError(f"The list of hashes {manifest.file} was altered; install the course anew.")
    pairs = (line.split("  ", 1) for line in listing.decode("utf-8").splitlines())
    return {path: sha256 for sha256, path in pairs}


def members(data: Dataset, place: Path) -> Iterator[tuple[str, bytes]]:
    """(path, content) of every file of the manifest, from a folder or from an archive."""
    assert data.manifest is not None, f"{data.name} has no manifest"
    paths = entries(data.manifest)
    if place.is_dir():
        yield from ((path, (place / path).read_bytes()) for path in paths)
        return
    with zipfile.ZipFile(place) as archive:
        yield from ((path, archive.read(f"{data.manifest.inside}/{path}")) for path in paths)


def holds(data: Dataset, place: Path) -> bool:
    """Whether every file of the manifest lies in `place` and is right; read whole once per process."""
    assert data.manifest is not None, f"{data.name} has no manifest"
    try:
        key = (str(place), place.stat().st_mtime_ns)
        if key in _checked:
            return True
        wanted = entries(data.manifest)
        if not all(hashlib.sha256(content).hexdigest() == wanted[path] for path, content in members(data, place)):
            return False
    except (OSError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return False
    _checked.add(key)
    return True
