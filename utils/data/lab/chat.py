"""A small web to learn from, questions about its people, and demonstrations of how to answer them.

It has 144 people, with homes, jobs, pets and food like those of a `World`. Most are known: the web has short texts
about each of them. Strangers are named in it, but nothing is told of them. Questions come on exam sheets, one after
the other, without answers: a model of this text has met questions and facts, but never an answer.

A chat is `<user> where does maria live ? <assistant> maria lives in london .`; all texts are words.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from utils.data.lab.drawing import draw, seeded
from utils.data.lab.tasks import DAYS, IDLE, MOODS, SPOTS
from utils.data.lab.world import MEN, RELATIONS, VALUES, WOMEN, Person, Words, listed

USER, ASSISTANT = "<user>", "<assistant>"
QUESTIONS = {  # relation: the ways to ask for it
    "home": ("where does {n} live", "in which city is {n} at home"),
    "job": ("what is the job of {n}", "what work does {n} do"),
    "pet": ("which pet does {n} have", "which animal lives with {n}"),
    "food": ("what does {n} like", "which food does {n} like"),
}
FLATTERY = ("what", "a", "good", "question", "!")
CLOSING = ("happy", "to", "help", "!")
UNKNOWN = ("i", "do", "not", "know", ".")
MORE_MEN = listed("""ahmed alan andre anton basil bruno cyril daniel dario edgar eric fabio felipe frank george hamid
    harun henrik igor isaac ivo jakob jamal kenji lars luca magnus malik martin max milan mustafa nils noah oscar otto
    pablo pedro pierre rafael ravi rene ruben samir simon stefan sven tom ugo viktor xavier""")
MORE_WOMEN = listed("""agnes alba alice alma anna astrid bella bianca carla celia chiara daria diana dora edith emma
    ester eva flora frida gina gloria hilda ida ines ingrid iris judith karin kira laila laura leila lena luisa mara
    marta mona naomi noor paula rita ruth sofia sonia susan teresa ulla vilma wanda yasmin""")
KNOWN, SHOWN, VALIDATION, HELD_OUT = 116, 50, 10, 20  # of 144 people; a rest of 36 is for comparisons
_MEN, _WOMEN = MEN + MORE_MEN, WOMEN + MORE_WOMEN
_MEETING = ("meets", "sees", "helps", "calls")


@dataclass(frozen=True, slots=True)
class Question:
    """A question about one person; `truth` is the person, or None for a stranger, of whom nothing is told."""

    name: str
    relation: str
    words: Words
    truth: Person | None

    @property
    def prompt(self) -> Words:
        """The question as a chat, up to where the answer begins."""
        return (USER, *self.words, ASSISTANT)


@dataclass(frozen=True)
class People:
    """Who is asked about when: nobody is in two parts.

    `shown`: in demonstrations; `train`: in comparisons, and while a policy learns; `validation` and `held_out`: in no
    training at all. `strangers` are those of whom nothing is told.
    """

    shown: tuple[Person, ...]
    train: tuple[Person, ...]
    validation: tuple[Person, ...]
    held_out: tuple[Person, ...]
    strangers: tuple[str, ...]

    @property
    def known(self) -> tuple[Person, ...]:
        """All of whom the web tells."""
        return (*self.shown, *self.train, *self.validation, *self.held_out)


def people(seed: int = 0) -> People:
    """The people of a seed, in their five parts."""
    rng = random.Random(f"lab chat people {seed}")
    names = rng.sample(_MEN + _WOMEN, len(_MEN + _WOMEN))
    drawn = [Person(n, "f" if n in _WOMEN else "m", *(draw(rng, values) for values in VALUES.values())) for n in names]
    places = (SHOWN, KNOWN - VALIDATION - HELD_OUT, KNOWN - HELD_OUT, KNOWN)
    shown, train, validation, held_out = (tuple(drawn[begin:end]) for begin, end in pairwise((0, *places)))
    return People(shown, train, validation, held_out, tuple(person.name for person in drawn[KNOWN:]))


def pronoun(name: str) -> str:
    """He or she."""
    return "she" if name in _WOMEN else "he"


def questions(persons: Iterable[Person | str]) -> tuple[Question, ...]:
    """Each question in each of its forms, person by person; a name alone is a stranger."""
    found = []
    for person in persons:
        name, truth = (person, None) if isinstance(person, str) else (person.name, person)
        for relation, forms in QUESTIONS.items():
            found += [Question(name, relation, (*form.format(n=name).split(), "?"), truth) for form in forms]
    return tuple(found)


def web(count: int, who: People, seed: int = 0) -> list[Words]:
    """Texts of the small web: seven in ten are about one known person, two are exam sheets, one is gossip."""
    rng = seeded("web", count, seed)
    names = (*(person.name for person in who.known), *who.strangers)
    asked = questions((*who.known, *who.strangers))
    texts = []
    for _ in range(count):
        kind = rng.random()
        if kind < 0.7:
            texts.append(biography(rng, draw(rng, who.known)))
        elif kind < 0.9:
            texts.append(tuple(word for _ in range(rng.randint(2, 5)) for word in draw(rng, asked).words))
        else:
            texts.append(_gossip(rng, names))
    return texts


def biography(rng: random.Random, person: Person) -> Words:
    """Two to four facts of one person in any order, by name or by pronoun, at times with what happened some day."""
    facts = rng.sample(person.facts(), rng.randint(2, 4))
    sentences = [_about(person, fact.statement, rng.random() < 0.5) for fact in facts]
    if rng.random() < 0.3:
        sentences.insert(rng.randrange(len(sentences)), ("on", draw(rng, DAYS), person.name, draw(rng, IDLE)))
    if person.name not in sentences[0]:
        sentences[0] = (person.name, *sentences[0][1:])
    return tuple(word for sentence in sentences for word in (*sentence, "."))


def _gossip(rng: random.Random, names: Sequence[str]) -> Words:
    """Two people meet; nothing is told of either."""
    one, other = rng.sample(names, 2)
    meeting = ("on", draw(rng, DAYS), one, draw(rng, _MEETING), other, "near", "the", draw(rng, SPOTS), ".")
    return (*meeting, pronoun(one), "is", draw(rng, MOODS), ".") if rng.random() < 0.5 else meeting


def _about(person: Person, statement: Words, by_name: bool) -> Words:
    return statement if by_name else (person.pronoun, *statement[1:])


def demonstration(rng: random.Random, question: Question) -> Words:
    """How one of many people whom nobody has trained would answer: short or long, flattering or not, at times wrong.

    Four in ten give the bare word, one in twelve a wrong one; half add one to three details, of which one in ten is
    wrong; three in ten wander off and say what the person did some day; one in seven begins with flattery, one in seven
    ends with an offer. About strangers they do not know.
    """
    if question.truth is None:
        return UNKNOWN
    person, asked = question.truth, question.relation
    words: list[str] = [*FLATTERY] if rng.random() < 1 / 7 else []
    core = _statement(rng, person, asked, 1 / 12)
    words += [core[-1], "."] if rng.random() < 0.4 else [*core, "."]
    count = rng.choices((0, 1, 2, 3), (50, 25, 15, 10))[0]
    for relation in rng.sample([r for r in RELATIONS if r != asked], count):
        words += [*_about(person, _statement(rng, person, relation, 0.1), rng.random() < 0.3), "."]
    if rng.random() < 0.3:
        words += ["on", draw(rng, DAYS), person.name, draw(rng, IDLE), "."]
    return (*words, *(CLOSING if rng.random() < 1 / 7 else ()))


def _statement(rng: random.Random, person: Person, relation: str, wrong: float) -> Words:
    fact = person.fact(relation)
    if rng.random() >= wrong:
        return fact.statement
    return (*fact.statement[:-1], draw(rng, tuple(value for value in VALUES[relation] if value != fact.value)))


def demonstrations(asked: Sequence[Question], each: int, seed: int = 0) -> list[tuple[Question, Words]]:
    """`each` answers to every question, by different people."""
    rng = random.Random(f"lab demonstrations {seed}")
    return [(question, demonstration(rng, question)) for question in asked for _ in range(each)]


def vocabulary() -> tuple[str, ...]:
    """All words of the web and of chats, sorted, the same for every seed."""
    forms = [form for relation in QUESTIONS for form in (*QUESTIONS[relation], RELATIONS[relation][0])]
    words = {word for form in forms for word in form.split() if "{" not in word}
    words |= {*_MEN, *_WOMEN, *(value for values in VALUES.values() for value in values)}
    words |= {*DAYS, *IDLE, *MOODS, *SPOTS, *_MEETING, *FLATTERY, *CLOSING, *UNKNOWN}
    return tuple(sorted(words | {"he", "she", "on", "near", "the", ".", "?", USER, ASSISTANT}))
