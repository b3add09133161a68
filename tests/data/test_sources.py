"""Each real data set as it is read, and what a wrong name answers."""

import re

import numpy as np
import pytest

from utils.data import sources
from utils.data.loaders import overlap_key, without


def needs(name):
    """Mark as a test of real data, skipped unless the set is in the cache: no test fetches from the network."""
    missing = not sources.available(name)
    skip = pytest.mark.skipif(missing, reason=f"{name} is not in the cache: set COURSE_DATA or fetch it once")
    return lambda test: pytest.mark.real_data(skip(test))


@needs("multi30k")
@pytest.mark.parametrize(("split", "count"), [("train", 29_000), ("val", 1_014), ("test_2016_flickr", 1_000)])
def test_multi30k_pairs(split, count):
    pairs = sources.load("multi30k", split=split)
    assert len(pairs) == count
    assert all(len(pair) == 2 and all(text and "\n" not in text for text in pair) for pair in pairs)


@needs("multi30k")
def test_multi30k_follows_the_order_of_languages():
    german, english = sources.load("multi30k", split="test_2016_flickr", languages=("de", "en"))[0]
    assert german == "Ein Mann mit einem orangefarbenen Hut, der etwas anstarrt."
    assert english == "A man in an orange hat starring at something."
    four = sources.load("multi30k", split="test_2016_flickr", languages=("en", "fr", "de", "cs"))[0]
    assert (four[0], four[2], len(four)) == (english, german, 4)


@needs("multi30k")
def test_multi30k_captions_are_five_per_picture():
    captions = sources.load("multi30k", split="captions")
    assert len(captions) == 29_000
    assert {len(each) for each in captions} == {5}
    assert sources.load("multi30k", languages=("en",))[0][0] in captions[0]


@needs("multi30k")
@pytest.mark.parametrize("options", [{"split": "test"}, {"languages": ("de", "es")}, {"languages": "de"},
                                     {"languages": ()}, {"splitt": "train"},
                                     {"split": "captions", "languages": ("de",)}])  # fmt: skip
def test_multi30k_wrong_options(options):
    with pytest.raises(ValueError, match=r"There (is|are)|\('de', 'en'\)|\('en',\)"):
        sources.load("multi30k", **options)


def test_multi30k_that_does_not_run_in_parallel(monkeypatch):
    import gzip

    from utils.data import loaders

    class Fake:
        def __init__(self, name):
            self.name = name

        def read_bytes(self):
            return gzip.compress(b"one\n" if ".de." in self.name else b"one\ntwo\n")

    monkeypatch.setattr(loaders, "path", lambda _, name: Fake(name))
    with pytest.raises(ValueError, match=r"train\.de\.gz': 1, 'train\.en\.gz': 2"):
        sources.load("multi30k")


def test_unknown_names_tell_what_exists():
    with pytest.raises(ValueError, match=r"'multi30k'\? There are: .*multi30k"):
        sources.load("multi3k")
    with pytest.raises(ValueError, match=r"train\.de\.gz"):
        sources.path("multi30k", "train.deu.gz")
    with pytest.raises(ValueError, match="several files"):
        sources.path("multi30k")
    with pytest.raises(ValueError, match="There are"):
        sources.available("multi3k")


COUNTS = [
    ("brown", {}, 57_340), ("treebank", {}, 3_914), ("movie_reviews", {}, 2_000), ("names", {}, 7_944),
    ("sentence_polarity", {"without_sst2": False}, 10_662), ("sst2", {}, 6_920), ("sst2", {"split": "dev"}, 872),
    ("sst2", {"split": "test"}, 1_821), ("qc", {}, 5_452), ("qc", {"split": "test"}, 500), ("conll2000", {}, 8_936),
    ("conll2000", {"split": "test"}, 2_012), ("wnut17", {}, 3_394), ("wnut17", {"split": "dev"}, 1_009),
    ("wnut17", {"split": "test"}, 1_287), ("udhr2", {}, 388), ("abc", {}, 2), ("state_union", {}, 65),
    ("webtext", {}, 6), ("inaugural", {}, 59), ("genesis", {}, 8), ("tinyshakespeare", {}, 1_115_394),
    ("fsdd", {}, 2_700), ("fsdd", {"split": "test"}, 300), ("universal_tagset", {}, 33),
]  # fmt: skip


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "options", "count"), COUNTS)
def test_published_counts(name, options, count):
    if not sources.available(name):
        pytest.skip(f"{name} is not in the cache: set COURSE_DATA or fetch it once")
    assert len(sources.load(name, **options)) == count


def test_every_set_has_a_loader():
    assert set(sources.LOADERS) == set(sources.CATALOGUE)


@needs("sst2")
@needs("sentence_polarity")
def test_sentence_polarity_holds_nothing_of_the_sst2_test():
    held_out = {overlap_key(text) for split in ("dev", "test") for text, _ in sources.load("sst2", split=split)}
    overlapping = {overlap_key(text) for text, _ in sources.load("sentence_polarity", without_sst2=False)}
    assert len(held_out & overlapping) > 2_000  # the danger is real
    kept = [overlap_key(text) for text, _ in sources.load("sentence_polarity")]
    assert len(kept) > 8_000
    joined = "\n".join(kept)
    assert not [sentence for sentence in held_out if len(sentence) >= 12 and sentence in joined]
    assert not held_out & set(kept)


def test_without_drops_equal_and_containing_rows_only():
    rows = [
        ("A clich\u00e9 , really , -LRB- again ) .", 1),
        ("it 's fine . then a long enough sentence !", 0),
        ("fine", 1),
    ]
    kept = without(rows, ["a cliche really ( again -rrb-", "a long enough sentence", "it 's"])
    assert kept == [("fine", 1)]
    assert without(rows, ["it 's"]) == rows  # too short to be more than chance


@needs("brown")
def test_brown_tags():
    first = sources.load("brown", categories=("news",))[0]
    assert first[:4] == [("The", "DET"), ("Fulton", "NOUN"), ("County", "NOUN"), ("Grand", "ADJ")]
    assert sources.load("brown", tagset="brown", categories=("news",))[0][1] == ("Fulton", "np-tl")
    assert {tag for sentence in sources.load("treebank") for _, tag in sentence} <= {
        "VERB", "NOUN", "PRON", "ADJ", "ADV", "ADP", "CONJ", "DET", "NUM", "PRT", "X", "."}  # fmt: skip
    with pytest.raises(ValueError, match="science_fiction"):
        sources.load("brown", categories=("scifi",))
    with pytest.raises(ValueError, match="tuple"):
        sources.load("brown", categories="news")


@needs("wnut17")
@needs("conll2000")
def test_tagged_rows_have_no_blank_words():
    for sentence in sources.load("wnut17") + [[row[::2] for row in each] for each in sources.load("conll2000")]:
        assert all(word.strip() and re.fullmatch(r"O|[BI]-[A-Za-z-]+", tag) for word, tag in sentence)


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "title", "words"), [
    ("state_union", "1973-Nixon", "with our very philosophy"), ("genesis", "swedish", "mörker var över djupet"),
    ("genesis", "german", "fruchtbare Bäume"), ("inaugural", "2005-Bush", "years of sabbatical\u2014and"),
    ("webtext", "pirates", "fiancé"), ("abc", "science", "460°C"), ("udhr2", "urd", "انسان")])  # fmt: skip
def test_letters_are_read_with_the_right_encoding(name, title, words):
    if not sources.available(name):
        pytest.skip(f"{name} is not in the cache: set COURSE_DATA or fetch it once")
    text = sources.load(name)[title]
    assert words in text
    assert not {"\r", "\ufffd"} & set(text)


@needs("fsdd")
def test_spoken_digits():
    test = sources.load("fsdd", split="test")
    assert {row.number for row in test} == set(range(5))
    assert {row.digit for row in test} == set(range(10))
    assert len({row.speaker for row in test}) == 6
    first = test[0].samples
    assert (first.dtype, first.ndim) == (np.float32, 1)
    assert 0.01 < np.abs(first).max() < 1


def test_command_lists_and_refuses(capsys):
    assert sources.main([]) == 0
    listing = capsys.readouterr().out
    assert all(name in listing for name in sources.CATALOGUE)
    assert sources.main(["fetch", "multi3k"]) == 1
    assert "multi30k" in capsys.readouterr().err
