"""The parity panel: our model beside the reference of its field, and the largest difference between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from utils.teaching import page

if TYPE_CHECKING:
    from torch import Tensor

TOLERANCES = {"float32": 1e-5, "float64": 1e-10}


@dataclass(frozen=True)
class ParityRow:
    """One comparison: what was compared with what, and the largest relative difference in each precision.

    ``float32`` or ``float64`` is None where only one of them was compared.
    """

    ours: str
    reference: str
    what: str
    float32: float | None = None
    float64: float | None = None

    @property
    def agrees(self) -> bool:
        """Whether every difference that was measured lies within its tolerance; a NaN never does."""
        measured = [(getattr(self, name), limit) for name, limit in TOLERANCES.items()]
        return all(value is None or value <= limit for value, limit in measured)


def relative_difference(ours: Any, reference: Any) -> float:
    """The largest absolute difference, relative to the largest absolute reference value.

    Takes tensors of one shape, or equally nested lists and tuples of them; ``ValueError`` if shapes differ.
    """
    pairs = list(_pairs(ours, reference))
    largest = max(float(theirs.detach().abs().max()) for _, theirs in pairs)
    # Compared in float64: a difference taken in float32 would round itself.
    differences = [float((mine.detach().double() - theirs.detach().double()).abs().max()) for mine, theirs in pairs]
    worst = float("nan") if any(value != value for value in differences) else max(differences)
    return worst / largest if largest else worst


def _pairs(ours: Any, reference: Any) -> Iterable[tuple[Tensor, Tensor]]:
    if isinstance(ours, list | tuple):
        if len(ours) != len(reference):
            raise ValueError(f"{len(ours)} results cannot be compared with {len(reference)}")
        for mine, theirs in zip(ours, reference, strict=True):
            yield from _pairs(mine, theirs)
        return
    if tuple(ours.shape) != tuple(reference.shape):
        raise ValueError(f"a result of shape {tuple(ours.shape)} cannot be compared with {tuple(reference.shape)}")
    yield ours, reference


def parity_row(
    ours: str,
    reference: str,
    what: str,
    float32: float | tuple[Any, Any] | None = None,
    float64: float | tuple[Any, Any] | None = None,
) -> ParityRow:
    """A row of the panel; each precision is a relative difference, or a pair (our result, the reference's)."""
    values = [relative_difference(*one) if isinstance(one, tuple) else one for one in (float32, float64)]
    if values == [None, None]:
        raise ValueError(f"{ours} was compared with {reference} in no precision; give float32, float64 or both")
    return ParityRow(ours, reference, what, *values)


def parity_panel(rows: Sequence[ParityRow | Mapping[str, Any]]) -> None:
    """Show comparisons as a table with tolerances and verdicts; rows come from ``parity_row`` or a record."""
    made = [row if isinstance(row, ParityRow) else ParityRow(**_known(row)) for row in rows]
    if not made:
        raise ValueError("a parity panel needs at least one comparison")
    head = ["ours", "reference", "compared", "largest difference, float32", "float64", "verdict"]
    cells = [
        [row.ours, row.reference, row.what, _digits(row.float32), _digits(row.float64), _verdict(row)] for row in made
    ]
    limits = f"Within {TOLERANCES['float32']:g} in float32 and {TOLERANCES['float64']:g} in float64"
    body = page.table(head, cells, "Comparison with reference implementations")
    body += f'<p class="cc-muted">{limits}, relative to the largest value of the reference.</p>'
    said = ", ".join(f"{row.ours} {'agrees' if row.agrees else 'differs'}" for row in made)
    page.show(page.card("parity", body), f"parity: {said}")


def _known(row: Mapping[str, Any]) -> dict[str, Any]:
    fields = ("ours", "reference", "what", "float32", "float64")
    if missing := [name for name in fields[:3] if name not in row]:
        raise ValueError(f"the comparison {dict(row)!r} lacks {', '.join(missing)}")
    return {name: row[name] for name in fields if name in row}


def _digits(value: float | None) -> page.Markup:
    text = "not compared" if value is None else "0" if value == 0 else f"{value:.1e}"
    return page.Markup(f'<span class="cc-number">{text}</span>')


def _verdict(row: ParityRow) -> page.Markup:
    return page.verdict(row.agrees, "agrees", "differs")
