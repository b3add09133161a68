"""Phrases of the lab language: a few words with one meaning, built in three languages at once.

A `Chunk` holds the English words with their tags and, for each word of the other languages, the English words that it
stands for. Sure links join words that translate each other; possible links join a word to the phrase it only helps to
build (ne ... pas, an auxiliary, a postposition); a word without links has no partner (NULL).
Everything here is a pure function of the lexicon and cached, so the grammar pays for each phrase once.
"""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from utils.data.lab.entries import Adjective, Determiner, Name, Noun, Preposition, Verb
from utils.data.lab.lexicon import THE, THE_PLURAL
from utils.data.lab.morphology import CONTRACTIONS, VOWELS, elided, english_article, urdu_inflected

COPULA = {False: ("is", "est", "ہے"), True: ("are", "sont", "ہیں")}


class Cell(NamedTuple):
    """A French or Urdu word and the English positions it is linked to."""

    word: str
    sure: tuple[int, ...] = ()
    possible: tuple[int, ...] = ()

    def shifted(self, by: int) -> "Cell":
        """The same word in a phrase whose English side starts `by` words earlier."""
        return Cell(self.word, tuple(i + by for i in self.sure), tuple(i + by for i in self.possible))


Cells = tuple[Cell, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """English words, tags and entity tags, and the cells of the other languages."""

    english: tuple[str, ...]
    tags: tuple[str, ...]
    entities: tuple[str, ...]
    french: tuple[str, ...]
    urdu: tuple[str, ...]
    french_cells: Cells
    urdu_cells: Cells


@dataclass(frozen=True, slots=True, eq=False)
class Phrase:
    """A noun phrase: its chunk, and what other words must agree with."""

    chunk: Chunk
    kind: str
    plural: bool
    french_gender: str
    urdu_gender: str
    adjectives: tuple[Adjective, ...] = ()


def make(english: list[tuple[str, str]], french: Cells, urdu: Cells, entities: tuple[str, ...] = ()) -> Chunk:
    """A chunk from (word, tag) pairs and cells."""
    words, tags = zip(*english, strict=True)
    entities = entities or ("O",) * len(words)
    return Chunk(words, tags, entities, tuple(c.word for c in french), tuple(c.word for c in urdu), french, urdu)


def french_after(word: str, cells: Cells, sure: tuple[int, ...] = (), possible: tuple[int, ...] = ()) -> Cells:
    """Put a French word before a phrase, contracting (de + le = du) or eliding (que + un = qu' un) where they meet."""
    first = cells[0]
    if (word, first.word) in CONTRACTIONS:
        return (Cell(CONTRACTIONS[word, first.word], sure + first.sure, possible + first.possible), *cells[1:])
    return (Cell(elided(word, first.word), sure, possible), *cells)


@cache
def name_phrase(name: Name) -> Phrase:
    """A person or a place by name."""
    entities = (f"B-{name.entity}", *[f"I-{name.entity}"] * (len(name.english) - 1))
    french = tuple(Cell(word, (i,)) for i, word in enumerate(name.french))
    urdu = tuple(Cell(word, (i,)) for i, word in enumerate(name.urdu))
    chunk = make([(word, "PROPN") for word in name.english], french, urdu, entities)
    return Phrase(chunk, name.entity, False, name.gender, name.gender)


@cache
def pronoun(gender: str, plural: bool) -> Phrase:
    """He, she or they."""
    english, french = {
        ("m", False): ("he", "il"),
        ("f", False): ("she", "elle"),
        ("m", True): ("they", "ils"),
        ("f", True): ("they", "elles"),
    }[gender, plural]
    chunk = make([(english, "PRON")], (Cell(french, (0,)),), (Cell("وہ", (0,)),))
    return Phrase(chunk, "PER", plural, gender, gender)


@cache
def _french_core(noun: Noun, adjectives: tuple[Adjective, ...], plural: bool, at: int) -> Cells:
    """Adjectives and noun, without article; `at` is the English position of the first of them."""
    form = 2 * plural + (noun.french_gender == "f")
    forms = [(a.before, Cell(a.french[form], (at + i,))) for i, a in enumerate(adjectives)]
    centre = Cell(noun.french[plural], (at + len(adjectives),))
    return (*(cell for before, cell in forms if before), centre, *(cell for before, cell in forms if not before))


def _french_article(determiner: Determiner, noun: Noun, following: str) -> str:
    return determiner.french[2 * (following[0] in VOWELS) + (noun.french_gender == "f")]


@cache
def _urdu_core(noun: Noun, adjectives: tuple[Adjective, ...], plural: bool, oblique: bool, at: int) -> Cells:
    gender = noun.urdu_gender
    forms = [Cell(urdu_inflected(a.urdu, gender, plural, oblique), (at + i,)) for i, a in enumerate(adjectives)]
    return (*forms, Cell(noun.urdu[2 * plural + oblique], (at + len(adjectives),)))


@cache
def noun_phrase(
    noun: Noun, determiner: Determiner, adjectives: tuple[Adjective, ...] = (), oblique: bool = False
) -> Phrase:
    """Determiner, adjectives and noun; `oblique` is the Urdu case before a postposition."""
    plural = determiner.plural
    words = [*((a.english, "ADJ") for a in adjectives), (noun.english[plural], "NOUN")]
    english = [(english_article(determiner.english, words[0][0]), determiner.tag), *words]
    french = _french_core(noun, adjectives, plural, 1)
    french = (Cell(_french_article(determiner, noun, french[0].word), (0,)), *french)
    urdu = _urdu_core(noun, adjectives, plural, oblique, 1)
    if determiner.urdu[oblique]:
        # Urdu has no article: وہ before a relative clause only leans on the
        links = ((), (0,)) if determiner.english == "the" else ((0,), ())
        urdu = (Cell(determiner.urdu[oblique], *links), *urdu)
    return Phrase(make(english, french, urdu), noun.kind, plural, noun.french_gender, noun.urdu_gender, adjectives)


@cache
def possessed(
    owner: Phrase, noun: Noun, plural: bool, adjectives: tuple[Adjective, ...] = (), oblique: bool = False
) -> Phrase:
    """The owner's noun: French puts the owner last, Urdu joins both by کا, which agrees. `owner` is in the oblique."""
    mark = len(owner.chunk.english)
    words = [*((a.english, "ADJ") for a in adjectives), (noun.english[plural], "NOUN")]
    english = [*zip(owner.chunk.english, owner.chunk.tags, strict=True), ("'s", "PART"), *words]
    core = _french_core(noun, adjectives, plural, mark + 1)
    article = Cell(_french_article(THE_PLURAL if plural else THE, noun, core[0].word), (), (mark,))
    french = (article, *core, *french_after("de", owner.chunk.french_cells, (mark,)))
    link = Cell(urdu_inflected("کا", noun.urdu_gender, plural, oblique), (mark,))
    urdu = (*owner.chunk.urdu_cells, link, *_urdu_core(noun, adjectives, plural, oblique, mark + 1))
    entities = (*owner.chunk.entities, *["O"] * (len(words) + 1))
    chunk = make(english, french, urdu, entities)
    return Phrase(chunk, noun.kind, plural, noun.french_gender, noun.urdu_gender, adjectives)


@cache
def prepositional(preposition: Preposition, phrase: Phrase) -> Chunk:
    """Preposition and noun phrase; in Urdu the phrase, in the oblique, comes first."""
    size, head, chunk = len(preposition.english), (preposition.head,), phrase.chunk
    helpers = tuple(i for i in range(size) if i != preposition.head)
    english = [
        *zip(preposition.english, preposition.tags, strict=True),
        *zip(chunk.english, chunk.tags, strict=True),
    ]
    french = tuple(cell.shifted(size) for cell in chunk.french_cells)
    *front, last = preposition.french
    french = french_after(last, french, () if front else head, head if front else helpers)
    french = (*(Cell(word, head, helpers) for word in front), *french)
    *before, last = preposition.urdu
    urdu = tuple(cell.shifted(size) for cell in chunk.urdu_cells)
    urdu += (*(Cell(word, (), head) for word in before), Cell(last, head, helpers))
    return make(english, french, urdu, ("O",) * size + chunk.entities)


@cache
def verb_chunk(verb: Verb, plural: bool, gender: str, negated: bool, marked: bool) -> Chunk:
    """A verb that agrees; `marked` puts the postposition of the object, which stands just before it in Urdu."""
    at = 2 if negated else 0
    english = [(verb.english[0] if plural or negated else verb.english[1], "VERB")]
    french: Cells = (Cell(verb.french[plural], (at,)),)
    *light, base = verb.urdu
    urdu = [Cell(verb.post or "کو", (), (at,))] if marked else []
    urdu += [Cell(word, (at,)) for word in light]
    if negated:
        english = [("do" if plural else "does", "AUX"), ("not", "PART"), *english]
        french = (Cell(elided("ne", verb.french[plural]), (), (1,)), *french, Cell("pas", (1,)))
        urdu.append(Cell("نہیں", (1,)))
    urdu += [Cell(urdu_inflected(base, gender, plural), (at,)), Cell(COPULA[plural][2], (), (at,))]
    return make(english, french, tuple(urdu))


@cache
def copula(plural: bool, negated: bool) -> Chunk:
    """Is or are, with or without not."""
    english, french, urdu = COPULA[plural]
    if not negated:
        return make([(english, "AUX")], (Cell(french, (0,)),), (Cell(urdu, (0,)),))
    parts = (Cell(elided("ne", french), (), (1,)), Cell(french, (0,)), Cell("pas", (1,)))
    return make([(english, "AUX"), ("not", "PART")], parts, (Cell("نہیں", (1,)), Cell(urdu, (0,))))


@cache
def quality(adjective: Adjective, french_gender: str, urdu_gender: str, plural: bool) -> Chunk:
    """An adjective behind is or are."""
    french = Cell(adjective.french[2 * plural + (french_gender == "f")], (0,))
    return make(
        [(adjective.english, "ADJ")], (french,), (Cell(urdu_inflected(adjective.urdu, urdu_gender, plural), (0,)),)
    )


@cache
def job_chunk(english: str, french: str, urdu: str) -> Chunk:
    """A job behind is: French and Urdu have no article there."""
    return make([("a", "DET"), (english, "NOUN")], (Cell(french, (1,)),), (Cell(urdu, (1,)),))


@cache
def particle(english: str, tag: str, french: str, urdu: str) -> Chunk:
    """An adverb: one English word, one or more in the other languages."""
    first, second = (tuple(Cell(word, (0,)) for word in side.split()) for side in (french, urdu))
    return make([(english, tag)], first, second)


@cache
def connector(english: str, tag: str, french: str, urdu: str, vowel: bool) -> Chunk:
    """A conjunction; `vowel`: the next French word begins with one."""
    *head, last = (elided(word, "a" if vowel else "b") for word in french.split())
    cells = (*(Cell(word, (0,)) for word in head), Cell(last, (), (0,)) if head else Cell(last, (0,)))
    return make([(english, tag)], cells, (Cell(urdu, (0,)),))


@cache
def relative(human: bool, patient: bool, animate: bool, plural: bool, vowel: bool) -> Chunk:
    """Who, whom or that; `patient`: the head is the object of the clause, which marks it in Urdu if it is animate."""
    english = "that" if not human else "whom" if patient else "who"
    french = "qui" if not patient else elided("que", "a" if vowel else "b")
    urdu = "جو" if not (patient and animate) else "جنہیں" if plural else "جسے"
    return make([(english, "PRON")], (Cell(french, (0,)),), (Cell(urdu, (0,)),))
