"""Real data by name: `load("multi30k", split="train", languages=("de", "en"))`.

    python -m utils.data.sources                    the catalogue: sizes, licences, what is in the cache
    python -m utils.data.sources fetch multi30k     fetch every file of a set (or of several)
    python -m utils.data.sources pin                after training: pin the files of utils/weights by their hashes

The catalogue is `catalogue.toml`, the cache and its checks are `store`, the readers are `loaders` and
`loaders_tagged`, trained models are in `trained`; this module is the door to them all.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from typing import Any

from utils.data.catalogue import CATALOGUE, Dataset, File, dataset, unknown
from utils.data.loaders import LOADERS as PLAIN
from utils.data.loaders_tagged import LOADERS as TAGGED
from utils.data.reading import path
from utils.data.store import DataUnavailable, cache_folder, find, obtain, size
from utils.data.trained import pin, weights

__all__ = ["CATALOGUE", "LOADERS", "DataUnavailable", "Dataset", "File", "available", "cache_folder", "dataset",
           "load", "path", "weights"]  # fmt: skip

LOADERS = PLAIN | TAGGED


def load(name: str, **options: Any) -> Any:
    """The data set `name` as plain Python values; its options and result are described at `LOADERS[name]`.

    ValueError for an unknown set, option, split or language, always with what exists;
    DataUnavailable if a file is not in the cache and cannot be fetched.
    """
    dataset(name)
    loader = LOADERS[name]
    known = list(inspect.signature(loader).parameters)
    for option in options:
        if option not in known:
            raise ValueError(unknown("option", option, known, of=name))
    return loader(**options)


def available(name: str, *files: str) -> bool:
    """Whether these files of the set (all of them if none is named) are in the cache and right; no network."""
    data = dataset(name)
    wanted = [data.file(file) for file in files] or data.files
    return all(find(data, file) is not None for file in wanted)


def listing() -> str:
    """The catalogue as a table of text: name, size, cached, title, licence."""
    rows = [("name", "size", "cached", "title", "licence")]
    for data in CATALOGUE.values():
        here = sum(find(data, file) is not None for file in data.files)
        rows.append((data.name, size(data.bytes), f"{here}/{len(data.files)}", data.title, data.licence))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    body = ("  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)) for row in rows)
    return "\n".join(body)


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m utils.data.sources", description="The real data of the course.")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("list", help="the catalogue, sizes, and what is in the cache (the default)")
    fetch = commands.add_parser("fetch", help="fetch all files of these sets")
    fetch.add_argument("names", nargs="+", metavar="NAME")
    commands.add_parser("pin", help="write the hashes of the trained models in utils/weights into the registry")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "fetch":
            for data in [dataset(name) for name in chosen.names]:
                for file in data.files:
                    print(obtain(data, file))
        elif chosen.command == "pin":
            print("pinned:", ", ".join(pin()) or "no file")
        else:
            print(f"cache: {cache_folder()}\n\n{listing()}")
    except (DataUnavailable, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
