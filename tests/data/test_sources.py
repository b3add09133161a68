"""Multi30k as it is read, and what a wrong name answers."""

import pytest

from utils.data import sources

needs_multi30k = pytest.mark.skipif(
    not sources.available("multi30k"), reason="Multi30k is not in the cache: set COURSE_DATA or fetch it once"
)


@needs_multi30k
@pytest.mark.parametrize(("split", "count"), [("train", 29_000), ("val", 1_014), ("test_2016_flickr", 1_000)])
def test_multi30k_pairs(split, count):
    pairs = sources.load("multi30k", split=split)
    assert len(pairs) == count
    assert all(len(pair) == 2 and all(text and "\n" not in text for text in pair) for pair in pairs)


@needs_multi30k
def test_multi30k_follows_the_order_of_languages():
    german, english = sources.load("multi30k", split="test_2016_flickr", languages=("de", "en"))[0]
    assert german == "Ein Mann mit einem orangefarbenen Hut, der etwas anstarrt."
    assert english == "A man in an orange hat starring at something."
    four = sources.load("multi30k", split="test_2016_flickr", languages=("en", "fr", "de", "cs"))[0]
    assert four[0] == english and four[2] == german and len(four) == 4


@needs_multi30k
def test_multi30k_captions_are_five_per_picture():
    captions = sources.load("multi30k", split="captions")
    assert len(captions) == 29_000 and all(len(each) == 5 for each in captions)
    assert sources.load("multi30k", languages=("en",))[0][0] in captions[0]


@needs_multi30k
@pytest.mark.parametrize("options", [{"split": "test"}, {"languages": ("de", "es")}, {"languages": "de"},
                                     {"languages": ()}, {"splitt": "train"},
                                     {"split": "captions", "languages": ("de",)}])  # fmt: skip
def test_multi30k_wrong_options(options):
    with pytest.raises(ValueError, match="multi30k|languages"):
        sources.load("multi30k", **options)


def test_unknown_names_tell_what_exists():
    with pytest.raises(ValueError, match="'multi30k'.*There are: .*multi30k"):
        sources.load("multi3k")
    with pytest.raises(ValueError, match="train.de.gz"):
        sources.path("multi30k", "train.deu.gz")
    with pytest.raises(ValueError, match="several files"):
        sources.path("multi30k")
