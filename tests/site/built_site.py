"""Where the built site lies, and its pages."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build/html"


def pages() -> list[str]:
    """The pages of the site, as paths below it, without the index that only lists terms."""
    found = (path.relative_to(SITE) for path in SITE.rglob("*.html"))
    return sorted(str(p) for p in found if p.parts[0] not in ("_static", "_sources") and p.name != "genindex.html")
