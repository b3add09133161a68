"""Which sentences the lab's grammar can write: a judge that knows the truth, for texts that a model has written.

The grammar is the one of `utils.data.lab.grammar`, read instead of drawn: each method takes the place where a phrase
begins and returns the places where it can end. It knows agreement (*the cats sleep*), the choice of *a* and *an*, and
sense (*a cat* eats, *a box* does not). A pseudoword is right where either of its words is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from utils.data.lab import lexicon as lex
from utils.data.lab.entries import Name, Verb
from utils.data.lab.plans import LONGEST, SHORTEST
from utils.experiments.lab_pretraining_twins import MERGED

Ends = frozenset[int]
KINDS = tuple(dict.fromkeys(noun.kind for noun in lex.NOUNS))
NUMBERS = (False, True)  # singular, plural
FREQUENCIES = frozenset(english for english, *_ in lex.ADVERBS)
TIMES = frozenset(english for english, *_ in lex.TIMES)
CONNECTORS = frozenset(english for english, *_ in lex.CONNECTORS)
JOBS = frozenset(english for english, *_ in lex.JOBS)
PERSONS = lex.PEOPLE + lex.FULL_NAMES


def grammatical(words: Sequence[str]) -> bool:
    """Whether the grammar can write this sentence: clauses of 3 to 14 words, joined by conjunctions."""
    clauses: list[list[str]] = [[]]
    for word in words:
        if word in CONNECTORS:
            clauses.append([])
        else:
            clauses[-1].append(word)
    return all(
        SHORTEST <= len(clause) <= LONGEST and Reader(clause, number > 0).is_clause()
        for number, clause in enumerate(clauses)
    )


@cache
def _nouns(kind: str, plural: bool) -> frozenset[str]:
    found = {noun.english[plural] for noun in (lex.CITY, *lex.NOUNS) if noun.kind == kind}
    return frozenset(found | {MERGED.get(word, word) for word in found})


@cache
def _adjectives(kind: str, before: bool | None = None) -> frozenset[str]:
    return frozenset(adjective.english for adjective in lex.adjectives_for(kind, before))


def _union(ends: Iterable[Ends]) -> Ends:
    return frozenset().union(*ends)


class Reader:
    """One clause; `later`: a clause stands before it, so that it may begin with a pronoun."""

    def __init__(self, words: Sequence[str], later: bool = False):
        self.words, self.later = [*words, ""], later  # no word behind the last
        self._known: dict[tuple[Ends, str, bool], Ends] = {}

    def is_clause(self) -> bool:
        """Whether all words are one clause."""
        return len(self.words) - 1 in (_union(self._deeds(p) | self._states(p) for p in NUMBERS) | self._labels())

    def _one(self, starts: Ends, options: Iterable[str]) -> Ends:
        """Behind one word of the options."""
        return frozenset(i + 1 for i in starts if i < len(self.words) and self.words[i] in options)

    def _all(self, starts: Ends, text: Iterable[str]) -> Ends:
        """Behind these words, one after the other."""
        for word in text:
            starts = self._one(starts, (word,))
        return starts

    def _names(self, starts: Ends, names: Iterable[Name]) -> Ends:
        return _union(self._all(starts, name.english) for name in names)

    def _core(self, starts: Ends, kind: str, plural: bool, adjectives: int = 2) -> Ends:
        """Up to so many adjectives and a noun; of two, the first is one that French puts before the noun."""
        ready = starts | (self._one(starts, _adjectives(kind)) if adjectives else frozenset())
        if adjectives == 2:
            ready |= self._one(self._one(starts, _adjectives(kind, True)), _adjectives(kind, False))
        return self._one(ready, _nouns(kind, plural))

    def _article(self, starts: Ends, determiners: Iterable[str]) -> Ends:
        """Behind a determiner; a and an stand as the next word begins."""
        fitting = (i for i in self._one(starts, determiners) if self.words[i] != "")
        return frozenset(
            i
            for i in fitting
            if self.words[i - 1] not in ("a", "an") or (self.words[i - 1] == "an") == (self.words[i][0] in "aeio")
        )

    def _phrase(self, starts: Ends, kinds: Iterable[str], plural: bool) -> Ends:
        """A noun phrase of one of these kinds."""
        for kind in kinds:
            if (starts, kind, plural) not in self._known:  # many verbs ask for the same
                self._known[starts, kind, plural] = self._of_kind(starts, kind, plural)
        return _union(self._known[starts, kind, plural] for kind in kinds)

    def _of_kind(self, starts: Ends, kind: str, plural: bool) -> Ends:
        """A noun phrase of one kind; people go by name too, and things can have an owner."""
        determiners = ("the", "these", "some", "two", "three") if plural else ("the", "this", "every", "a", "an")
        found = self._core(self._article(starts, determiners), kind, plural)
        if kind == "human":
            return found if plural else found | self._names(starts, PERSONS)
        owner = self._names(starts, lex.PEOPLE) | self._one(self._one(starts, ("the",)), _nouns("human", False))
        return found | self._core(self._one(owner, ("'s",)), kind, plural, 1)

    def _either(self, starts: Ends, kinds: Iterable[str]) -> Ends:
        return _union(self._phrase(starts, kinds, plural) for plural in NUMBERS)

    def _headed(self, starts: Ends, kinds: Iterable[str], plural: bool) -> Ends:
        """A noun phrase, alone or with a relative clause."""
        found = self._phrase(starts, kinds, plural)
        heads = self._article(starts, ("the", "two") if plural else ("the", "every", "a", "an"))
        return found | _union(self._relative(self._core(heads, k, plural, 1), k, plural) for k in kinds)

    def _relative(self, starts: Ends, kind: str, plural: bool) -> Ends:
        """A relative clause on a noun of this kind and number."""
        if not starts:
            return starts
        who, whom = ("who", "whom") if kind == "human" else ("that", "that")
        found, behind = frozenset[int](), self._one(starts, (who,))
        for verb in (*lex.verbs_of(kind), *lex.verbs_of(kind, "any")):
            does = self._one(behind, (verb.english[not plural],))
            found |= self._either(does, verb.objects) if verb.objects else does
        for number in NUMBERS:
            inner = self._phrase(self._one(starts, (whom,)), ("human",), number)
            found |= self._one(inner, {verb.english[not number] for verb in lex.verbs_upon(kind)})
        return found

    def _subject(self, kinds: Iterable[str], plural: bool) -> Ends:
        starts = frozenset([0])
        pronouns = ("they",) if plural else ("he", "she")
        named = self._one(starts, pronouns) if self.later and "human" in kinds else frozenset()
        return named | self._headed(starts, kinds, plural)

    def _verb(self, starts: Ends, verb: Verb, plural: bool) -> Ends:
        """A verb that agrees, perhaps with an adverb before it; or not."""
        plain = self._one(starts | self._one(starts, FREQUENCIES), (verb.english[not plural],))
        return plain | self._all(starts, ("do" if plural else "does", "not", verb.english[0]))

    def _deeds(self, plural: bool) -> Ends:
        """Somebody does something, to something, for somebody, somewhere."""
        found = frozenset[int]()
        subjects = {verb.subjects: self._subject(verb.subjects, plural) for verb in lex.VERBS}
        for verb in (*lex.VERBS, *lex.GIVING):
            done = self._verb(subjects[verb.subjects], verb, plural)
            if not done:
                continue
            if verb in lex.GIVING:
                found |= self._either(self._one(self._either(done, verb.objects), ("to",)), ("human",))
                continue
            if verb.objects:
                done = _union(self._headed(done, verb.objects, number) for number in NUMBERS)
            found |= done | self._place(done)
        return found | self._one(found, TIMES)

    def _place(self, starts: Ends) -> Ends:
        found = frozenset[int]()
        for preposition in lex.PREPOSITIONS:
            behind = self._all(starts, preposition.english)
            found |= self._either(behind, [kind for kind in preposition.kinds if kind.islower()])
            found |= self._names(behind, lex.CITIES + lex.LONG_CITIES if "LOC" in preposition.kinds else ())
        return found

    def _is(self, starts: Ends, plural: bool) -> Ends:
        said = self._one(starts, ("are" if plural else "is",))
        return said | self._one(said, ("not",))

    def _states(self, plural: bool) -> Ends:
        """Somebody or something has a quality."""
        found = frozenset[int]()
        for kind in KINDS:
            said = self._is(self._subject((kind,), plural), plural)
            found |= self._one(said | self._one(said, FREQUENCIES), _adjectives(kind))
        return found | self._one(found, TIMES)

    def _labels(self) -> Ends:
        """Somebody has a job; a place is a city of some kind."""
        starts = frozenset([0])
        person = self._is(self._names(starts, PERSONS), False)
        city = self._is(self._names(starts, lex.CITIES + lex.LONG_CITIES), False)
        return self._one(self._one(person, ("a",)), JOBS) | self._core(self._article(city, ("a", "an")), "city", False)
