"""Under each term of the glossary: where in the chapters it is first explained, or first used.

A chapter that explains a word sets it in italics or bold; the first such place counts, else the first place at all.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

CHAPTERS = Path(__file__).resolve().parents[2] / "chapters"
PAGE = "book/glossary"
# What a word of everyday language, or one with two meanings, is looked for as.
SPELLED = {
    "Adam, AdamW": "AdamW",
    "BIO tags": "BIO",
    "bidirectional": "from both sides",
    "catastrophic forgetting": "forgetting",
    "distillation": "distilled",
    "exact match": "whole sentence",
    "fine-tuning": "fine-tune",
    "greedy decoding": "greedy",
    "head": "heads",
    "head (of a task)": "head",
    "key and value cache": "cache",
    "Kullback-Leibler divergence (KL)": "KL",
    "layer normalisation": "norm",
    "mask": "causal mask",
    "masked language model": "masked",
    "memory horizon": "horizon",
    "next sentence prediction": "second question",
    "positional encoding": "positions",
    "pretraining": "pretrain",
    "query, key, value": "query",
    "residual connection": "residual",
    "slanted triangle": "slanted",
    "supervised fine-tuning (SFT)": "SFT",
    "tied weights": "tied",
    "top-k sampling": "top-k",
    "top-p sampling": "top-p",
    "validation part": "validation",
    "wild": "in the wild",
}
# Words that earlier chapters use in another or in their everyday sense.
NOT_BEFORE = {
    "advantage": "08",
    "base model": "08",
    "calibration": "08",
    "demonstration": "08",
    "head (of a task)": "06",
    "leash": "08",
    "masked language model": "07",
    "policy": "08",
    "prompt": "07",
    "value model": "08",
}
CODE = re.compile(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$\n]*\$|<[^>]+>|\]\([^)]*\)", re.DOTALL)
LEFT_OUT = ("References", "Exercise", "Quiz", "Paper and practice", "The same in d2l", "What it costs", "The paper,")


@dataclass(frozen=True)
class Place:
    """A section of a chapter."""

    stem: str
    heading: str

    @property
    def link(self) -> str:
        """Its address from a page under book/."""
        return f"../chapters/{self.stem}.html#{nodes.make_id(self.heading)}"


def sections(folder: Path = CHAPTERS) -> list[tuple[Place, str]]:
    """The text of all chapters in reading order, a section a piece, without code, formulas and solutions."""
    found: list[tuple[Place, str]] = []
    for path in sorted(folder.glob("*.ipynb")):
        heading = ""
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] != "markdown" or "exercise-solution" in cell["metadata"].get("tags", ()):
                continue
            for piece in re.split(r"^(?=#{1,3} )", "".join(cell["source"]), flags=re.MULTILINE):
                if title := re.match(r"#+ (.+)", piece):
                    heading = title[1].strip()
                if not heading.startswith(LEFT_OUT):
                    found.append((Place(path.stem, heading), CODE.sub(" ", piece)))
    return found


def first(term: str, texts: list[tuple[Place, str]]) -> Place | None:
    """Where a term is explained, else where it is first used; None if no chapter has it."""
    word = SPELLED.get(term, re.sub(r"\s*\(.*\)", "", term))
    letters = re.escape(word).replace(r"\ ", r"[\s-]+").replace(r"\-", r"[\s-]*")
    plain = re.compile(rf"(?<![\w-]){letters}(?:s|es)?(?![\w-])", re.IGNORECASE)
    stressed = re.compile(rf"(?<!\w)(\*\*|\*)(?:[Tt]he |[Aa] )?{letters}(?:s|es)?\.?\1(?!\w)", re.IGNORECASE)
    for pattern in (stressed, plain):
        for place, text in texts:
            if place.stem >= NOT_BEFORE.get(term, "") and pattern.search(text):
                return place
    return None


def add(app: Sphinx, doctree: nodes.document) -> None:
    """For Sphinx's event doctree-read."""
    if app.env.docname != PAGE:
        return
    app.env.note_reread()
    texts = sections()
    for item in (
        item for box in doctree.findall(addnodes.glossary) for item in box.findall(nodes.definition_list_item)
    ):
        term = next(iter(item.findall(nodes.term))).astext()
        if place := first(term, texts):
            label = f"chapter {place.stem[:2]}, {re.sub(r'^[0-9]+[.] ', '', place.heading)}"
            link = nodes.reference("", label, refuri=place.link, internal=True)
            paragraph = nodes.paragraph("", "First in ", link, classes=["course-first"])
            next(iter(item.findall(nodes.definition))).append(paragraph)
