"""Small tasks with known right answers: headlines, questions, spoken numbers, reviews.

Each function draws `count` (input words, answer) pairs by a seed; the first n of more are the same n.
"""

import random

from utils.data.lab.drawing import draw, seeded
from utils.data.lab.world import Fact, Person, Words, draw_people, listed

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EVENTS = ("finds", "loses", "buys", "sells", "paints", "steals", "breaks", "hides")
THINGS = ("boat", "book", "camera", "clock", "crown", "drum", "hat", "lamp", "piano", "ring", "statue", "vase")
LOOKS = ("big", "blue", "golden", "green", "heavy", "old", "red", "small", "strange", "white")
SPOTS = ("bridge", "castle", "harbour", "hospital", "library", "market", "museum", "river", "school", "station")
MOODS = ("afraid", "calm", "happy", "proud", "surprised", "tired")
IDLE = ("sleeps", "works", "waits", "reads", "cooks", "rests")

ONES = listed("""zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen""")
TENS = listed("twenty thirty forty fifty sixty seventy eighty ninety")
LARGEST_NUMBER = 999_999

SUBJECTS = ("acting", "ending", "film", "food", "hotel", "music", "plot", "room", "service", "soup", "story", "waiter")
GOOD = ("brilliant", "charming", "excellent", "fine", "good", "great", "lovely", "pleasant", "superb", "wonderful")
BAD = ("awful", "bad", "boring", "disappointing", "dreadful", "dull", "mediocre", "poor", "terrible", "weak")
WITHOUT_NOT = ("is", "was", "is really", "was really")
WITH_NOT = ("is not", "was not", "is never", "was never")


def headlines(count: int, seed: int = 0) -> list[tuple[Words, Words]]:
    """Stories of two people, and the headline: the job of the one to whom it happens, the event, the thing, the place.

    The story tells the event by name and the job elsewhere, so the headline has to put two sentences together, and to
    leave the rest (homes, pets, moods, the other person, the looks of the thing) out.
    """
    rng = seeded("headlines", count, seed)
    return [_headline(rng) for _ in range(count)]


def _headline(rng: random.Random) -> tuple[Words, Words]:
    people = draw_people(rng, 2)
    while people[0].job == people[1].job:
        people = draw_people(rng, 2)
    hero, other = people
    event, thing, look, spot = (draw(rng, options) for options in (EVENTS, THINGS, LOOKS, SPOTS))
    facts: list[Words] = [fact.statement for person in people for fact in _some_facts(rng, person)]
    rng.shuffle(facts)
    day = draw(rng, DAYS)
    article = "an" if look[0] in "aeiou" else "a"
    deed = ("on", day, hero.name, event, article, look, thing, "near", "the", spot)
    idle = ("on", day, other.name, draw(rng, IDLE), "in", other.home)
    events: list[list[Words]] = [[deed, (hero.pronoun, "is", draw(rng, MOODS))], [idle]]
    rng.shuffle(events)
    return _text([*facts, *events[0], *events[1]]), (hero.job, event, thing, "near", spot)


def _some_facts(rng: random.Random, person: Person) -> list[Fact]:
    """The job, and one or two facts more."""
    return [person.fact("job"), *(person.fact(r) for r in rng.sample(("home", "pet", "food"), rng.randint(1, 2)))]


def _text(sentences: list[Words]) -> Words:
    return tuple(word for sentence in sentences for word in (*sentence, "."))


def questions(count: int, seed: int = 0, people: tuple[int, int] = (2, 4)) -> list[tuple[Words, Words]]:
    """Facts about some people and a question at the end; the answer is one word of the facts.

    Half of the questions ask for a value, half for the name of the only person who has it.
    """
    low, high = people
    if not 1 <= low <= high <= 12:
        raise ValueError(f"people is {people}: it must be (fewest, most) between 1 and 12")
    rng = seeded("questions", count, seed)
    return [_question(rng, rng.randint(low, high)) for _ in range(count)]


def _question(rng: random.Random, people: int) -> tuple[Words, Words]:
    facts = [fact for person in draw_people(rng, people) for fact in rng.sample(person.facts(), 2)]
    rng.shuffle(facts)
    asked = draw(rng, tuple(facts))
    shared = sum((fact.relation, fact.value) == (asked.relation, asked.value) for fact in facts) > 1
    for_name = rng.random() < 0.5 and not shared
    question = asked.question_for_name if for_name else asked.question
    answer = asked.name if for_name else asked.value
    return (*_text([fact.statement for fact in facts]), *question, "?"), (answer,)


def number_words(number: int) -> Words:
    """A number from 0 to 999,999 as one says it, without "and": 42107 is forty two thousand one hundred seven."""
    if not 0 <= number <= LARGEST_NUMBER:
        raise ValueError(f"number is {number}: it must lie between 0 and {LARGEST_NUMBER}")
    if number >= 1000:
        return (*number_words(number // 1000), "thousand", *(number_words(number % 1000) if number % 1000 else ()))
    if number >= 100:
        return (ONES[number // 100], "hundred", *(number_words(number % 100) if number % 100 else ()))
    if number >= 20:
        return (TENS[number // 10 - 2], *((ONES[number % 10],) if number % 10 else ()))
    return (ONES[number],)


def spoken_numbers(count: int, seed: int = 0, digits: tuple[int, int] = (1, 6)) -> list[tuple[Words, Words]]:
    """Numbers as digits, each digit a word, and as words; each number of digits is drawn equally often."""
    low, high = digits
    if not 1 <= low <= high <= 6:
        raise ValueError(f"digits is {digits}: it must be (fewest, most) between 1 and 6")
    rng = seeded("spoken numbers", count, seed)
    found = []
    for _ in range(count):
        size = rng.randint(low, high)
        number = rng.randrange(10 ** (size - 1) if size > 1 else 0, 10**size)
        found.append((tuple(str(number)), number_words(number)))
    return found


def reviews(count: int, seed: int = 0) -> list[tuple[Words, int]]:
    """Reviews and their sentiment, 1 for praise and 0 for blame; the same bag of words can be either.

    Not and never turn an opinion round. In "A but B" the second opinion decides, in "although A, B" too, and in
    "A although B" the first.
    """
    rng = seeded("reviews", count, seed)
    return [_review(rng, int(rng.random() < 0.5)) for _ in range(count)]


def _opinion(rng: random.Random, subject: str, label: int) -> Words:
    turned = rng.random() < 0.4
    words = GOOD if label != turned else BAD
    return ("the", subject, *draw(rng, WITH_NOT if turned else WITHOUT_NOT).split(), draw(rng, words))


def _review(rng: random.Random, label: int) -> tuple[Words, int]:
    first, second = rng.sample(SUBJECTS, 2)
    main, same, other = (_opinion(rng, s, x) for s, x in ((first, label), (second, label), (second, 1 - label)))
    forms = (
        main,
        (*main, "and", *same),
        (*other, "but", *main),
        (*other, "but", *main),
        (*main, "although", *other),
        ("although", *other, ",", *main),
    )
    return draw(rng, forms), label
