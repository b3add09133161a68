"""A Sphinx extension: what the pages under book/ need beyond MyST.

    ```{generated} data
    ```

calls the function of that name in ``SOURCES``, which returns MyST Markdown; the page is read anew at each build.

    ```{drawing} attention
    The caption, in MyST.
    ```

puts utils/teaching/assets/pictures/attention.svg into the page itself, so that it has the page's fonts; its alternative
text is the title and description in the file. {chapter}`03` is a link to that chapter, or its plain number while it is
not there.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import api_page
import chapter_tables
import environment_table
import evidence
import glossary_links
import head
import licences
import museum_page
import scaling_page
import timeline
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "utils/teaching/assets/pictures"


def data() -> str:
    """The catalogue of data sets: for each its title, size, licence, citation and files."""
    from utils.data.sources import CATALOGUE
    from utils.data.store import size

    parts = []
    for name, dataset in CATALOGUE.items():
        parts += [
            f"## {dataset.title}",
            f"`{name}` · {size(dataset.bytes)} in {len(dataset.files)} file{'s' if len(dataset.files) > 1 else ''}"
            f" · [home page]({dataset.homepage})",
            f"**Licence.** {dataset.licence}",
            f"**Citation.** {dataset.citation}",
        ]
        if dataset.note:
            parts.append(dataset.note)
    return "\n\n".join(parts)


def ledger() -> str:
    """The evidence ledger, a section for each chapter with claims."""
    from utils.teaching.ledger import render_ledger

    return render_ledger(evidence.entries())


def verdicts() -> str:
    """How many verdicts there are and how many hold, in one sentence."""
    entries = evidence.entries()
    names, holding = {entry.claim["id"] for entry in entries}, sum(entry.claim["holds"] for entry in entries)
    return f"**{len(entries)} verdicts on {len(names)} claims: {holding} hold, {len(entries) - holding} do not.**"


def scoreboards() -> str:
    """A table for each board that a shipped record has a row for."""
    from utils.teaching.scoreboards import collect, recorded_rows, scoreboard_html

    boards = dict.fromkeys(row["board"] for row in recorded_rows())
    return "\n\n".join(f"## {board.capitalize()}\n\n{scoreboard_html(board, collect(board))}" for board in boards)


SOURCES: dict[str, Callable[[], str]] = {
    "api": api_page.listing,
    "data": data,
    "ledger": ledger,
    "verdicts": verdicts,
    "scoreboards": scoreboards,
    "chapters": chapter_tables.contents,
    "evidence": evidence.table,
    "notes": evidence.listing,
    "length": chapter_tables.length,
    "runs": chapter_tables.runs,
    "story": chapter_tables.story,
    "environments": environment_table.table,
    "environment details": environment_table.environments,
    "colab image": environment_table.colab_image,
    "licences": licences.listing,
    "museum": museum_page.listing,
    "museum numbers": museum_page.numbers,
    **scaling_page.TABLES,
    "timeline map": timeline.picture,
    "timeline list": timeline.listing,
}


class Generated(SphinxDirective):
    """``{generated} NAME``: the Markdown that ``SOURCES[NAME]()`` returns, parsed as part of the page.

    Sections go to the end of the page, so what has some must not begin with anything else.
    """

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        if name not in SOURCES:
            raise self.error(f"nothing is generated under the name {name!r}; there are: {', '.join(SOURCES)}")
        self.env.note_reread()
        container = nodes.Element()
        self.state.nested_parse(SOURCES[name]().splitlines(), self.content_offset, container, match_titles=True)
        return container.children


def html(text: str) -> nodes.raw:
    """A node that is written into the page as it is."""
    return nodes.raw("", text, format="html")


class Drawing(SphinxDirective):
    """``{drawing} NAME``: a figure with the SVG of that name inline, and the content as its caption."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        file = IMAGES / f"{self.arguments[0]}.svg"
        if not file.is_file():
            raise self.error(
                f"there is no drawing {file.name}; there are: {', '.join(sorted(p.stem for p in IMAGES.glob('*.svg')))}"
            )
        self.env.note_dependency(str(file))
        caption = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, caption)
        svg = file.read_text(encoding="utf-8")
        opening = f'<figure class="course-figure course-drawing">{svg}<figcaption>'
        return [html(opening), *caption.children, html("</figcaption></figure>")]


class Chapter(SphinxRole):
    """``{chapter}`03` ``: a link "chapter 03", or these words alone until there is a notebook of that number."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        label = nodes.inline("", f"chapter {self.text}")
        found = sorted((Path(self.env.srcdir) / "chapters").glob(f"{self.text}_*.ipynb"))
        if not found:
            return [label], []
        link = addnodes.pending_xref(
            "",
            label,
            refdomain="std",
            reftype="doc",
            reftarget=f"/chapters/{found[0].stem}",
            refexplicit=True,
            refwarn=True,
            refdoc=self.env.docname,
        )
        return [link], []


def without_thebe(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Drop the scripts of sphinx-thebe: no page runs code in place, and they declare their constants twice."""
    scripts = context.get("script_files", [])
    context["script_files"] = [
        s for s in scripts if "thebe" not in str(s) and "THEBE" not in str(getattr(s, "attributes", ""))
    ]


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("generated", Generated)
    app.add_directive("drawing", Drawing)
    app.add_role("chapter", Chapter())
    app.connect("html-page-context", without_thebe, priority=900)
    app.connect("html-page-context", head.add)
    app.connect("build-finished", head.lighten)
    app.connect("doctree-read", glossary_links.add)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
