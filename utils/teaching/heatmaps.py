"""Heat maps of attention: a table of cells, the darker (in dark mode the lighter) the larger the weight.

An HTML table and not a picture: words of any script stand in their own direction, a screen reader can walk through the
weights, a narrow screen scrolls while the words of the rows stay in sight.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from utils.teaching import page
from utils.teaching.figures import LIMIT, check_alt
from utils.teaching.steppers.frame import direction

Cell = tuple[int, int]  # (row, column), from 0
SMALLEST = 0.005  # what rounds to 0.00 is left blank


def heat_map(
    rows: Sequence[str],
    columns: Sequence[str],
    weights: Sequence[Sequence[float]],
    caption: str,
    alt: str,
    right_to_left_rows: bool | None = None,
    right_to_left_columns: bool | None = None,
    gold: Collection[Cell] | None = None,
    possible: Collection[Cell] | None = None,
) -> None:
    """Show weights as a heat map.

    Args:
        rows: the words that look, written from top to bottom.
        columns: the words that are looked at.
        weights: for each row one weight from 0 to 1 for each column (a tensor's ``tolist()``). The shade says the
            weight itself: no row or map is stretched to its largest.
        caption: the sentence below; what stands between backticks becomes code.
        alt: what there is to see, for those who do not see it; at least 20 characters.
        right_to_left_rows, right_to_left_columns: whether these words are written from right to left; if left out,
            their letters decide. Columns from right to left begin on the right.
        gold: cells (row, column) that are right; they get a frame.
        possible: cells that are right but not needed; a dashed frame. Those in ``gold`` may be among them.
    """
    check_alt(alt)
    values = _checked(rows, columns, weights)
    frames = dict.fromkeys(possible or (), "p") | dict.fromkeys(gold or (), "g")
    for r, c in frames:
        if not (0 <= r < len(rows) and 0 <= c < len(columns)):
            raise ValueError(f"the cell {(r, c)} lies outside {len(rows)} rows and {len(columns)} columns")
    row_way, column_way = _way(rows, right_to_left_rows), _way(columns, right_to_left_columns)
    head = "".join(f'<th scope="col">{_upright(word, column_way)}</th>' for word in columns)
    body = "".join(
        f'<tr><th scope="row"><span dir="{row_way}">{page.escape(word)}</span></th>'
        + "".join(_cell(value, frames.get((r, c), "")) for c, value in enumerate(values[r]))
        + "</tr>"
        for r, word in enumerate(rows)
    )
    made = page.card(
        "heatmap",
        f'<div class="cc-scroll" tabindex="0" role="region" aria-label="{page.escape(alt)}" dir="{column_way}">'
        f"<table><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        f"{_key('g' in frames.values(), 'p' in frames.values())}<p>{page.inline(caption)}</p>",
        css=page.asset("heatmap.css"),
    )
    if len(made.encode()) > LIMIT:
        raise ValueError(f"the heat map takes {len(made.encode()):,} bytes, more than {LIMIT:,}: show fewer words")
    page.show(made, f"heat map: {alt}")


def _checked(rows: Sequence[str], columns: Sequence[str], weights: Sequence[Sequence[float]]) -> list[list[float]]:
    values = [[float(value) for value in row] for row in weights]
    widths = {len(row) for row in values}
    if not rows or not columns or len(values) != len(rows) or widths != {len(columns)}:
        shape = f"{len(values)} rows of {sorted(widths)} weights"
        raise ValueError(f"{shape} for {len(rows)} row words and {len(columns)} column words: they must pair up")
    for value in (value for row in values for value in row):
        if not -1e-6 <= value <= 1 + 1e-4:
            raise ValueError(f"the weight {value} does not lie between 0 and 1")
    return values


def _way(words: Sequence[str], right_to_left: bool | None) -> str:
    return direction(words) if right_to_left is None else "rtl" if right_to_left else "ltr"


def _upright(word: str, way: str) -> str:
    """A word turned to stand on its column; both kinds of script begin at the cells."""
    turned = ' class="hm-rtl"' if way == "rtl" else ""
    return f'<span dir="{way}"{turned}>{page.escape(word)}</span>'


def _cell(value: float, frame: str) -> str:
    said = {"g": ", gold", "p": ", possible"}.get(frame, "")
    mark = f' class="hm-{frame}"' if frame else ""
    if value < SMALLEST:
        return f"<td{mark}><b>0{said}</b></td>" if frame else "<td></td>"
    number = f"{min(value, 1.0):.2f}"
    return f'<td{mark} style="--w:{number}" title="{number}{said}"><b>{number}{said}</b></td>'


def _key(gold: bool, possible: bool) -> str:
    frames = '<span><i class="hm-g" aria-hidden="true"></i>gold alignment</span>' if gold else ""
    frames += '<span><i class="hm-p" aria-hidden="true"></i>possible, not needed</span>' if possible else ""
    scale = '<span>weight 0 <i class="hm-scale" aria-hidden="true"></i> 1</span>'
    return f'<p class="hm-key">{scale}{frames}</p>'
