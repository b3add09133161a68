"""What an entry of the lexicon is, and the short forms in which the lexicon writes its entries."""

from dataclasses import dataclass

from utils.data.lab.morphology import urdu_forms


@dataclass(frozen=True, slots=True, eq=False)
class Noun:
    """A noun: (singular, plural) in English and French; (singular, oblique, plural, oblique plural) in Urdu."""

    kind: str
    english: tuple[str, str]
    french: tuple[str, str]
    french_gender: str
    urdu: tuple[str, str, str, str]
    urdu_gender: str


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """The name of a person (entity PER) or of a place (LOC), of one word or two."""

    entity: str
    gender: str
    english: tuple[str, ...]
    french: tuple[str, ...]
    urdu: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Adjective:
    """French forms: m, f, m plural, f plural. Urdu inflects what ends in alif. `before`: French puts it first."""

    english: str
    french: tuple[str, str, str, str]
    urdu: str
    before: bool
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Verb:
    """Third person, present. `post` is the Urdu postposition of the object; without one, animate objects take کو."""

    english: tuple[str, str]
    french: tuple[str, str]
    urdu: tuple[str, ...]
    subjects: tuple[str, ...]
    objects: tuple[str, ...] = ()
    post: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Determiner:
    """French forms are m, f, m before a vowel, f before a vowel; Urdu forms are direct and oblique ("" for none)."""

    english: str
    tag: str
    plural: bool
    french: tuple[str, str, str, str]
    urdu: tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Preposition:
    """`kinds` are those of the nouns that may follow, PER and LOC standing for names; `head`: the English head word."""

    english: tuple[str, ...]
    tags: tuple[str, ...]
    french: tuple[str, ...]
    urdu: tuple[str, ...]
    kinds: tuple[str, ...]
    head: int = 0


def _two(text: str) -> tuple[str, str]:
    first, second = text.split()
    return first, second


def nouns(kind: str, *rows: tuple[str, str, str, str, str]) -> tuple[Noun, ...]:
    """Nouns of one kind from rows of English, French, French gender, Urdu, Urdu gender."""
    return tuple(
        Noun(kind, _two(english), _two(french), gender, urdu_forms(urdu, other), other)
        for english, french, gender, urdu, other in rows
    )


def names(entity: str, gender: str, *rows: tuple[str, str, str]) -> tuple[Name, ...]:
    """Names from rows of English, French, Urdu."""
    return tuple(Name(entity, gender, tuple(en.split()), tuple(fr.split()), tuple(ur.split())) for en, fr, ur in rows)


def verb(english: str, french: str, urdu: str, subjects: str, objects: str = "", post: str = "") -> Verb:
    """A verb from strings of its forms; the kinds of subjects and objects are lists in a string too."""
    return Verb(_two(english), _two(french), tuple(urdu.split()), tuple(subjects.split()), tuple(objects.split()), post)


def adjective(english: str, french: str, urdu: str, kinds: str, before: bool = False) -> Adjective:
    """An adjective; `kinds` names the nouns it may stand with."""
    m, f, ms, fs = french.split()
    return Adjective(english, (m, f, ms, fs), urdu, before, tuple(kinds.split()))
