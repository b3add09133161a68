"""A small world of people with homes, jobs, pets and favourite food, so that questions have right answers.

The world is English only. A fact can be stated, asked for and answered; all texts that the tasks write come from facts.
"""

import random
from dataclasses import dataclass

Words = tuple[str, ...]


def listed(text: str) -> Words:
    """The words of a text."""
    return tuple(text.split())


MEN = listed("""adam bilal boris carlos david diego emil felix hugo imran ivan jonas karim leo marco nadir omar paul
    rashid tariq yusuf""")
WOMEN = listed("""aisha amina clara dina elena fatima greta hana irene julia lina maria nadia nina olga petra rosa sara
    tara vera zara""")
HOMES = listed("athens berlin cairo delhi karachi lahore lima lisbon london madrid oslo paris rome tunis vienna")
JOBS = listed("baker doctor driver farmer guide judge lawyer nurse painter pilot singer tailor teacher waiter")
PETS = listed("cat dog donkey duck goat goose hamster horse parrot rabbit sheep turtle")
FOODS = listed("bread cake cheese dates fish honey lentils mangoes olives pasta rice soup")

RELATIONS = {  # relation: statement, question, question for the person; {n} the name, {v} the value
    "home": ("{n} lives in {v}", "where does {n} live", "who lives in {v}"),
    "job": ("{n} is a {v}", "what is the job of {n}", "who is a {v}"),
    "pet": ("{n} has a {v}", "which pet does {n} have", "who has a {v}"),
    "food": ("{n} likes {v}", "what does {n} like", "who likes {v}"),
}
VALUES = {"home": HOMES, "job": JOBS, "pet": PETS, "food": FOODS}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is true of one person: `relation` is home, job, pet or food."""

    name: str
    relation: str
    value: str

    def _fill(self, form: int) -> Words:
        return tuple(RELATIONS[self.relation][form].format(n=self.name, v=self.value).split())

    @property
    def statement(self) -> Words:
        """The fact as a sentence, without full stop."""
        return self._fill(0)

    @property
    def question(self) -> Words:
        """The question whose answer is `value`, without question mark."""
        return self._fill(1)

    @property
    def question_for_name(self) -> Words:
        """The question whose answer is `name`; it has one answer only where no other person shares the value."""
        return self._fill(2)


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the world; `gender` is "m" or "f"."""

    name: str
    gender: str
    home: str
    job: str
    pet: str
    food: str

    @property
    def pronoun(self) -> str:
        """He or she."""
        return "she" if self.gender == "f" else "he"

    def fact(self, relation: str) -> Fact:
        """The fact of one relation."""
        if relation not in RELATIONS:
            raise ValueError(f"unknown relation {relation!r}: a person has {', '.join(RELATIONS)}")
        return Fact(self.name, relation, getattr(self, relation))

    def facts(self) -> tuple[Fact, ...]:
        """All that is known of the person."""
        return tuple(self.fact(relation) for relation in RELATIONS)


def draw_people(rng: random.Random, count: int) -> tuple[Person, ...]:
    """People with different names; other values may be shared."""
    names = rng.sample(MEN + WOMEN, count)
    return tuple(
        Person(name, "f" if name in WOMEN else "m", *(rng.choice(values) for values in VALUES.values()))
        for name in names
    )


class World:
    """People drawn by a seed; the same seed is the same world.

    `people` is a tuple of `Person`; `facts` lists all facts; `answer` looks one up.
    """

    def __init__(self, seed: int = 0, size: int = 20) -> None:
        if not 1 <= size <= len(MEN + WOMEN):
            raise ValueError(f"size is {size}: a world has 1 to {len(MEN + WOMEN)} people")
        self.people = draw_people(random.Random(f"lab world {seed}"), size)
        self._by_name = {person.name: person for person in self.people}

    def facts(self) -> tuple[Fact, ...]:
        """All facts, person by person."""
        return tuple(fact for person in self.people for fact in person.facts())

    def person(self, name: str) -> Person:
        """The person of that name."""
        if name not in self._by_name:
            raise ValueError(f"nobody in this world is called {name!r}: ask `people` for the names")
        return self._by_name[name]

    def answer(self, name: str, relation: str) -> str:
        """What is true: the home, job, pet or food of a person."""
        return self.person(name).fact(relation).value

    def vocabulary(self) -> tuple[str, ...]:
        """All words with which facts are stated, asked for and answered, sorted."""
        texts = [text for f in self.facts() for text in (f.statement, f.question, f.question_for_name)]
        return tuple(sorted({word for text in texts for word in text}))
