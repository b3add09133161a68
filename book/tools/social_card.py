"""Draw book/static/card.png from card.svg, in the course's fonts: what a link to the course shows elsewhere.

python book/tools/social_card.py       needs Chromium; run it after a change of card.svg
"""

from __future__ import annotations

import base64
import sys
from pathlib import Path

from chromium import chromium

BOOK = Path(__file__).resolve().parents[1]
SIZE = {"width": 1200, "height": 630}
FONTS = {"Source Serif 4": "source-serif-4-latin-wght-normal", "Source Sans 3": "source-sans-3-latin-wght-normal"}


def page() -> str:
    """The drawing in a page that brings its fonts along."""
    faces = ""
    for family, name in FONTS.items():
        data = base64.b64encode((BOOK / f"vendor/fonts/{name}.woff2").read_bytes()).decode()
        faces += f'@font-face{{font-family:"{family}";src:url(data:font/woff2;base64,{data});font-weight:200 900}}'
    svg = (BOOK / "static/card.svg").read_text(encoding="utf-8")
    return f"<!DOCTYPE html><style>{faces}body{{margin:0}}svg{{display:block}}</style>{svg}"


def draw(target: Path) -> None:
    """Write the picture; RuntimeError without a browser."""
    with chromium() as browser:
        sheet = browser.new_page(viewport=SIZE)
        sheet.set_content(page())
        sheet.evaluate("document.fonts.ready.then(() => true)")
        sheet.screenshot(path=target)


if __name__ == "__main__":
    try:
        draw(BOOK / "static/card.png")
    except RuntimeError as error:
        sys.exit(str(error))
