"""The lab language as a source of data: the same for a seed, of the lengths asked for, in the right scripts."""

import hashlib
import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.data import lab

OTHERS = ("french", "urdu")
PRINT_DIGEST = """
import hashlib
from utils.data import lab
drawn = [(s, sorted(s.alignment("french").sure), sorted(s.alignment("urdu").possible)) for s in lab.sentences(200, 5)]
drawn += [task(20, 5) for task in (lab.headlines, lab.questions, lab.spoken_numbers, lab.reviews)]
drawn += [lab.World(5).facts()]
print(hashlib.sha256(repr(drawn).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def drawn() -> list[lab.Sentence]:
    return lab.sentences(20_000, seed=1)


@st.composite
def ranges(draw):
    low = draw(st.integers(3, 80))
    return low, draw(st.integers(low, 80))


@settings(max_examples=60, deadline=None)
@given(words=ranges(), seed=st.integers(0, 10**6))
def test_lengths_are_as_asked_and_a_seed_is_a_promise(words, seed):
    first = lab.sentences(12, seed, words)
    assert all(words[0] <= len(s.english) <= words[1] for s in first)
    assert lab.sentences(12, seed, words) == first
    assert lab.sentences(5, seed, words) == first[:5]


@settings(max_examples=30, deadline=None)
@given(clauses=st.integers(1, 5), seed=st.integers(0, 10**6))
def test_a_fixed_number_of_clauses_has_one_conjunction_less(clauses, seed):
    for s in lab.sentences(5, seed, (3, 80), clauses):
        assert sum(tag in ("CCONJ", "SCONJ") for tag in s.tags) == clauses - 1


def test_other_seeds_draw_other_sentences():
    assert {s.english for s in lab.sentences(100, 1, (12, 40))}.isdisjoint(
        s.english for s in lab.sentences(100, 2, (12, 40))
    )


@pytest.mark.parametrize("hash_seed", ["0", "4242"])
def test_the_same_in_every_process(hash_seed):
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    run = subprocess.run([sys.executable, "-c", PRINT_DIGEST], env=environment, capture_output=True, text=True)
    here: list[str] = []
    exec(PRINT_DIGEST, {"print": here.append, "hashlib": hashlib})
    assert run.stdout.split() == here, run.stderr


def test_lengths_spread_evenly(drawn):
    lengths = [len(s.english) for s in drawn]
    counts = [lengths.count(n) for n in range(3, 41)]
    assert min(counts) > 0.75 * 20_000 / 38
    assert max(counts) < 1.25 * 20_000 / 38


def test_repetitions_are_rare_beyond_the_shortest(drawn):
    longer = [s.english for s in drawn if len(s.english) >= 7]
    assert len(set(longer)) > 0.995 * len(longer)
    shortest = [s.english for s in lab.sentences(500, words=(3, 3))]
    assert len(set(shortest)) > 400


def test_the_map_is_a_function_of_the_english_sentence():
    known: dict[tuple[str, ...], tuple] = {}
    for s in lab.sentences(20_000, 2, (3, 5)):
        assert known.setdefault(s.english, (s.french, s.urdu)) == (s.french, s.urdu)
    assert len(known) < 20_000  # some sentence was drawn twice, so something was compared


@pytest.mark.parametrize("language", lab.LANGUAGES)
def test_vocabulary_is_complete_small_and_without_excess(drawn, language):
    listed = lab.vocabulary(language)
    assert listed == tuple(sorted(set(listed)))
    assert len(listed) < 300
    assert set(listed) == {word for s in drawn for word in s.side(language)}


def test_each_language_keeps_to_its_script():
    latin = [set("".join(lab.vocabulary(language))) for language in ("english", "french")]
    urdu = set("".join(lab.vocabulary("urdu")))
    assert latin[0] <= set("abcdefghijklmnopqrstuvwxyz'")
    assert latin[1] <= set("abcdefghijklmnopqrstuvwxyz'àâçéèêëîïôœùû")
    assert urdu <= set("ءآابپتٹثجچحخدڈذرڑزژسشصضطظعغفقکگلمنںوؤہھئیے")  # no Arabic kaf, yeh or heh


@pytest.mark.parametrize("language", OTHERS)
def test_word_order_differs(language):
    crossing = 0
    for s in lab.sentences(300, 3, (7, 20)):
        pairs = sorted(s.alignment(language).sure)
        crossing += any(a < c and b > d for a, b in pairs for c, d in pairs)
    assert crossing > (100 if language == "french" else 270)


@settings(max_examples=20, deadline=None)
@given(seeds=st.tuples(st.integers(0, 99), st.integers(0, 99)), words=st.sampled_from([(3, 4), (3, 6), (3, 40)]))
def test_train_and_test_never_share_a_sentence(seeds, words):
    train = {s.english for s in lab.sentences(300, seeds[0], words, part="train")}
    test = {s.english for s in lab.sentences(300, seeds[1], words, part="test")}
    assert train.isdisjoint(test)
    assert all(lab.split(english) == "train" for english in train)


@pytest.mark.parametrize("language", OTHERS)
def test_parallel_pairs(language):
    train, test = lab.parallel(language, 200, 100, seed=4, words=(3, 8), test_words=(20, 30))
    assert (len(train), len(test)) == (200, 100)
    assert all(3 <= len(english) <= 8 for english, _ in train)
    assert all(20 <= len(english) <= 30 for english, _ in test)
    assert train[7][1] == lab.sentences(200, 4, (3, 8), part="train")[7].side(language)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: lab.sentences(1, words=(0, 5)), "3 to 80 words"),
        (lambda: lab.sentences(1, words=(2, 2)), "3 to 80 words"),
        (lambda: lab.sentences(1, words=(3, 81)), "3 to 80 words"),
        (lambda: lab.sentences(1, words=(9, 5)), "must not exceed"),
        (lambda: lab.sentences(-1), "count is -1"),
        (lambda: lab.sentences(1, clauses=0), "clauses is 0"),
        (lambda: lab.sentences(1, words=(3, 6), clauses=2), "2 clauses make 7 to 29 words"),
        (lambda: lab.sentences(1, part="dev"), "unknown part 'dev'"),
        (lambda: lab.vocabulary("german"), "unknown language 'german'"),
        (lambda: lab.parallel("german", 1, 1), "unknown language 'german'"),
        (lambda: lab.parallel("english", 1, 1), "source language"),
        (lambda: lab.sentences(1)[0].alignment("german"), "unknown language 'german'"),
        (lambda: lab.sentences(1)[0].alignment("english"), "ask for 'french' or 'urdu'"),
    ],
)
def test_wrong_use_is_told_in_one_sentence(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_the_review_sheet_says_that_nobody_has_reviewed_it():
    run = subprocess.run(
        [sys.executable, "-m", "utils.data.lab", "review", "--count", "4"], capture_output=True, text=True, check=True
    )
    assert "no native speaker has" in run.stdout
    for s in lab.sentences(4, 0, (3, 24)):
        assert all(" ".join(s.side(language)) in run.stdout for language in lab.LANGUAGES)
