"""Two columns of the same text, each in its own language and direction: what a translator learns from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from utils.data.catalogue import dataset
from utils.records import read
from utils.teaching import page
from utils.teaching.steppers.frame import direction

Language = tuple[str, str]  # its name and its code, such as ("Urdu", "ur"), with which screen readers choose a voice


def parallel_text(
    rows: Iterable[tuple[str, str, str]], first: Language, second: Language, title: str, note: str = ""
) -> None:
    """Show texts side by side.

    Args:
        rows: triples (what the row is, the text in the first language, the text in the second one).
        first, second: name and code of the two languages; the letters of their texts decide on which side they begin.
        title: what the table shows.
        note: a sentence below, such as source and licence; what stands between backticks becomes code.
    """
    made = [(str(name), str(one), str(two)) for name, one, two in rows]
    if not made or not all(one.strip() and two.strip() for _, one, two in made):
        raise ValueError(f"{title!r} has {len(made)} rows; it needs at least one, and each needs a text on both sides")
    ways = direction([made[0][1]]), direction([made[0][2]])
    head = "".join(
        f'<th scope="col" dir="{way}">{page.escape(name)}</th>'
        for (name, _), way in zip((first, second), ways, strict=True)
    )
    body = "".join(
        f'<tr><th scope="row">{page.escape(name)}</th>{_text(one, first, ways[0])}{_text(two, second, ways[1])}</tr>'
        for name, one, two in made
    )
    below = f'<p class="cc-muted">{page.inline(note)}</p>' if note else ""
    page.show(
        page.card(
            "parallel",
            f'<p class="cc-title">{page.inline(title)}</p><div class="cc-scroll" tabindex="0" role="region" '
            f'aria-label="{page.escape(title)}"><table><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody>'
            f"</table></div>{below}",
            css=page.asset("parallel.css"),
        ),
        f"{first[0]} | {second[0]}: {title}, rows: {len(made)}",
    )


def _text(text: str, language: Language, way: str) -> str:
    return f'<td lang="{page.escape(language[1])}" dir="{way}">{page.escape(text)}</td>'


def udhr_table(articles: Sequence[int] = (1, 3, 6, 9)) -> None:
    """Articles of the Declaration of Human Rights, English | Urdu, from the record `declaration/english_urdu`.

    `articles`: numbers among those that the record holds; ValueError with these if one is not there.
    """
    held = {int(row["article"]): row for row in read("declaration/english_urdu").samples}
    if absent := [number for number in articles if number not in held]:
        raise ValueError(f"there is no text of article {absent[0]}; there are: {', '.join(map(str, held))}")
    source = dataset("udhr2")
    parallel_text(
        [(f"Art. {number}", held[number]["english"], held[number]["urdu"]) for number in articles],
        ("English", "en"),
        ("Urdu", "ur"),
        "One column English, second column Urdu",
        f"{source.citation} {source.licence}. The Urdu is spelled as in the source.",
    )
