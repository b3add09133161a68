"""The part of tinyshakespeare that chapter 01's character model learned from, in the package, to be counted.

The plays are in the public domain; the file is Karpathy's (2015), whose repository is under the MIT licence. Its last
tenth, by which models are chosen and scored, is not here: `sources.load("tinyshakespeare")` has the whole.
"""

from __future__ import annotations

from importlib import resources


def learned() -> str:
    """The first 90 % of the characters, 1,003,854 of them."""
    return resources.files("utils.data").joinpath("tinyshakespeare_train.txt").read_bytes().decode("utf-8")
