"""The Universal Declaration of Human Rights in two columns: what a translator learns from.

A translation system needs pairs: the same text in two languages, side by side. Nothing is trained here. The record
keeps some articles in English and Urdu, spelled as the source spells them, and the lengths of all thirty, so that a
chapter shows them without a download.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from utils.data import sources
from utils.experiments.run import Run

HEADINGS = {"eng": r"Article (\d+)", "urd": r"دفعہ (\d+)\s*۔?"}

CREDIT = "by SPRAT"  # who typed the Urdu; the last line of the file, and of no article


@dataclass(frozen=True)
class Choice:
    """The articles whose text the record keeps: short ones, each a paragraph or two."""

    articles: tuple[int, ...] = (1, 3, 4, 6, 9)


def articles(language: str) -> dict[int, str]:
    """Number -> text of the thirty articles in `language`, "eng" or "urd"; white space runs become one space."""
    if language not in HEADINGS:
        raise ValueError(f"unknown language {language!r}: there are {', '.join(HEADINGS)}")
    found: dict[int, list[str]] = {}
    for line in sources.load("udhr2")[language].splitlines():
        if heading := re.fullmatch(HEADINGS[language], line.strip()):
            found[int(heading[1])] = []
        elif found and not line.strip().startswith(CREDIT):
            found[max(found)] += line.split()
    return {number: " ".join(words) for number, words in found.items()}


def english_urdu(run: Run) -> None:
    """Lengths in words (what spaces separate) of every article, and the text of those chosen."""
    english, urdu = articles("eng"), articles("urd")
    lengths = [{"article": k, "english": len(english[k].split()), "urdu": len(urdu[k].split())} for k in english]
    totals = {name: sum(row[name] for row in lengths) for name in ("english", "urdu")}
    run.found |= {
        "sizes": {"articles": len(lengths), "English words": totals["english"], "Urdu words": totals["urdu"]},
        "metrics": {"articles with as many words in both": sum(row["english"] == row["urdu"] for row in lengths)},
        "curves": {"words": lengths},
        "samples": [{"article": k, "english": english[k], "urdu": urdu[k]} for k in run.settings.articles],
        "notes": [
            "Nothing is trained. The Urdu is spelled as in the source, which names SPRAT, Ahmedabad, as its author."
        ],
    }


EXPERIMENTS = {"english_urdu": english_urdu}
PRESETS = {"english_urdu": {"smoke": Choice((1,)), "cpu": Choice()}}
