"""A number in a chapter's prose that looks measured is one that the reader can see, or has its source beside it.

Measured looks what has a decimal point or a percent sign. It must stand in an output of the same section (rounding is
fine, and a share may be told as a percentage), or its paragraph must link to where it was read. Exercises are exempt:
their numbers are given, and their solutions are tried elsewhere. Maths, code blocks and addresses are not prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))

# What is neither measured nor quoted: chapter, number as written, and how it comes about.
GIVEN = {("03_seq2seq", "7.7"): "bits that choose one of 211 words: the base-2 logarithm of 211"}

NOT_PROSE = re.compile(r"```.*?```|\$\$.*?\$\$|\$[^$\n]+\$|(?<=\])\([^)]*\)|[Ee]xercises? \d+\.\d+", re.DOTALL)
MEASURED = re.compile(r"(?<![\w.,])(\d[\d,]*\.\d+|\d[\d,]*(?=\s?%))(\s?%)?(?![\w]|\.\d)")
ASIDE = "script, style, svg, .course-stepper, .course-quiz, .course-source, .course-heatmap table"  # no results
NUMBER = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")


def shown(cells: list[nbformat.NotebookNode]) -> set[float]:
    """Every number in the outputs that report something: printed text, tables, claims, captions, alternative texts."""
    texts: list[str] = []
    for output in (output for cell in cells for output in cell.get("outputs", [])):
        data = output.get("data", {})
        texts += [output.get("text", ""), "" if "text/html" in data else data.get("text/plain", "")]
        if "text/html" in data:
            soup = BeautifulSoup(data["text/html"], "html.parser")
            for aside in soup.select(ASIDE):
                aside.decompose()
            texts += [soup.get_text(" "), *(image.get("alt", "") for image in soup("img"))]
    return {float(found.replace(",", "")) for text in texts for found in NUMBER.findall(text)}


def supported(number: str, percent: bool, values: set[float]) -> bool:
    """Whether a number, as written, is one of the values, rounded; a percentage may be a share."""
    written, reach = float(number.replace(",", "")), 0.5 * 10 ** -len(number.partition(".")[2])
    candidates = values | {100 * value for value in values if value <= 1} if percent else values
    return any(abs(value - written) <= reach + 1e-9 for value in candidates)


def sections(notebook: nbformat.NotebookNode) -> Iterator[list[nbformat.NotebookNode]]:
    """The cells between two headings of the second level, also where such a heading stands inside a cell."""
    section: list[nbformat.NotebookNode] = []
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            section.append(cell)
            continue
        first, *others = re.split(r"^(?=## )", cell.source, flags=re.MULTILINE)
        section.append(nbformat.v4.new_markdown_cell(first, metadata=cell.metadata))
        for part in others:
            yield section
            section = [nbformat.v4.new_markdown_cell(part, metadata=cell.metadata)]
    yield section


def paragraphs(cells: list[nbformat.NotebookNode]) -> Iterator[str]:
    """The paragraphs of the prose; a table is one."""
    for cell in cells:
        if cell.cell_type == "markdown" and not any(
            tag.startswith("exercise") for tag in cell.metadata.get("tags", ())
        ):
            yield from re.split(r"\n\s*\n", cell.source)


def unsupported(notebook: nbformat.NotebookNode, given: set[str]) -> list[str]:
    """The numbers in the prose that no output of their section shows, each with its surroundings."""
    complaints = []
    for section in sections(notebook):
        values = shown(section)
        for paragraph in paragraphs(section):
            if re.search(r"\]\(https?://", paragraph):
                continue
            prose = NOT_PROSE.sub(" ", paragraph)
            for found in MEASURED.finditer(prose):
                if found[1] not in given and not supported(found[1], bool(found[2]), values):
                    complaints.append(f"{found[0]}: ...{prose[max(0, found.start() - 60) : found.end() + 20]!r}")
    return complaints


def small(prose: str, *tags: str) -> nbformat.NotebookNode:
    """A notebook that prints two numbers, shows two more, and says ``prose``."""
    v4 = nbformat.v4
    table = {"text/html": "<style>p {width: 87.3%}</style><td>0.4581</td><td>1,250.5</td>", "text/plain": "table"}
    outputs = [v4.new_output("stream", name="stdout", text="BLEU 20.34\n"), v4.new_output("display_data", data=table)]
    markdown = v4.new_markdown_cell(prose, metadata={"tags": list(tags)})
    return v4.new_notebook(cells=[v4.new_code_cell("", outputs=outputs), markdown])


@pytest.mark.parametrize(
    "prose",
    ["It reaches 20.3 BLEU.", "46 % are right", "45.8 %", "1,250.5 pieces", "0.46 of them", "three, 3 or 41",
     "[They](https://arxiv.org/abs/1) report 33.3.", "$x = 0.77$ in `v`", "See exercise 3.5.", "```\n0.99\n```"],
)  # fmt: skip
def test_what_can_be_seen_or_has_a_source_is_accepted(prose: str) -> None:
    assert unsupported(small(prose), set()) == []


@pytest.mark.parametrize(
    "prose", ["It reaches 20.4 BLEU.", "87.3 %", "47 %", "45 %", "0.45", "2,250.5", "v\n\n| 9.9 |"]
)
def test_what_cannot_be_seen_is_refused(prose: str) -> None:
    assert len(unsupported(small(prose), set())) == 1
    assert unsupported(small(prose), {"20.4", "87.3", "47", "45", "0.45", "2,250.5", "9.9"}) == []
    assert unsupported(small(prose, "exercise"), set()) == []


def test_the_output_of_another_section_does_not_count() -> None:
    notebook = small("## Next\n\nIt reaches 20.3 BLEU.")
    assert len(unsupported(notebook, set())) == 1
    notebook.cells[1].source = "It reaches 20.3 BLEU.\n\n## Next"
    assert unsupported(notebook, set()) == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    given = {number for chapter, number in GIVEN if chapter == path.stem}
    assert unsupported(notebook, given) == []
    notebook.cells[0].source += "\n\nIt reaches 98.713 BLEU."
    assert len(unsupported(notebook, given)) == 1
