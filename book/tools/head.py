"""What a link to a page shows elsewhere: title, a sentence and the course's card, as Open Graph properties."""

from __future__ import annotations

import re
from html import escape, unescape
from pathlib import Path
from typing import Any

from chapter_tables import QUESTION, plain
from docutils import nodes
from sphinx.application import Sphinx

LONGEST = 200
# Scripts that wait for the whole page anyway. Not among them: those whose names later scripts of the head use at once.
LATE = "fontawesome|sphinx-book-theme|sphinx_highlight|clipboard\\.min|copybutton|togglebutton|design-tabs|course"
EAGER = re.compile(rf'<script ((?:data-[\w-]+="[^"]*" )?src="[^"]*/(?:{LATE})\.js)')


def describe(doctree: nodes.document | None) -> str:
    """A chapter's question, else the first paragraph of the page, cut after a whole word; empty without text."""
    if doctree is None:
        return ""
    for raw in doctree.findall(nodes.raw):
        if question := plain(QUESTION.search(raw.astext())):
            return question
    texts = (" ".join(paragraph.astext().split()) for paragraph in doctree.findall(nodes.paragraph))
    text = next((text for text in texts if len(text) > 40), "")
    return text if len(text) <= LONGEST else text[:LONGEST].rpartition(" ")[0].rstrip(",;:") + " …"


def properties(title: str, description: str, url: str, card: str) -> str:
    """The tags of one page."""
    name = unescape(re.sub(r"<[^>]+>", "", title))
    found = {"og:type": "article", "og:site_name": "From RNNs to ChatGPT", "og:title": name, "og:url": url}
    found |= {"og:image": card, "og:image:width": "1200", "og:image:height": "630"}
    found |= {"og:image:alt": "Words in a row, and lines of attention from the last one back to each of them"}
    tags = [f'<meta property="{name}" content="{escape(value)}" />' for name, value in found.items()]
    tags.append('<meta name="twitter:card" content="summary_large_image" />')
    if description:
        tags += [
            f'<meta property="og:description" content="{escape(description)}" />',
            f'<meta name="description" content="{escape(description)}" />',
        ]
    return "\n".join(tags)


def add(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """For Sphinx's event html-page-context."""
    base = str(app.config.html_baseurl).rstrip("/")
    if base:
        card = f"{base}/_static/card.png"
        tags = properties(str(context.get("title", "")), describe(doctree), f"{base}/{page}.html", card)
        context["metatags"] = f"{context.get('metatags', '')}\n{tags}\n"


def lighten(app: Sphinx, exception: Exception | None) -> None:
    """For Sphinx's event build-finished: words come before icons and buttons.

    Scripts in the head keep a page from showing anything until they are there, and the theme's icons have 540 kB.
    """
    if exception is not None or app.builder.name != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        if (lighter := EAGER.sub(r"<script defer \1", text)) != text:
            page.write_text(lighter, encoding="utf-8")
