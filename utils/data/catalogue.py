"""The catalogue of real data: what each set is, whose it is, and where its files lie.

`catalogue.toml` beside this module is the source; the objects here only give it types. Every file is pinned by its
SHA-256 and its address. The one exception is the archive of the spoken digits, which is packed anew for each download
and so has no lasting hash: its recordings are pinned one by one in `fsdd.sha256`, whose own hash is pinned here.
"""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class File:
    """One file of a set.

    path: where it lies under the cache folder, for example "multi30k/train.de.gz".
    sha256: 64 hexadecimal digits, or "" for an archive whose members are pinned by the set's manifest.
    bytes: its size (approximate where the hash is empty).
    """

    path: str
    url: str
    sha256: str
    bytes: int

    @property
    def name(self) -> str:
        """The last part of the path, by which the file is asked for."""
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Manifest:
    """Hashes of the single files of a set whose archive has no lasting hash.

    file: a list in the format of sha256sum, shipped beside this module; sha256: its own hash;
    inside: the folder of the archive under which the listed files lie.
    """

    file: str
    sha256: str
    inside: str


@dataclass(frozen=True)
class Dataset:
    """A data set: its names, its terms, how to cite it, and its files."""

    name: str
    title: str
    licence: str
    citation: str
    homepage: str
    note: str
    files: tuple[File, ...]
    manifest: Manifest | None = None

    @property
    def bytes(self) -> int:
        """Size of all files together."""
        return sum(file.bytes for file in self.files)

    def file(self, name: str) -> File:
        """The file called `name`; ValueError lists what exists."""
        for file in self.files:
            if name in (file.name, file.path):
                return file
        raise ValueError(unknown("file", name, [file.name for file in self.files], of=self.name))


def unknown(kind: str, given: object, known: list[str], of: str = "") -> str:
    """The sentence for a name that does not exist: what was given, the nearest one, and all that exist."""
    near = difflib.get_close_matches(str(given).lower(), known, n=1, cutoff=0.5)
    guess = f" Did you mean {near[0]!r}?" if near else ""
    place = f" of {of}" if of else ""
    return f"There is no {kind} {given!r}{place}.{guess} There are: {', '.join(known) or 'none'}."


def read(toml: Path = HERE / "catalogue.toml") -> dict[str, Dataset]:
    """Read a catalogue file."""
    sets = {}
    for name, entry in tomllib.loads(toml.read_text(encoding="utf-8")).items():
        files = tuple(File(**file) for file in entry.pop("files"))
        manifest = Manifest(**entry.pop("manifest")) if "manifest" in entry else None
        sets[name] = Dataset(name=name, files=files, manifest=manifest, **entry)
    return sets


CATALOGUE: dict[str, Dataset] = read()


def dataset(name: str) -> Dataset:
    """The catalogue entry called `name`; ValueError lists the names and the nearest one."""
    if name not in CATALOGUE:
        raise ValueError(unknown("data set", name, sorted(CATALOGUE)))
    return CATALOGUE[name]
