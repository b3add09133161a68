"""How each real data set is read: plain Python values, straight from the files as they were published.

A loader reads inside the archive and writes nothing. Only line ends are removed; text is not lowercased, tokenised or
cleaned, since each of these is a decision that a chapter should show.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from pathlib import Path

from utils.data.catalogue import dataset, unknown
from utils.data.store import obtain

MULTI30K_LANGUAGES = ("cs", "de", "en", "fr")
MULTI30K_SPLITS = ("train", "val", "test_2016_flickr", "captions")


def path(name: str, file: str | None = None) -> Path:
    """The path of one file of a set, its hash checked, fetched if need be (`file` may be left out if there is one).

    ValueError for an unknown set or file, DataUnavailable if the file cannot be had.
    """
    data = dataset(name)
    if file is None and len(data.files) > 1:
        raise ValueError(f"{name} has several files, name one of: {', '.join(each.name for each in data.files)}.")
    return obtain(data, data.files[0] if file is None else data.file(file))


def choose(kind: str, given: str, known: Sequence[str], of: str) -> str:
    """`given` if it is among `known`, else a ValueError that lists them."""
    if given not in known:
        raise ValueError(unknown(kind, given, list(known), of=of))
    return given


def lines(text: str) -> list[str]:
    """The lines of a text, cut at newlines alone (str.splitlines also cuts at U+2028 and its like)."""
    return text.removesuffix("\n").split("\n")


def multi30k(split: str = "train", languages: Sequence[str] | None = None) -> list[tuple[str, ...]]:
    """Descriptions of pictures in several languages, one tuple per picture, in the order of `languages`.

    split: train (29,000), val (1,014) or test_2016_flickr (1,000), translations of one English description;
        captions (29,000), where each tuple holds five English descriptions written independently of each other.
    languages: two or more of cs, de, en, fr; ("de", "en") if left out, ("en",) for captions.
    """
    choose("split", split, MULTI30K_SPLITS, "multi30k")
    if split == "captions":
        if languages is not None and tuple(languages) != ("en",):
            raise ValueError(f"The captions of multi30k are English only, got languages {languages!r}; use ('en',).")
        names = [f"captions.{number}.en.gz" for number in range(1, 6)]
    else:
        languages = ("de", "en") if languages is None else languages
        if isinstance(languages, str):
            raise ValueError(f"languages must be a tuple such as ('de', 'en'), got the text {languages!r}.")
        names = [f"{split}.{choose('language', each, MULTI30K_LANGUAGES, 'multi30k')}.gz" for each in languages]
    if not names:
        raise ValueError("languages is empty; give for example ('de', 'en').")
    columns = [lines(gzip.decompress(path("multi30k", name).read_bytes()).decode("utf-8")) for name in names]
    if len({len(column) for column in columns}) != 1:
        counts = {name: len(column) for name, column in zip(names, columns, strict=True)}
        raise ValueError(f"The files of multi30k do not run in parallel, their line counts differ: {counts}.")
    return list(zip(*columns, strict=True))


LOADERS: dict[str, Callable] = {"multi30k": multi30k}
