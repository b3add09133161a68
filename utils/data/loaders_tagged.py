"""Readers of tagged text: a sentence is a list of (word, tag), or of (word, part of speech, chunk) in CoNLL-2000."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from utils.data.reading import choose, lines, members, text

Sentence = list[tuple[str, str]]


def universal_tagset() -> dict[str, dict[str, str]]:
    """Name of a tag set ("en-brown", "en-ptb", …) -> its tags -> one of 12 universal parts of speech."""
    # tag and part of speech alternate, but lines end in \n, \r or \r\n and columns in a tab or a blank
    words = {
        name.removesuffix(".map"): content.split() for name, content in members("universal_tagset", ".map").items()
    }
    return {name: dict(zip(each[::2], each[1::2], strict=True)) for name, each in words.items()}


def brown(tagset: str = "universal", categories: Sequence[str] | None = None) -> list[Sentence]:
    """Tagged sentences of the Brown Corpus, 57,340 in all.

    tagset: "universal" (12 tags) or "brown" (the corpus's own, as written, in small letters).
    categories: some of its 15, for example ("news", "romance"); all if left out.
    """
    choose("tagset", tagset, ("universal", "brown"), "brown")
    parts = members("brown")
    category_of = dict(row.split(" ", 1) for row in lines(parts["cats.txt"]))
    known = sorted(set(category_of.values()))
    if isinstance(categories, str):
        raise ValueError(f"categories must be a tuple such as ('news', 'romance'), got the text {categories!r}.")
    wanted = known if categories is None else [choose("category", each, known, "brown") for each in categories]
    universal = universal_tagset()["en-brown"] if tagset == "universal" else {}
    rows = (row.split() for name, category in category_of.items() if category in wanted for row in lines(parts[name]))
    pairs = ([token.rsplit("/", 1) for token in row] for row in rows if row)
    return [[(word, universal[tag.upper()] if universal else tag) for word, tag in row] for row in pairs]


def treebank(tagset: str = "universal") -> list[Sentence]:
    """Tagged sentences of the Penn Treebank sample, 3,914; the leaves of its trees without the empty ones.

    tagset: "universal" (12 tags) or "penn" (its own).
    """
    choose("tagset", tagset, ("universal", "penn"), "treebank")
    universal = universal_tagset()["en-ptb"] if tagset == "universal" else {}
    trees = (tree for text in members("treebank", ".mrg").values() for tree in re.split(r"(?m)^(?=\()", text))
    leaves = (
        [leaf for leaf in re.findall(r"\(([^\s()]+) ([^\s()]+)\)", tree) if leaf[0] != "-NONE-"] for tree in trees
    )
    return [[(word, universal[tag] if universal else tag) for tag, word in each] for each in leaves if each]


def conll2000(split: str = "train") -> list[list[tuple[str, str, str]]]:
    """Sentences of (word, part of speech, chunk tag such as "B-NP"); split: train (8,936) or test (2,012)."""
    choose("split", split, ("train", "test"), "conll2000")
    content = members("conll2000", f"{split}.txt")[f"{split}.txt"]
    return _blocks(content, " ")  # type: ignore[return-value]


def wnut17(split: str = "train") -> list[Sentence]:
    """Sentences of (word, entity tag such as "B-person" or "O"); split: train (3,394), dev (1,009) or test (1,287)."""
    choose("split", split, ("train", "dev", "test"), "wnut17")
    return _blocks(text("wnut17", f"{split}.conll"), "\t")  # type: ignore[return-value]


def _blocks(content: str, separator: str) -> list[list[tuple[str, ...]]]:
    """Sentences of a file with one word a line and an empty line (or one of blanks alone) between sentences."""
    blocks: list[list[tuple[str, ...]]] = [[]]
    for line in lines(content):
        if line.strip():
            blocks[-1].append(tuple(line.split(separator)))
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


LOADERS: dict[str, Callable[..., Any]] = {
    each.__name__: each for each in (universal_tagset, brown, treebank, conll2000, wnut17)
}
