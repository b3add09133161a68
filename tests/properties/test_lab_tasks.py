"""The world and its tasks: every answer is found again from the text alone."""

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.data import lab
from utils.data.lab.world import FOODS, HOMES, JOBS, PETS

ASKED = {  # how each question begins, and the words around the answer in the facts
    "where does {} live ?": "{} lives in",
    "what is the job of {} ?": "{} is a",
    "which pet does {} have ?": "{} has a",
    "what does {} like ?": "{} likes",
}
ASKED_FOR_NAME = {"who lives in": "lives in", "who is a": "is a", "who has a": "has a", "who likes": "likes"}

GOOD = "brilliant charming excellent fine good great lovely pleasant superb wonderful"
BAD = "awful bad boring disappointing dreadful dull mediocre poor terrible weak"


def parts(words: tuple[str, ...]) -> list[str]:
    return [sentence.strip() for sentence in " ".join(words).split(" .")]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(1, 42))
def test_the_world_is_consistent(seed, size):
    world = lab.World(seed, size)
    assert len({person.name for person in world.people}) == size
    assert len(world.facts()) == 4 * size
    for fact in world.facts():
        assert world.answer(fact.name, fact.relation) == fact.value
        assert {fact.name, fact.value} <= set(fact.statement)
        assert fact.name in fact.question
        assert fact.value not in fact.question
        assert fact.value in fact.question_for_name
    for person in world.people:
        assert person.home in HOMES
        assert person.job in JOBS
        assert person.pet in PETS
        assert person.food in FOODS
    assert lab.World(seed, size).people == world.people


def test_the_world_refuses_what_it_does_not_know():
    world = lab.World(3)
    with pytest.raises(ValueError, match="nobody in this world is called 'nobody'"):
        world.answer("nobody", "job")
    with pytest.raises(ValueError, match="unknown relation 'age'"):
        world.answer(world.people[0].name, "age")
    with pytest.raises(ValueError, match="size is 0"):
        lab.World(size=0)


def test_questions_are_answered_by_the_facts():
    kinds = defaultdict(int)
    for words, (answer,) in lab.questions(2000, 3):
        *facts, question = parts(words)
        if question.startswith("who"):
            begin = next(start for start in ASKED_FOR_NAME if question.startswith(start + " "))
            value = question.removeprefix(begin).removesuffix("?").strip()
            found = [fact.split()[0] for fact in facts if fact.endswith(f" {ASKED_FOR_NAME[begin]} {value}")]
            kinds["name"] += 1
        else:
            names = {fact.split()[0] for fact in facts}
            name, form = next((n, f) for n in names for f in ASKED if question == f.format(n))
            start = ASKED[form].format(name)
            found = [fact.split()[-1] for fact in facts if fact.startswith(start + " ") and len(fact.split()) > 2]
            kinds["value"] += 1
        assert found == [answer], words
    assert min(kinds.values()) > 600


def test_headlines_follow_from_the_story():
    for words, headline in lab.headlines(1000, 3):
        story = [sentence.split() for sentence in parts(words) if sentence]
        jobs = {s[0]: s[3] for s in story if s[1:3] == ["is", "a"]}
        (event,) = (s for s in story if "near" in s)
        at = event.index("near")
        assert headline == (jobs[event[2]], event[3], event[at - 1], "near", event[-1])
        assert len(jobs) == 2
        assert len(set(jobs.values())) == 2  # the other person's job would be wrong


def test_number_words_by_reading_them_back():
    names = {word: n for n, (word,) in ((n, lab.number_words(n)) for n in [*range(20), *range(20, 100, 10)])}
    for number in [*range(2000), *range(2000, 1_000_000, 997), 999_999]:
        total = current = 0
        for word in lab.number_words(number):
            if word == "thousand":
                total, current = current * 1000, 0
            elif word == "hundred":
                current *= 100
            else:
                current += names[word]
        assert total + current == number
    assert lab.number_words(42_107) == ("forty", "two", "thousand", "one", "hundred", "seven")
    assert lab.number_words(0) == ("zero",)


def test_spoken_numbers():
    pairs = lab.spoken_numbers(1200, 3)
    assert all(lab.number_words(int("".join(digits))) == words for digits, words in pairs)
    lengths = [len(digits) for digits, _ in pairs]
    assert all(120 < lengths.count(n) < 280 for n in range(1, 7))
    assert all(digits == ("0",) or digits[0] != "0" for digits, _ in pairs)


def test_reviews_by_a_rule_of_their_own():
    good, bad = set(GOOD.split()), set(BAD.split())

    def opinion(words: list[str]) -> int:
        assert len(good & set(words)) + len(bad & set(words)) == 1
        return int(bool(good & set(words)) != bool({"not", "never"} & set(words)))

    labels = []
    for words, label in lab.reviews(2000, 3):
        text = " ".join(words)
        if text.startswith("although"):
            decisive = text.split(" , ")[1]
        elif " but " in text:
            decisive = text.split(" but ")[1]
        else:
            decisive = text.split(" although ")[0].split(" and ")[0]
        assert opinion(decisive.split()) == label, text
        labels.append(label)
    assert 900 < sum(labels) < 1100


def test_reviews_cannot_be_told_by_their_bag_of_words():
    bags = defaultdict(set)
    for words, label in lab.reviews(40_000, 4):
        bags[tuple(sorted(words))].add(label)
    assert sum(len(labels) == 2 for labels in bags.values()) > 50


@pytest.mark.parametrize("task", [lab.headlines, lab.questions, lab.spoken_numbers, lab.reviews])
def test_tasks_keep_their_seed(task):
    assert task(30, 7) == task(30, 7)
    assert task(10, 7) == task(30, 7)[:10]
    assert task(30, 7) != task(30, 8)
    with pytest.raises(ValueError, match="count is -1"):
        task(-1)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: lab.number_words(-1), "number is -1"),
        (lambda: lab.number_words(10**6), "between 0 and 999999"),
        (lambda: lab.spoken_numbers(1, digits=(0, 3)), "digits is"),
        (lambda: lab.questions(1, people=(3, 2)), "people is"),
    ],
)
def test_wrong_use_is_told_in_one_sentence(call, says):
    with pytest.raises(ValueError, match=says):
        call()
