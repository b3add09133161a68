"""Figures: one look, and one HTML output that a screen reader can read.

``new_figure`` makes an empty figure in the course's style; ``figure`` shows it (or an SVG text) with its alternative
text and caption on a light card, also in dark mode. The colours are Okabe and Ito's (2008), which people with any
kind of colour vision can tell apart.
"""

from __future__ import annotations

import base64
import io
import re
import warnings
from typing import TYPE_CHECKING, Any

from utils.teaching import page

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

LIMIT = 40_000  # bytes of a picture: a notebook with a dozen of them still opens quickly
SHORTEST_ALT = 20

_LADDER = ((110, 0), (110, 128), (110, 48), (90, 32), (75, 16), (60, 16))  # dots an inch, colours (0: all)

_CARD = (
    "margin:.75rem 0;padding:.75rem;max-width:60rem;border:1px solid #cfd6dd;border-radius:8px;background:#fff;"
    "color:#1b1f24;text-align:center"
)
_CAPTION = "margin-top:.5rem;font:15px/1.45 system-ui,sans-serif;color:#3d4650;text-align:left"
_STYLE = (
    "<style>.course-figure img,.course-figure svg{max-width:100%;height:auto;background:#fff!important;"
    "padding:0!important;filter:none!important}"
    ".cell_output .text_html:has(>.course-figure){background:transparent!important;padding:0!important}</style>"
)


def style() -> Any:
    """The course's matplotlib settings, a dict for ``rcParams``."""
    from cycler import cycler

    return {
        "axes.prop_cycle": cycler(color=COLOURS, marker=MARKERS),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.titlesize": 12,
        "axes.titlelocation": "left",
        "axes.labelsize": 11,
        "figure.figsize": (6.4, 3.6),
        "figure.dpi": 110,
        "figure.constrained_layout.use": True,
        "font.size": 11,
        "grid.color": "#dde2e7",
        "grid.linewidth": 0.8,
        "image.cmap": "viridis",
        "legend.frameon": False,
        "legend.fontsize": 10,
        "lines.linewidth": 2,
        "lines.markersize": 5,
        "savefig.facecolor": "white",
        "xtick.labelsize": 10,
        "ytick.labelsize": 10,
    }


def new_figure(width: float = 6.4, height: float = 3.6, rows: int = 1, columns: int = 1, **options: Any) -> Any:
    """An empty figure in the course's style: ``figure, axes = new_figure(6.4, 3.6)``.

    Args:
        width, height: of the whole figure in inches, at most 10 and 12: a phone shows it in its full width.
        rows, columns: panels.
        options: for ``matplotlib.pyplot.subplots``, such as ``sharey=True``.
    """
    if not (0 < width <= 10 and 0 < height <= 12):
        raise ValueError(f"a figure of {width} x {height} inches does not fit a page; stay within 10 x 12")
    import matplotlib
    from matplotlib import pyplot

    matplotlib.rcParams.update(style())
    return pyplot.subplots(rows, columns, figsize=(width, height), **options)


def check_alt(alt: object) -> None:
    """``ValueError`` for a text that does not tell those who cannot see a picture what there is to see."""
    if not isinstance(alt, str) or len(alt.strip()) < SHORTEST_ALT:
        raise ValueError(f"alt is {alt!r}; write a sentence that says what there is to see")


def figure(picture: Any, *, alt: str, caption: str = "", name: str | None = None) -> None:
    """Show a picture as one HTML figure, once.

    Args:
        picture: a matplotlib figure, its axes (one, a list or an array), or the text of an SVG.
        alt: what there is to see, for those who do not see it; at least 20 characters.
        caption: the sentence below; what stands between backticks becomes code.
        name: the figure's anchor on its page.
    """
    check_alt(alt)
    inner = _svg(picture, alt) if isinstance(picture, str) else _image(_figure_of(picture), alt)
    anchor = f' id="{page.escape(name)}"' if name else ""
    below = f'<figcaption style="{_CAPTION}">{page.inline(caption)}</figcaption>' if caption else ""
    page.show(
        f'<figure class="course-figure" role="group" style="{_CARD}"{anchor}>{_STYLE}{inner}{below}</figure>',
        f"figure: {alt}",
    )


def _figure_of(picture: Any) -> Figure:
    from matplotlib.figure import Figure

    if isinstance(picture, Figure):
        return picture
    first = picture
    while hasattr(first, "__getitem__") and len(first):
        first = first[0]
    found = getattr(first, "figure", None)
    if not isinstance(found, Figure):
        raise ValueError(f"{type(picture).__name__} is no picture; give a matplotlib figure, its axes, or SVG text")
    return found


def _image(figure: Figure, alt: str) -> str:
    from matplotlib import pyplot

    data = png(figure)
    pyplot.close(figure)  # else the notebook shows it a second time
    width = round(figure.get_figwidth() * 100)
    source = base64.b64encode(data).decode("ascii")
    # The class keeps the theme from dimming the picture in dark mode.
    return (
        f'<img class="dark-light" src="data:image/png;base64,{source}" alt="{page.escape(alt)}" width="{width}" '
        'style="max-width:100%;height:auto">'
    )


def png(figure: Figure, limit: int = LIMIT) -> bytes:
    """The figure as PNG of at most ``limit`` bytes: first fewer colours, then fewer dots, else a warning."""
    from PIL import Image

    data = b""
    for dots, colours in _LADDER:
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=dots, facecolor="white")
        if colours:
            reduced = Image.open(buffer).convert("RGB").quantize(colours, dither=Image.Dither.NONE)
            buffer = io.BytesIO()
            reduced.save(buffer, format="png", optimize=True)
        data = buffer.getvalue()
        if len(data) <= limit:
            return data
    warnings.warn(f"the figure takes {len(data):,} bytes, more than {limit:,}: draw fewer points", stacklevel=3)
    return data


def _svg(text: str, alt: str) -> str:
    match = re.search(r"<svg\b[^>]*>.*</svg>", text, re.DOTALL)
    if match is None:
        raise ValueError(f"the text {text[:40]!r} holds no <svg> ... </svg>")
    if re.search(r"<script|\bon\w+\s*=|javascript:", match[0], re.IGNORECASE):
        raise ValueError("the SVG holds a script; a figure may not")
    body = re.sub(r"^<svg\b", "<svg", match[0])
    body = re.sub(r'\s(?:role|aria-label)="[^"]*"', "", body[: body.index(">")]) + body[body.index(">") :]
    return body.replace("<svg", f'<svg role="img" aria-label="{page.escape(alt)}"', 1)
