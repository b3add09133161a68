"""Words and sentences in the manner of the Penn Treebank: by examples, and left as they are where they are cut."""

import pytest

from utils.data import penn


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It doesn't work (yet).", "it does n't work -lrb- yet -rrb- ."),
        ("I can't, I won't; I cannot!", "i ca n't , i wo n't ; i can not !"),
        ('He said, "No."', "he said , `` no . ''"),
        ('the new " conan " is here', "the new `` conan '' is here"),
        ("the film's characters' fate, they're told", "the film 's characters ' fate , they 're told"),
        ("well . . . done…", "well ... done ..."),
        ("In the '70s, 10,000 met at 3:15", "in the '70s , 10,000 met at 3:15"),
        ("a writer\\/director--and more", "a writer/director -- and more"),
        ("Mr. Smith left.", "mr. smith left ."),
        ("$5 & 3%", "$ 5 & 3 %"),
        ("\u201cSo it\u2019s over\u201d \u2013 he said", "`` so it 's over '' -- he said"),
    ],
)
def test_words(text, expected):
    assert penn.words(text) == expected.split()
    assert penn.words(expected) == expected.split(), "what is cut stays as it is"


def test_sentences_end_where_a_large_word_follows_but_not_at_an_abbreviation():
    text = 'Mr. Smith went to the U.S. Senate. "Why?" he asked. J. Jones (see p. 3) did not know! It cost 3.5 dollars.'
    assert penn.sentences(text) == [
        "Mr. Smith went to the U.S. Senate.",
        '"Why?" he asked.',
        "J. Jones (see p. 3) did not know!",
        "It cost 3.5 dollars.",
    ]
    assert penn.sentences("   ") == []
    assert penn.sentences("no end") == ["no end"]
