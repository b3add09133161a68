"""Claims: a sentence about a model, measured, with its verdict and its evidence.

``claim`` prints one stable line, which nbval compares, and displays the evidence twice: as a table, and as data under
``MIME``. The ledger (``utils.teaching.ledger``) reads that data from the executed notebooks.

The data, version ``course.claim/1``: ``schema``, ``id``, ``statement``, ``holds`` (bool), ``verdict`` (the printed
words), ``kind`` (``live``: measured in this notebook; ``recorded``: read from a record), ``notes`` (the sentence of
the author's notes that it answers, or null), ``criterion`` (what had to be seen, or null), ``record`` (name, or null)
and ``evidence`` (a mapping of names to numbers, texts, lists or mappings).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from utils.teaching import page

SCHEMA = "course.claim/1"
MIME = "application/vnd.course.claim+json"
KINDS = ("live", "recorded")

Kind = Literal["live", "recorded"]


def claim(
    name: str,
    statement: str,
    *,
    holds: bool | Sequence[bool],
    evidence: Mapping[str, Any],
    notes: str | None = None,
    kind: Kind = "live",
    criterion: str | None = None,
    record: str | None = None,
) -> None:
    """Print the verdict on a claim and show its evidence.

    Args:
        name: a short name in lower case, such as ``"fixed-context"``; unique in the course for each kind.
        statement: one sentence, without a full stop, that the experiment can prove wrong.
        holds: the verdict, computed; a sequence gives one verdict a seed, and all must hold.
        evidence: what was measured. A value may be a number, a text, a list, or a mapping (a row of a table).
        notes: the sentence of the author's notes that it answers.
        kind: ``"live"`` or ``"recorded"``.
        criterion: what had to be seen for the verdict, in words.
        record: the name of the record that a recorded claim rests on.
    """
    payload = _payload(name, statement, holds, evidence, notes, kind, criterion, record)
    print(f"{payload['verdict'].upper()}  {name}: {statement}{_seeds(holds)}")
    page.show(render(payload), f"evidence of {name}", {MIME: payload})


def _payload(
    name: str,
    statement: str,
    holds: bool | Sequence[bool],
    evidence: Mapping[str, Any],
    notes: str | None,
    kind: str,
    criterion: str | None,
    record: str | None,
) -> dict[str, Any]:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise ValueError(f"claim name {name!r} must be lower-case words joined by hyphens, such as 'fixed-context'")
    if not statement.strip() or "\n" in statement:
        raise ValueError(f"statement {statement!r} must be one sentence on one line")
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r} must be one of {KINDS}")
    if not isinstance(evidence, Mapping) or not evidence:
        raise ValueError(f"evidence of {name!r} is {evidence!r}; a claim needs at least one measured value")
    good = _verdict(holds)
    return {
        "schema": SCHEMA,
        "id": name,
        "statement": statement,
        "holds": good,
        "verdict": "holds" if good else "does not hold",
        "kind": kind,
        "notes": notes,
        "criterion": criterion,
        "record": record,
        "evidence": plain(evidence),
    }


def _verdict(holds: bool | Sequence[bool]) -> bool:
    value = plain(holds)
    verdicts = value if isinstance(value, list) else [value]
    if not verdicts or not all(isinstance(one, bool) for one in verdicts):
        raise ValueError(f"holds is {holds!r}; it must be True, False, or one of them for each seed")
    return all(verdicts)


def _seeds(holds: bool | Sequence[bool]) -> str:
    value = plain(holds)
    if not isinstance(value, list):
        return ""
    return f" (on {sum(value)} of {len(value)} seeds)"


def plain(value: Any) -> Any:
    """``value`` in the types of JSON: arrays become lists, their scalars numbers, NaN and infinity texts."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | range):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):  # arrays and tensors, and the scalars of both
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def evidence_table(evidence: Mapping[str, Any], label: str) -> str:
    """The evidence as an HTML table: a row for each entry, a column for each key where entries are mappings."""
    rows = {name: value if isinstance(value, Mapping) else {"": value} for name, value in evidence.items()}
    columns = list(dict.fromkeys(key for row in rows.values() for key in row))
    head = ["measured", *(column or "value" for column in columns)]
    return page.table(head, ([name, *(row.get(column) for column in columns)] for name, row in rows.items()), label)


def render(payload: Mapping[str, Any]) -> str:
    """The card of a claim."""
    word = page.verdict(payload["holds"], "holds", "does not hold")
    lines = [f'<p class="cc-title">{page.inline(payload["statement"])} {word}</p>']
    if payload["notes"]:
        lines.append(f'<p class="cc-muted">The notes say: “{page.inline(payload["notes"])}”</p>')
    if payload["criterion"]:
        lines.append(f'<p class="cc-muted">It holds if {page.inline(payload["criterion"])}.</p>')
    lines.append(evidence_table(payload["evidence"], f"Evidence of {payload['id']}"))
    source = "measured in this notebook" if payload["kind"] == "live" else "from a recorded run"
    if payload["record"]:
        source += f": `{payload['record']}`"
    lines.append(f'<p class="cc-muted">Claim <code>{payload["id"]}</code>, {page.inline(source)}.</p>')
    return page.card("claim", "".join(lines), anchor=anchor(payload))


def anchor(payload: Mapping[str, Any]) -> str:
    """The id of the card on its page."""
    return f"claim-{payload['id']}" + ("" if payload["kind"] == "live" else "-recorded")
