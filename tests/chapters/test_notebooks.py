"""What every stored chapter must be: fully executed, without errors, machine paths, dead widgets or heavy pictures.

The rules are one function, ``complaints``; it is tried on notebooks that break each rule, then on every chapter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
LIMIT_OUTPUTS, LIMIT_FIGURE = 500_000, 40_000  # bytes

MACHINE_PATH = re.compile(r"(?<![\w.:/])/(?:root|home/\w+|Users/\w+|tmp|work|content)(?:/[\w.-]+)+")
MYST = re.compile(
    r"^\s*(?:`{3,}|~{3,}|:{3,})\{|\{(?:cite|ref|numref|eq|doc|term|cite:\w|cite:\w+)\}`|^\([\w-]+\)=", re.MULTILINE
)
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
RELATIVE_LINK = re.compile(r"\]\((?!https?://|mailto:|#|data:)[^)]+\)")
WIDGET = "application/vnd.jupyter.widget-view+json"
DATA_URI = re.compile(r"data:image/[\w+.-]+;base64,([A-Za-z0-9+/=]+)")
INLINE_SVG = re.compile(r"<svg\b.*?</svg>", re.DOTALL)


def text_of(value: Any) -> str:
    """A value of an output's data as text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def outputs(notebook: nbformat.NotebookNode) -> Iterator[tuple[int, nbformat.NotebookNode]]:
    """(place of the cell, output) of every stored output."""
    for place, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            yield place, output


def figures(output: nbformat.NotebookNode) -> Iterator[int]:
    """The bytes of each picture in an output; a base64 text counts as what it decodes to."""
    for mime, value in output.get("data", {}).items():
        if mime in ("image/png", "image/jpeg"):
            yield len(value) * 3 // 4
        elif mime == "image/svg+xml":
            yield len(value.encode())
        elif mime == "text/html":
            yield from (len(found) * 3 // 4 for found in DATA_URI.findall(value))
            yield from (len(found.encode()) for found in INLINE_SVG.findall(value) if "course-stepper" not in value)


def complaints_about_cells(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """What is wrong with the cells themselves."""
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    if counts != list(range(1, len(counts) + 1)):
        yield f"not executed once from top to bottom: {counts}"
    if not any(cell.cell_type == "code" and cell.source.strip() for cell in notebook.cells):
        yield "no code at all"
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown" and (found := MYST.search(cell.source)):
            yield f"cell {place}: MyST, which Colab shows raw: {found[0].strip()!r}"
        if cell.cell_type == "markdown" and (found := RELATIVE_LINK.search(cell.source)):
            yield f"cell {place}: a relative link, dead in Colab: {found[0]!r}"
        if found := CONTROL.search(cell.source):
            yield f"cell {place}: a control character, as of a formula's backslash gone wrong: {found[0]!r}"
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "kernel is not python3"
    if "widgets" in notebook.metadata:
        yield "widget state in the metadata"


def complaints_about_outputs(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """What is wrong with the stored outputs."""
    total = 0
    for place, output in outputs(notebook):
        text = "\n".join([text_of(output.get("text", "")), *map(text_of, output.get("data", {}).values())])
        total += len(text.encode())
        if output.output_type == "error":
            yield f"cell {place}: an error, {output.ename}"
        if WIDGET in output.get("data", {}):
            yield f"cell {place}: a widget, dead without a kernel"
        if found := MACHINE_PATH.search(DATA_URI.sub("", text)):
            yield f"cell {place}: a path of some machine, {found[0]}"
        for size in figures(output):
            if size > LIMIT_FIGURE:
                yield f"cell {place}: a picture of {size:,} bytes, over {LIMIT_FIGURE:,}"
    if total > LIMIT_OUTPUTS:
        yield f"outputs of {total:,} bytes, over {LIMIT_OUTPUTS:,}"


def complaints(notebook: nbformat.NotebookNode) -> list[str]:
    """Everything that keeps a notebook from being a chapter."""
    return [*complaints_about_cells(notebook), *complaints_about_outputs(notebook)]


def good() -> nbformat.NotebookNode:
    """A small notebook that has nothing wrong."""
    v4 = nbformat.v4
    picture = v4.new_output("display_data", data={"image/png": "A" * 1000, "text/plain": "<Figure>"})
    cells = [
        v4.new_markdown_cell("# Title\n\n$x$ and [a paper](https://arxiv.org/abs/1409.3215)"),
        v4.new_code_cell("print(1)", execution_count=1, outputs=[v4.new_output("stream", name="stdout", text="1\n")]),
        v4.new_code_cell("plot()", execution_count=2, outputs=[picture]),
    ]
    return v4.new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


def spoil_stream(text: str) -> Callable[[nbformat.NotebookNode], None]:
    def spoil(notebook: nbformat.NotebookNode) -> None:
        notebook.cells[1].outputs[0].text = text

    return spoil


def spoil_data(mime: str, value: str) -> Callable[[nbformat.NotebookNode], None]:
    def spoil(notebook: nbformat.NotebookNode) -> None:
        notebook.cells[2].outputs[0].data[mime] = value

    return spoil


def spoil_prose(text: str) -> Callable[[nbformat.NotebookNode], None]:
    def spoil(notebook: nbformat.NotebookNode) -> None:
        notebook.cells[0].source += "\n" + text

    return spoil


def spoil_count(value: int | None) -> Callable[[nbformat.NotebookNode], None]:
    def spoil(notebook: nbformat.NotebookNode) -> None:
        notebook.cells[1].execution_count = value

    return spoil


def spoil_error(notebook: nbformat.NotebookNode) -> None:
    notebook.cells[1].outputs = [nbformat.v4.new_output("error", ename="ValueError", evalue="", traceback=[])]


BAD: dict[str, tuple[Callable[[nbformat.NotebookNode], None], str]] = {
    "unexecuted": (spoil_count(None), "not executed"),
    "out of order": (spoil_count(7), "not executed"),
    "error": (spoil_error, "an error, ValueError"),
    "home": (spoil_stream("saved to /home/ana/x.json"), "path of some machine"),
    "root": (spoil_stream("File /root/course/utils/a.py"), "path of some machine"),
    "tmp": (spoil_stream("/tmp/run/checkpoint"), "path of some machine"),
    "path in html": (spoil_data("text/html", "<a href='/work/course/a'>a</a>"), "path of some machine"),
    "widget": (spoil_data(WIDGET, "{}"), "a widget"),
    "directive": (spoil_prose("```{note}\nhear\n```"), "MyST"),
    "colon fence": (spoil_prose(":::{note}\nhear\n:::"), "MyST"),
    "role": (spoil_prose("as {cite}`x` says"), "MyST"),
    "target": (spoil_prose("(here)=\n## Here"), "MyST"),
    "tab in a formula": (spoil_prose("$\text{score}$"), "control character"),
    "relative link": (spoil_prose("see [next](04_attention.ipynb)"), "relative link"),
    "heavy picture": (spoil_data("image/png", "A" * 60_000), "a picture of 45,000 bytes"),
    "heavy picture in html": (spoil_data("text/html", f"<img src='data:image/png;base64,{'A' * 60_000}'>"), "45,000"),
    "heavy drawing": (spoil_data("text/html", f"<svg>{'<g/>' * 11_000}</svg>"), "a picture of"),
    "heavy outputs": (spoil_stream("word " * 110_000), "outputs of"),
}


def test_a_good_notebook_is_accepted() -> None:
    assert complaints(good()) == []


@pytest.mark.parametrize("name", BAD)
def test_each_rule_refuses_what_breaks_it(name: str) -> None:
    spoil, wanted = BAD[name]
    notebook = good()
    spoil(notebook)
    found = complaints(notebook)
    assert len(found) >= 1
    assert any(wanted in complaint for complaint in found)


def test_addresses_on_the_web_are_no_machine_paths() -> None:
    notebook = good()
    notebook.cells[1].outputs[0].text = "https://example.org/home/ana/x and 3/work/4 and ./tmp/x"
    assert complaints(notebook) == []


def test_chapters_are_notebooks_with_a_number() -> None:
    strays = [p.name for p in (ROOT / "chapters").glob("*") if not re.fullmatch(r"\d\d_[a-z0-9_]+\.ipynb", p.name)]
    assert [name for name in strays if not name.startswith(".")] == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert complaints(notebook) == []
