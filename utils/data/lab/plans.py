"""The shapes of clauses: which roles there are, of how many English words, in which order each language says them."""

from collections.abc import Iterable
from functools import cache
from itertools import product
from typing import NamedTuple

# S subject, BE copula, V verb, Q what is said of the subject, O object, TO recipient; S.* and O.* are the relative
# clauses on them. The whole difference in word order between the languages stands in these three lines.
ENGLISH = "S S.who S.s S.v S.o BE ADV V Q O O.who O.s O.v O.o TO PP TIME"
FRENCH = "S S.who S.s S.v S.o BE V ADV Q O O.who O.s O.v O.o TO PP TIME"
URDU = "S S.who S.s S.o S.v TIME ADV PP TO Q O V BE O.who O.s O.o O.v"

SHORTEST, LONGEST = 3, 14  # English words of a clause
RELATIVES = (*({"who": 1, "v": 1, "o": n} for n in (0, 1, 2, 3)), *({"who": 1, "s": n, "v": 1} for n in (1, 2)))


class Plan(NamedTuple):
    """The roles of a clause with their numbers of English words, and the order of the roles in each language."""

    sizes: dict[str, int]
    roles: tuple[str, ...]
    french: tuple[int, ...]
    urdu: tuple[int, ...]


@cache
def _orders(roles: tuple[str, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The French and the Urdu order of roles that are listed in English order."""
    french, urdu = (tuple(roles.index(role) for role in order.split() if role in roles) for order in (FRENCH, URDU))
    return french, urdu


def _plan(sizes: dict[str, int]) -> Plan:
    roles = tuple(role for role in ENGLISH.split() if sizes.get(role))
    return Plan({role: sizes[role] for role in roles}, roles, *_orders(roles))


def _heads(role: str) -> list[dict[str, int]]:
    """A noun phrase in a role: of one to four words, or of two or three with a relative clause."""
    modified = product((2, 3), RELATIVES)
    return [
        *({role: n} for n in (1, 2, 3, 4)),
        *({role: n, **{f"{role}.{k}": m for k, m in rel.items()}} for n, rel in modified),
    ]


def _patterns() -> tuple[tuple[int, str, Iterable[tuple[dict[str, int], ...]]], ...]:
    """What a clause can be: weight, name, and every choice of sizes for its parts."""
    verb = [{"V": 1}, {"V": 1, "ADV": 1}, {"V": 3}, {"V": 1, "TIME": 1}, {"V": 3, "TIME": 1}]
    being = [{"BE": 1}, {"BE": 1, "ADV": 1}, {"BE": 2}, {"BE": 1, "TIME": 1}]
    named = [{"S": 1}, {"S": 2}], [{"BE": 1}, {"BE": 2}]
    place = [{"PP": n} for n in (0, 2, 3, 4, 5)]
    return (
        (3, "event", product(_heads("S"), verb, place)),
        (5, "deed", product(_heads("S"), verb, _heads("O"), place)),
        (2, "gift", product(_heads("S"), verb, [{"O": 2}, {"O": 3}], [{"TO": n} for n in (2, 3, 4)])),
        (2, "state", product(_heads("S"), being, [{"Q": 1}])),
        (1, "job", product(*named, [{"Q": 2}])),
        (1, "city", product(*named, [{"Q": n} for n in (2, 3, 4)])),
    )


@cache
def plans(words: int) -> tuple[tuple[str, tuple[Plan, ...]], ...]:
    """The patterns that a clause of so many English words can follow, each as often as its weight, with their plans."""
    return tuple(
        (name, tuple(found[words])) for weight, name, found in _by_length() if words in found for _ in range(weight)
    )


@cache
def _by_length() -> tuple[tuple[int, str, dict[int, list[Plan]]], ...]:
    grouped = []
    for weight, name, pattern in _patterns():
        found: dict[int, list[Plan]] = {}
        for parts in pattern:
            words = sum(sum(part.values()) for part in parts)
            sizes = {role: n for part in parts for role, n in part.items()}
            if SHORTEST <= words <= LONGEST and not _tangled(sizes):
                found.setdefault(words, []).append(_plan(sizes))
        grouped.append((weight, name, found))
    return tuple(grouped)


def _tangled(sizes: dict[str, int]) -> bool:
    """Whether a relative clause would swallow what follows it, or two of them meet."""
    return "O.who" in sizes and bool(sizes.get("PP") or "TIME" in sizes or "S.who" in sizes)
