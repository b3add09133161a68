"""The synchronous grammar: one derivation writes English, French and Urdu, and knows which word came from which.

A clause is a set of roles filled with phrases. What differs between the languages is the order of the roles (`plans`)
and the agreement inside the phrases (`phrases`). Each clause is drawn to have an exact number of English words.
Left out on purpose: punctuation, capitals, the past tense, and every construction that would need an exception.
"""

import random
from functools import cache

from utils.data.lab import lexicon as lex
from utils.data.lab.drawing import draw
from utils.data.lab.entries import Adjective, Determiner, Name, Preposition, Verb
from utils.data.lab.morphology import VOWELS
from utils.data.lab.phrases import (
    Chunk,
    Phrase,
    copula,
    job_chunk,
    name_phrase,
    noun_phrase,
    particle,
    possessed,
    prepositional,
    pronoun,
    quality,
    relative,
    verb_chunk,
)
from utils.data.lab.plans import Plan, plans

DETERMINERS: tuple[Determiner, ...] = (lex.THE,) * 4 + (lex.THE_PLURAL,) * 3 + (lex.A,) * 3
DETERMINERS += (lex.THIS, lex.THESE, lex.EVERY, lex.SOME, lex.TWO, lex.THREE)
DEFINITE = (lex.THE, lex.THE, lex.THE_PLURAL, lex.THIS, lex.THESE)  # what French lets stand after ne ... pas unchanged
MODIFIED = (lex.THE_WHO, lex.THE_WHO, lex.THE_WHO_PLURAL, lex.A, lex.EVERY, lex.TWO)
MODIFIED_DEFINITE = MODIFIED[:3]

KINDS = ("human", "human", *dict.fromkeys(noun.kind for noun in lex.NOUNS))
DEEDS = {  # the verbs of three patterns
    "event": tuple(verb for verb in lex.VERBS if not verb.objects),
    "deed": tuple(verb for verb in lex.VERBS if verb.objects),
    "gift": lex.GIVING,
}

Parts = dict[str, Chunk]


def _adjectives(rng: random.Random, kind: str, count: int) -> tuple[Adjective, ...]:
    if count == 2:
        return draw(rng, lex.adjectives_for(kind, True)), draw(rng, lex.adjectives_for(kind, False))
    return (draw(rng, lex.adjectives_for(kind)),) if count else ()


def phrase(
    rng: random.Random,
    words: int,
    kinds: tuple[str, ...],
    determiners: tuple[Determiner, ...] = DETERMINERS,
    oblique: bool = False,
    apart: Phrase | None = None,
) -> Phrase:
    """A noun phrase of one to four English words; one word is the name of a person, another one than `apart`."""
    modified = determiners[0] is lex.THE_WHO
    if words == 1 or (words == 2 and not modified and "human" in kinds and rng.random() < 0.15):
        found = name_phrase(draw(rng, lex.PEOPLE if words == 1 else lex.FULL_NAMES))
        return found if found is not apart else phrase(rng, words, kinds, determiners, oblique, apart)
    noun = draw(rng, lex.nouns_of(kinds))
    if words < 3 or modified or noun.kind == "human" or rng.random() < 0.6:
        return noun_phrase(noun, draw(rng, determiners), _adjectives(rng, noun.kind, words - 2), oblique)
    plural = rng.random() < 0.4
    if words == 4 and rng.random() < 0.5:
        owner = noun_phrase(draw(rng, lex.nouns_of(("human",))), lex.THE, (), True)
        return possessed(owner, noun, plural, (), oblique)
    owner = name_phrase(draw(rng, lex.PEOPLE))
    return possessed(owner, noun, plural, _adjectives(rng, noun.kind, words - 3), oblique)


@cache
def _prepositions(words: int) -> tuple[tuple[Preposition, tuple[Name, ...], tuple[str, ...]], ...]:
    """What can open a prepositional phrase of so many words: preposition, names and kinds of nouns that can follow."""
    options: list[tuple[Preposition, tuple[Name, ...], tuple[str, ...]]] = []
    for preposition in lex.PREPOSITIONS:
        rest = words - len(preposition.english)
        listed = {("LOC", 1): lex.CITIES, ("PER", 1): lex.PEOPLE, ("LOC", 2): lex.LONG_CITIES}
        names = tuple(name for kind in preposition.kinds for name in listed.get((kind, rest), ()))
        common = tuple(kind for kind in preposition.kinds if kind.islower())
        if names and (rest == 1 or not common):
            options.append((preposition, names, ()))
        elif common and 2 <= rest <= 4:
            options.append((preposition, (), common))
    return tuple(options)


def _place(rng: random.Random, words: int, subject: Phrase) -> Chunk:
    """A prepositional phrase of two to five English words; nobody does anything with himself."""
    preposition, names, kinds = draw(rng, _prepositions(words))
    if names:
        found = name_phrase(draw(rng, names))
        return prepositional(preposition, found) if found is not subject else _place(rng, words, subject)
    rest = words - len(preposition.english)
    return prepositional(preposition, phrase(rng, rest, kinds, oblique=True))


def _relative(rng: random.Random, role: str, head: Phrase, plan: Plan, parts: Parts) -> None:
    """Fill the relative clause on the noun in `role`."""
    human = head.kind == "human"
    if f"{role}.s" in plan.sizes:
        verb = draw(rng, lex.verbs_upon(head.kind))
        inner = phrase(rng, plan.sizes[f"{role}.s"], ("human",))
        vowel = inner.chunk.french[0][0] in VOWELS
        parts[f"{role}.s"] = inner.chunk
        parts[f"{role}.who"] = relative(human, True, human or head.kind == "animal", head.plural, vowel)
        parts[f"{role}.v"] = verb_chunk(verb, inner.plural, inner.urdu_gender, False, False)
        return
    size = plan.sizes.get(f"{role}.o", 0)
    verb = draw(rng, lex.verbs_of(head.kind, "animate" if size == 1 else "any" if size else ""))
    parts[f"{role}.who"] = relative(human, False, True, head.plural, False)
    marked = False
    if size:
        parts[f"{role}.o"], marked = _object(rng, size, verb, DETERMINERS)[1:]
    parts[f"{role}.v"] = verb_chunk(verb, head.plural, head.urdu_gender, False, marked)


def _object(
    rng: random.Random,
    words: int,
    verb: Verb,
    determiners: tuple[Determiner, ...],
    animate: bool = False,
    apart: Phrase | None = None,
) -> tuple[Phrase, Chunk, bool]:
    """An object, its chunk, and whether Urdu marks it by a postposition (and so puts it into the oblique)."""
    kinds = tuple(kind for kind in verb.objects if not animate or kind in ("human", "animal"))
    if words > 1:
        kinds = (draw(rng, kinds),)
    marked = bool(verb.post) or kinds[0] in ("human", "animal")
    found = phrase(rng, words, kinds, determiners, marked, apart)
    return found, found.chunk, marked


def _determiners(modified: bool, negated: bool) -> tuple[Determiner, ...]:
    if modified:
        return MODIFIED_DEFINITE if negated else MODIFIED
    return DEFINITE if negated else DETERMINERS


def _subject(rng: random.Random, plan: Plan, kinds: tuple[str, ...], before: Phrase | None, negated: bool) -> Phrase:
    """A subject; one word may be a pronoun for the person or people before."""
    if plan.sizes["S"] == 1 and before and before.kind in ("human", "PER") and rng.random() < 0.5:
        return pronoun(before.urdu_gender, before.plural)
    determiners = _determiners("S.who" in plan.sizes, negated)
    return phrase(rng, plan.sizes["S"], kinds, determiners)


def _deed(rng: random.Random, plan: Plan, before: Phrase | None, options: tuple[Verb, ...]) -> tuple[Parts, Phrase]:
    """Somebody does something: with an object and a recipient, or without."""
    sizes = plan.sizes
    animate = sizes.get("O") == 1 or ("O.who" in sizes and "O.s" not in sizes)
    verb = draw(rng, tuple(v for v in options if "human" in v.objects) if animate else options)
    negated = sizes["V"] == 3
    subject = _subject(rng, plan, verb.subjects, before, negated)
    parts = {"S": subject.chunk}
    marked = False
    if "O" in sizes:
        determiners = _determiners("O.who" in sizes, negated)
        found, parts["O"], marked = _object(rng, sizes["O"], verb, determiners, animate, subject)
        if "O.who" in sizes:
            _relative(rng, "O", found, plan, parts)
    if "TO" in sizes:
        recipient = phrase(rng, sizes["TO"] - 1, ("human",), oblique=True, apart=subject)
        parts["TO"] = prepositional(lex.TO, recipient)
    if "PP" in sizes:
        parts["PP"] = _place(rng, sizes["PP"], subject)
    parts["V"] = verb_chunk(verb, subject.plural, subject.urdu_gender, negated, marked)
    return parts, subject


def _state(rng: random.Random, plan: Plan, before: Phrase | None) -> tuple[Parts, Phrase]:
    """Somebody or something has a quality."""
    kind = draw(rng, KINDS)
    if plan.sizes["S"] == 1 or ("S.who" in plan.sizes and "S.s" not in plan.sizes):
        kind = "human"
    subject = _subject(rng, plan, (kind,), before, plan.sizes["BE"] == 2)
    options = lex.adjectives_for("human" if subject.kind == "PER" else subject.kind)
    said = draw(rng, tuple(a for a in options if a not in subject.adjectives))
    chunk = quality(said, subject.french_gender, subject.urdu_gender, subject.plural)
    return {"S": subject.chunk, "Q": chunk, "BE": copula(subject.plural, plan.sizes["BE"] == 2)}, subject


def _job(rng: random.Random, plan: Plan, before: Phrase | None) -> tuple[Parts, Phrase]:
    """Somebody, by name, has a job."""
    subject = name_phrase(draw(rng, lex.PEOPLE if plan.sizes["S"] == 1 else lex.FULL_NAMES))
    return {
        "S": subject.chunk,
        "Q": job_chunk(*draw(rng, lex.JOBS)),
        "BE": copula(False, plan.sizes["BE"] == 2),
    }, subject


def _city(rng: random.Random, plan: Plan, before: Phrase | None) -> tuple[Parts, Phrase]:
    """A place, by name, is a city of some kind."""
    subject = name_phrase(draw(rng, lex.CITIES if plan.sizes["S"] == 1 else lex.LONG_CITIES))
    city = noun_phrase(lex.CITY, lex.A, _adjectives(rng, "city", plan.sizes["Q"] - 2))
    return {"S": subject.chunk, "Q": city.chunk, "BE": copula(False, plan.sizes["BE"] == 2)}, subject


BEING = {"state": _state, "job": _job, "city": _city}


def clause(rng: random.Random, words: int, before: Phrase | None = None) -> tuple[list[Chunk], Plan, Phrase]:
    """A clause of exactly so many English words, 3 to 14.

    Returns its chunks in English order, the plan (which orders them in the other languages) and the subject.
    `before` is the subject of the clause before, which a pronoun may take up.
    """
    pattern, options = draw(rng, plans(words))
    plan = draw(rng, options)
    if pattern in DEEDS:
        parts, subject = _deed(rng, plan, before, DEEDS[pattern])
    else:
        parts, subject = BEING[pattern](rng, plan, before)
    if "S.who" in plan.sizes:
        _relative(rng, "S", subject, plan, parts)
    if "ADV" in plan.sizes:
        adverb, *others = draw(rng, lex.ADVERBS)
        parts["ADV"] = particle(adverb, "ADV", *others)
    if "TIME" in plan.sizes:
        time, *others = draw(rng, lex.TIMES)
        parts["TIME"] = particle(time, lex.TIME_TAGS[time], *others)
    return [parts[role] for role in plan.roles], plan, subject
