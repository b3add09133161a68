"""The truth that comes with the lab language: alignments, agreement, tags, entities; checked on the words themselves.

The checks read the sentences from outside: they look words up in the lexicon and never ask the grammar what it meant.
"""

import re
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.data import lab
from utils.data.lab import lexicon as lex

NOUNS = {form: (noun, bool(plural)) for noun in (*lex.NOUNS, lex.CITY) for plural, form in enumerate(noun.english)}
ADJECTIVES = {a.english: a for a in lex.ADJECTIVES}
VERBS = {form: verb for verb in lex.VERBS + lex.GIVING for form in verb.english}
JOBS = {english: (french, urdu) for english, french, urdu in lex.JOBS}
FRENCH_NOUNS = defaultdict(set)
for one in (*lex.NOUNS, lex.CITY):
    for number, word in enumerate(one.french):
        FRENCH_NOUNS[word].add((one.french_gender, bool(number)))
FRENCH_ADJECTIVES = defaultdict(set)
for quality in lex.ADJECTIVES:
    for index, word in enumerate(quality.french):
        FRENCH_ADJECTIVES[word].add(("mf"[index % 2], index > 1))
FRENCH_FIRST = {form for a in lex.ADJECTIVES if a.before for form in a.french}
ARTICLES = {  # French word: genders and number that may follow, and whether a vowel must follow (None: either)
    "le": ("m", False, False), "la": ("f", False, False), "l'": ("mf", False, True), "un": ("m", False, None),
    "une": ("f", False, None), "ce": ("m", False, False), "cet": ("m", False, True), "cette": ("f", False, None),
    "chaque": ("mf", False, None), "au": ("m", False, False), "du": ("m", False, False), "les": ("mf", True, None),
    "ces": ("mf", True, None), "deux": ("mf", True, None), "trois": ("mf", True, None),
    "quelques": ("mf", True, None), "aux": ("mf", True, None), "des": ("mf", True, None),
}  # fmt: skip
POSTPOSITIONS = {"کو", "سے", "میں", "کا", "کی", "کے"}
UNIVERSAL = {"ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "NOUN", "NUM", "PART", "PRON", "PROPN", "SCONJ", "VERB"}


@pytest.fixture(scope="module")
def drawn() -> list[lab.Sentence]:
    return lab.sentences(4000, seed=11)


def starts_with_vowel(word: str) -> bool:
    return word[0] in "aeiouéèêâîôœh"


def partners(sentence: lab.Sentence, language: str) -> dict[int, list[int]]:
    found = defaultdict(list)
    for i, j in sorted(sentence.alignment(language).sure):
        found[i].append(j)
    return found


def urdu_form(word: str, gender: str, plural: bool, oblique: bool) -> str:
    """What an inflecting word must look like, from the grammar book."""
    if not word.endswith("ا"):
        return word
    return word[:-1] + {"f": "ی", "m": "ے" if plural or oblique else "ا"}[gender]


@pytest.mark.parametrize(
    ("noun", "forms"),
    [
        ("boy", "لڑکا لڑکے لڑکے لڑکوں"),
        ("girl", "لڑکی لڑکی لڑکیاں لڑکیوں"),
        ("woman", "عورت عورت عورتیں عورتوں"),
        ("man", "آدمی آدمی آدمی آدمیوں"),
        ("king", "بادشاہ بادشاہ بادشاہ بادشاہوں"),
        ("bird", "پرندہ پرندے پرندے پرندوں"),
        ("room", "کمرہ کمرے کمرے کمروں"),
        ("house", "گھر گھر گھر گھروں"),
        ("book", "کتاب کتاب کتابیں کتابوں"),
        ("goat", "بکری بکری بکریاں بکریوں"),
    ],
)
def test_urdu_nouns_inflect_as_in_the_grammar_book(noun, forms):
    assert NOUNS[noun][0].urdu == tuple(forms.split())


@settings(max_examples=60, deadline=None)
@given(words=st.integers(3, 80), seed=st.integers(0, 10**6), language=st.sampled_from(["french", "urdu"]))
def test_alignments_are_well_formed(words, seed, language):
    for s in lab.sentences(3, seed, (words, words)):
        sure, possible = s.alignment(language)
        assert sure
        assert sure <= possible
        assert all(0 <= i < len(s.english) and 0 <= j < len(s.side(language)) for i, j in possible)
        assert len({j for _, j in possible}) == len(s.side(language))  # each foreign word is there for some reason


def test_content_words_are_aligned_with_their_own_lemma(drawn):
    for s in drawn:
        french, urdu = partners(s, "french"), partners(s, "urdu")
        for i, (word, tag) in enumerate(zip(s.english, s.tags, strict=True)):
            if tag not in ("NOUN", "ADJ", "VERB") or word in ("front", "today"):
                continue
            other = tuple({side[j] for j in links[i]} for side, links in ((s.french, french), (s.urdu, urdu)))
            if tag == "VERB":
                verb = VERBS[word]
                *light, base = verb.urdu
                forms = {urdu_form(base, g, p, False) for g in "mf" for p in (False, True)}
                allowed = (set(verb.french), set(light) | forms)
                assert set(light) <= other[1]
            elif tag == "ADJ":
                adjective = ADJECTIVES[word]
                forms = {urdu_form(adjective.urdu, g, p, False) for g in "mf" for p in (False, True)}
                allowed = (set(adjective.french), forms)
            elif word in JOBS:
                allowed = tuple({form} for form in JOBS[word])
            else:
                noun, plural = NOUNS[word]
                allowed = ({noun.french[plural]}, set(noun.urdu[2 * plural : 2 * plural + 2]))
            assert all(found and found <= good for found, good in zip(other, allowed, strict=True)), (s, word)


def test_names_are_aligned_word_by_word(drawn):
    known = {(a, b, c) for n in lex.PEOPLE + lex.CITIES for a, b, c in zip(n.english, n.french, n.urdu, strict=True)}
    known |= {(n.english[0], n.french[0], n.urdu[0]) for n in lex.SURNAMES}
    known |= {t for n in lex.LONG_CITIES for t in zip(n.english, n.french, n.urdu, strict=True)}
    for s in drawn:
        french, urdu = partners(s, "french"), partners(s, "urdu")
        for i, tag in enumerate(s.tags):
            if tag == "PROPN":
                (j,), (k,) = french[i], urdu[i]
                assert (s.english[i], s.french[j], s.urdu[k]) in known


def test_words_without_partner_are_those_that_should_be(drawn):
    lonely = defaultdict(set)
    for s in drawn:
        for language in ("french", "urdu"):
            linked = {i for i, _ in s.alignment(language).possible}
            lonely[language] |= {word for i, word in enumerate(s.english) if i not in linked}
    assert lonely == {"french": {"a", "do", "does"}, "urdu": {"the", "a", "do", "does"}}


def test_french_articles_and_adjectives_agree_with_the_noun(drawn):
    checked = 0
    for s in drawn:
        for at, word in enumerate(s.french):
            if word not in ARTICLES:
                continue
            genders, plural, vowel = ARTICLES[word]
            assert vowel is None or starts_with_vowel(s.french[at + 1]) == vowel, s.french
            noun = at + 1
            while s.french[noun] in FRENCH_FIRST:
                noun += 1
            readings = {(g, p) for g, p in FRENCH_NOUNS[s.french[noun]] if g in genders and p == plural}
            for before in s.french[at + 1 : noun]:
                readings &= FRENCH_ADJECTIVES[before]
            if noun + 1 < len(s.french) and s.french[noun + 1] in FRENCH_ADJECTIVES:
                readings &= FRENCH_ADJECTIVES[s.french[noun + 1]]
            assert readings, (s.french, word)
            checked += 1
    assert checked > 10_000


def test_french_elides_and_contracts(drawn):
    for s in drawn:
        for word, following in zip(s.french, s.french[1:], strict=False):
            if word in ("de", "que", "ne", "le", "la", "d'", "qu'", "n'", "l'"):
                assert word.endswith("'") == starts_with_vowel(following), s.french
            assert (word, following) not in {("de", "le"), ("de", "les"), ("à", "le"), ("à", "les")}


def test_french_negation_never_meets_an_indefinite_object(drawn):
    for s in drawn:
        text = " ".join(s.french)
        assert not re.search(r"(?<!est )(?<!sont )\bpas (un|une|deux|trois|quelques|chaque)\b", text), text


def test_english_subject_and_verb_agree_and_so_do_articles():
    base, third = ({verb.english[k] for verb in lex.VERBS + lex.GIVING} for k in (0, 1))
    for s in lab.sentences(3000, 12, (3, 9), clauses=1):
        for word, following in zip(s.english, s.english[1:], strict=False):
            if word in ("a", "an"):
                assert (word == "an") == (following[0] in "aeiou"), s.english
        if s.tags[0] in ("DET", "NUM") and "PRON" not in s.tags and "PART" not in s.tags:
            first = s.tags.index("NOUN")
            plural = NOUNS[s.english[first]][1]
            verb = next(w for w, t in zip(s.english, s.tags, strict=True) if t in ("VERB", "AUX"))
            assert verb in (base | {"are"} if plural else third | {"is"}), s.english
            french = partners(s, "french")[s.english.index(verb)]
            forms = [v.french for v in lex.VERBS + lex.GIVING if verb in v.english] or [("est", "sont")]
            assert s.french[french[0]] == forms[0][plural]


def test_urdu_case_and_agreement_inside_the_noun_phrase(drawn):
    checked = 0
    for s in drawn:
        links = partners(s, "urdu")
        for i, (word, tag) in enumerate(zip(s.english, s.tags, strict=True)):
            if tag != "NOUN" or word not in NOUNS:
                continue
            noun, plural = NOUNS[word]
            (j,) = links[i]
            oblique = j + 1 < len(s.urdu) and s.urdu[j + 1] in POSTPOSITIONS
            assert s.urdu[j] == noun.urdu[2 * plural + oblique], (s.urdu, word)
            before = i - 1
            while before >= 0 and s.tags[before] == "ADJ":
                (k,) = links[before]
                form = urdu_form(ADJECTIVES[s.english[before]].urdu, noun.urdu_gender, plural, oblique)
                assert s.urdu[k] == form, (s.urdu, form)
                before -= 1
            if before >= 0 and s.english[before] == "'s":
                (k,) = links[before]
                assert s.urdu[k] == urdu_form("کا", noun.urdu_gender, plural, oblique), s.urdu
            checked += 1
    assert checked > 10_000


def test_urdu_verb_comes_last_and_agrees_with_the_subject():
    checked = 0
    for s in lab.sentences(4000, 13, (3, 10), clauses=1):
        if "who" in s.english or "whom" in s.english or "that" in s.english or "'s" in s.english:
            continue
        assert s.urdu[-1] in ("ہے", "ہیں"), s.urdu
        if s.tags[0] == "PROPN":
            if s.entities[0] == "B-LOC":
                continue
            gender, plural = next(n.gender for n in lex.PEOPLE if n.english[0] == s.english[0]), False
        else:
            noun, plural = NOUNS[s.english[s.tags.index("NOUN")]]
            gender = noun.urdu_gender
        assert s.urdu[-1] == ("ہیں" if plural else "ہے"), s.urdu
        if "VERB" in s.tags:
            base = VERBS[s.english[s.tags.index("VERB")]].urdu[-1]
            assert s.urdu[-2] == urdu_form(base, gender, plural, False), s.urdu
            checked += 1
        elif s.tags[-1] == "ADJ":
            (k,) = partners(s, "urdu")[len(s.english) - 1]
            assert s.urdu[k] == urdu_form(ADJECTIVES[s.english[-1]].urdu, gender, plural, False), s.urdu
    assert checked > 1000


def test_predicates_agree_in_french():
    checked = 0
    for s in lab.sentences(3000, 14, (4, 7), clauses=1):
        simple = "PRON" not in s.tags and "'s" not in s.english and s.tags[0] in ("DET", "NUM")
        if simple and "VERB" not in s.tags and s.tags[-1] == "ADJ":
            noun, plural = NOUNS[s.english[s.tags.index("NOUN")]]
            assert (noun.french_gender, plural) in FRENCH_ADJECTIVES[s.french[-1]], s.french
            checked += 1
    assert checked > 100


def test_pronouns_take_up_the_gender_of_the_subject_before():
    seen = set()
    for s in lab.sentences(4000, 15, (8, 14), clauses=2):
        (cut,) = (i for i, tag in enumerate(s.tags) if tag in ("CCONJ", "SCONJ"))
        if s.tags[cut + 1] != "PRON" or s.tags[0] not in ("DET", "NUM", "PROPN"):
            continue
        if s.tags[0] == "PROPN" and s.english[s.entities.index("B-PER") : 3].count("'s"):
            continue
        if s.tags[0] == "PROPN":
            gender, plural = next(n.gender for n in lex.PEOPLE if n.english[0] == s.english[0]), False
        else:
            noun, plural = NOUNS[s.english[s.tags.index("NOUN")]]
            gender = noun.urdu_gender
        (j,) = partners(s, "french")[cut + 1]
        pronoun = {("m", False): "il", ("f", False): "elle", ("m", True): "ils", ("f", True): "elles"}[gender, plural]
        assert s.french[j] == pronoun, s
        seen.add((s.english[cut + 1], pronoun))
    assert seen == {("he", "il"), ("she", "elle"), ("they", "ils"), ("they", "elles")}


def test_tags_and_entities(drawn):
    cities = {word for name in lex.CITIES + lex.LONG_CITIES for word in name.english}
    people = {word for name in lex.PEOPLE + lex.SURNAMES for word in name.english}
    for s in drawn:
        assert len(s.tags) == len(s.entities) == len(s.english)
        assert set(s.tags) <= UNIVERSAL
        for before, now in zip(("O", *s.entities), s.entities, strict=False):
            assert now in ("O", "B-PER", "B-LOC") or before[2:] == now[2:]
        for word, tag, entity in zip(s.english, s.tags, s.entities, strict=True):
            assert (tag == "PROPN") == (entity != "O")
            assert entity == "O" or word in (people if entity.endswith("PER") else cities)


def test_some_words_need_their_context(drawn):
    tags, entities = defaultdict(set), defaultdict(set)
    for s in drawn:
        for word, tag, entity in zip(s.english, s.tags, s.entities, strict=True):
            tags[word].add(tag)
            entities[word].add(entity)
    assert all(tags[word] == {"NOUN", "ADJ"} for word in ("orange", "light", "square"))
    assert all(entities[word] == {"B-PER", "B-LOC"} for word in ("florence", "victoria"))
