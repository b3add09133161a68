"""What the tests of the site share: where it lies, its pages, and how Chromium is started."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build/html"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip


def pages() -> list[str]:
    """The pages of the site, as paths below it, without the index that only lists terms."""
    found = (path.relative_to(SITE) for path in SITE.rglob("*.html"))
    return sorted(str(p) for p in found if p.parts[0] not in ("_static", "_sources") and p.name != "genindex.html")
