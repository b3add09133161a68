"""Every word type that the grammar can write, found by writing each phrase once."""

from collections.abc import Iterator
from functools import cache
from itertools import product

from utils.data.lab import lexicon as lex
from utils.data.lab.grammar import DETERMINERS, MODIFIED
from utils.data.lab.phrases import (
    Chunk,
    Phrase,
    connector,
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
from utils.data.lab.sentence import check_language

BOTH = (False, True)


@cache
def vocabulary(language: str) -> tuple[str, ...]:
    """All word types of a language, sorted; French and Urdu forms are separate types, as are d' and de."""
    check_language(language)
    chunks = (*_phrases(), *_prepositional(), *_predicates(), *_small_words())
    return tuple(sorted({word for chunk in chunks for word in getattr(chunk, language)}))


def _cases(kind: str) -> tuple[bool, ...]:
    """The Urdu cases in which nouns of a kind can stand: direct, and oblique where a postposition can follow."""
    before_post = {kind for preposition in (*lex.PREPOSITIONS, lex.TO) for kind in preposition.kinds}
    before_post |= {kind for verb in lex.VERBS if verb.post for kind in verb.objects} | {"human", "animal"}
    return BOTH if kind in before_post else (False,)


def _nouns() -> Iterator[Phrase]:
    for noun in lex.NOUNS:
        said = [(), *((adjective,) for adjective in lex.adjectives_for(noun.kind))]
        determiners = dict.fromkeys(DETERMINERS + MODIFIED)
        for determiner, adjective, oblique in product(determiners, said, _cases(noun.kind)):
            yield noun_phrase(noun, determiner, adjective, oblique)
    for adjective in lex.adjectives_for("city"):
        yield noun_phrase(lex.CITY, lex.A, (adjective,))


def _phrases() -> Iterator[Chunk]:
    for phrase in _nouns():
        yield phrase.chunk
    for name in lex.PEOPLE + lex.SURNAMES + lex.CITIES + lex.LONG_CITIES:
        yield name_phrase(name).chunk
    for gender, plural in product("mf", BOTH):
        yield pronoun(gender, plural).chunk
    for noun, name, plural in product(lex.NOUNS, lex.PEOPLE, BOTH):
        if noun.kind != "human":
            for oblique in _cases(noun.kind):
                yield possessed(name_phrase(name), noun, plural, (), oblique).chunk


def _prepositional() -> Iterator[Chunk]:
    for preposition in (*lex.PREPOSITIONS, lex.TO):
        for noun, determiner in product(lex.NOUNS, DETERMINERS):
            if noun.kind in preposition.kinds:
                yield prepositional(preposition, noun_phrase(noun, determiner, (), True))


def _predicates() -> Iterator[Chunk]:
    for verb, plural, gender, negated in product(lex.VERBS + lex.GIVING, BOTH, "mf", BOTH):
        yield verb_chunk(verb, plural, gender, negated, bool(verb.objects))
    for plural, negated in product(BOTH, BOTH):
        yield copula(plural, negated)
    for noun in lex.NOUNS:
        for adjective, plural in product(lex.adjectives_for(noun.kind), BOTH):
            yield quality(adjective, noun.french_gender, noun.urdu_gender, plural)
    for job in lex.JOBS:
        yield job_chunk(*job)


def _small_words() -> Iterator[Chunk]:
    for word, *others in lex.ADVERBS:
        yield particle(word, "ADV", *others)
    for word, *others in lex.TIMES:
        yield particle(word, lex.TIME_TAGS[word], *others)
    for entry, vowel in product(lex.CONNECTORS, BOTH):
        yield connector(*entry, vowel)
    for human, patient, animate, plural, vowel in product(BOTH, repeat=5):
        yield relative(human, patient, animate, plural, vowel)
