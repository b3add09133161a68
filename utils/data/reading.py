"""What the loaders share: a file by name, members of an archive, lines, and the check of a name that was given."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

from utils.data.catalogue import dataset, unknown
from utils.data.store import obtain


def path(name: str, file: str | None = None) -> Path:
    """The path of one file of a set, its hash checked, fetched if need be (`file` may be left out if there is one).

    For the spoken digits this is the archive, or the folder in which the recordings lie unpacked.
    ValueError for an unknown set or file, DataUnavailable if the file cannot be had.
    """
    data = dataset(name)
    if file is None and len(data.files) > 1:
        raise ValueError(f"{name} has several files, name one of: {', '.join(each.name for each in data.files)}.")
    return obtain(data, data.files[0] if file is None else data.file(file))


def text(name: str, file: str | None = None) -> str:
    """The content of a plain text file of a set."""
    return path(name, file).read_bytes().decode("utf-8")


def members(name: str, suffix: str = "", encodings: dict[str, str] | None = None) -> dict[str, str]:
    """Member -> text of a set's archive, sorted, for members that end in `suffix`; nothing is unpacked.

    Names are those inside the archive's one folder. encodings: for members that are not UTF-8; "" is for all others.
    """
    encodings = encodings or {}
    with zipfile.ZipFile(path(name)) as archive:
        raw = {member: archive.read(member) for member in sorted(archive.namelist()) if member.endswith(suffix)}
    named = {member.split("/", 1)[1]: content for member, content in raw.items() if not member.endswith("/")}
    default = encodings.get("", "utf-8")
    return {
        member: content.decode(encodings.get(member, default)).replace("\r\n", "\n")
        for member, content in named.items()
    }


def lines(content: str) -> list[str]:
    """The lines of a text, cut at newlines alone (str.splitlines also cuts at U+2028 and its like)."""
    return content.removesuffix("\n").split("\n")


def choose(kind: str, given: str, known: Sequence[str], of: str) -> str:
    """`given` if it is among `known`, else a ValueError that lists them."""
    if given not in known:
        raise ValueError(unknown(kind, given, list(known), of=of))
    return given
