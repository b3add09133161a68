"""How each set is read: plain Python values, straight from the files as they were published.

A loader reads inside the archive and writes nothing. Line ends are removed and nothing else: text is not lowercased,
tokenised or cleaned, since each of these is a decision that a chapter should show. Tagged text is in `loaders_tagged`.
"""

from __future__ import annotations

import bisect
import gzip
import html
import io
import itertools
import re
import unicodedata
import wave
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from utils.data import manifest
from utils.data.catalogue import dataset
from utils.data.reading import choose, lines, members, path, text

MULTI30K_LANGUAGES = ("cs", "de", "en", "fr")
MULTI30K_SPLITS = ("train", "val", "test_2016_flickr", "captions")


class Recording(NamedTuple):
    """One spoken digit: samples float32 (N,) in [-1, 1) at 8,000 a second, the digit, who spoke, and its number."""

    samples: np.ndarray
    digit: int
    speaker: str
    number: int


def multi30k(split: str = "train", languages: Sequence[str] | None = None) -> list[tuple[str, ...]]:
    """Descriptions of pictures in several languages, one tuple per picture, in the order of `languages`.

    split: train (29,000), val (1,014) or test_2016_flickr (1,000), translations of one English description;
        captions (29,000), where each tuple holds five English descriptions written independently of each other.
    languages: one or more of cs, de, en, fr; ("de", "en") if left out, ("en",) for captions.
    """
    choose("split", split, MULTI30K_SPLITS, "multi30k")
    if split == "captions":
        if languages is not None and tuple(languages) != ("en",):
            raise ValueError(f"The captions of multi30k are English only, got languages {languages!r}; use ('en',).")
        names = [f"captions.{number}.en.gz" for number in range(1, 6)]
    else:
        languages = ("de", "en") if languages is None else languages
        if isinstance(languages, str) or not languages:
            raise ValueError(f"languages must be a tuple such as ('de', 'en'), got {languages!r}.")
        names = [f"{split}.{choose('language', each, MULTI30K_LANGUAGES, 'multi30k')}.gz" for each in languages]
    columns = [lines(gzip.decompress(path("multi30k", name).read_bytes()).decode("utf-8")) for name in names]
    counts = {name: len(column) for name, column in zip(names, columns, strict=True)}
    if len(set(counts.values())) != 1:
        raise ValueError(f"The files of multi30k do not run in parallel, their line counts differ: {counts}.")
    return list(zip(*columns, strict=True))


def sst2(split: str = "train") -> list[tuple[str, int]]:
    """(sentence, 1 for positive or 0 for negative); split: train (6,920), dev (872) or test (1,821)."""
    choose("split", split, ("train", "dev", "test"), "sst2")
    rows = (line.split(" ", 1) for line in lines(text("sst2", f"{split}.txt")))
    return [(sentence, int(label)) for label, sentence in rows]


def overlap_key(sentence: str) -> str:
    """What is left of a sentence when accents, case, spaces and punctuation are gone: equal for the same sentence."""
    plain = html.unescape(sentence.lower()).replace("-lrb-", "(").replace("-rrb-", ")")
    return re.sub("[^a-z0-9]", "", unicodedata.normalize("NFKD", plain))


SHORTEST = 12  # letters of a sentence below which it stands in anybody's text by chance ("very bad .")


def without(rows: list[tuple[str, int]], held_out: list[str], shortest: int = SHORTEST) -> list[tuple[str, int]]:
    """The rows whose text neither equals a held-out sentence nor contains one of at least `shortest` letters.

    Texts are compared by `overlap_key`.
    """
    keys = [overlap_key(text) for text, _ in rows]
    joined = "\n".join(keys)  # one search through all rows for each sentence
    starts = [0, *itertools.accumulate(len(key) + 1 for key in keys)]
    held = {overlap_key(sentence) for sentence in held_out}
    dropped = {row for row, key in enumerate(keys) if key in held}
    for sentence in (key for key in held if len(key) >= shortest):
        dropped |= {bisect.bisect(starts, hit.start()) - 1 for hit in re.finditer(sentence, joined)}
    return [row for number, row in enumerate(rows) if number not in dropped]


def sentence_polarity(without_sst2: bool = True) -> list[tuple[str, int]]:
    """(snippet, 1 for positive or 0 for negative), the positive ones first; 5,331 of each before anything is removed.

    without_sst2: leave out what stands in SST-2's dev and test sets, which were drawn from this very set, some of them
        as one sentence of a longer snippet; training on them would be training on the test. False only to show that.
    """
    parts = members("sentence_polarity")
    rows = [(row, label) for label, end in ((1, "pos"), (0, "neg")) for row in lines(parts[f"rt-polarity.{end}"])]
    return (
        without(rows, [sentence for split in ("dev", "test") for sentence, _ in sst2(split)]) if without_sst2 else rows
    )


def movie_reviews() -> list[tuple[str, int]]:
    """(whole review, 1 for positive or 0 for negative), 1,000 negative and then 1,000 positive ones."""
    return [(review, int(name.startswith("pos"))) for name, review in members("movie_reviews", ".txt").items()]


def names() -> list[tuple[str, str]]:
    """(first name, "female" or "male"); a name that both genders bear stands twice."""
    parts = members("names", ".txt")
    return [(row.strip(), gender) for gender in ("female", "male") for row in lines(parts[f"{gender}.txt"])]


def qc(split: str = "train") -> list[tuple[str, str, str]]:
    """(question, coarse class, fine class), for example (…, "LOC", "city"); split: train (5,452) or test (500)."""
    choose("split", split, ("train", "test"), "qc")
    rows = (line.split(" ", 1) for line in lines(members("qc", encodings={"train.txt": "latin-1"})[f"{split}.txt"]))
    return [(question.strip(), *label.split(":")) for label, question in rows]  # type: ignore[misc]


def tinyshakespeare() -> str:
    """The whole text, 1,115,394 characters."""
    return text("tinyshakespeare")


def wikitext2(split: str = "valid") -> str:
    """The text of a part, valid or test, words separated by spaces; there is no training part here."""
    return text("wikitext2", f"{choose('split', split, ('valid', 'test'), 'wikitext2')}.txt")


# Members that are not UTF-8; read with the wrong one they give wrong letters and no error.
ENCODINGS: dict[str, dict[str, str]] = {
    "abc": {"science.txt": "latin-1"},
    "genesis": {"finnish.txt": "latin-1", "french.txt": "latin-1", "german.txt": "latin-1", "swedish.txt": "cp865"},
    "inaugural": {"2005-Bush.txt": "big5"},
    "state_union": {f"{year}-Nixon.txt": "big5" for year in range(1970, 1975)} | {"1954-Eisenhower.txt": "latin-1"},
    "webtext": {f"{name}.txt": "cp1252" for name in ("firefox", "overheard", "pirates", "wine")},
}


def documents(name: str) -> dict[str, str]:
    """Title -> text of a set of whole texts (abc, genesis, inaugural, state_union, udhr2, webtext)."""
    return {member.removesuffix(".txt"): each for member, each in members(name, ".txt", ENCODINGS.get(name)).items()}


def fsdd(split: str = "train") -> list[Recording]:
    """Spoken digits; split: test (numbers 0 to 4 of each speaker and digit, 300) or train (the others, 2,700)."""
    choose("split", split, ("train", "test"), "fsdd")
    recordings = []
    for member, content in manifest.members(dataset("fsdd"), path("fsdd")):
        digit, speaker, number = member.rsplit("/", 1)[-1].removesuffix(".wav").split("_")
        if (int(number) < 5) == (split == "test"):
            with wave.open(io.BytesIO(content)) as sound:
                samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")
            recordings.append(Recording(samples.astype(np.float32) / 32768, int(digit), speaker, int(number)))
    return recordings


def _documents_of(name: str) -> Callable[[], dict[str, str]]:
    return lambda: documents(name)


LOADERS: dict[str, Callable[..., Any]] = {
    each.__name__: each
    for each in (multi30k, sst2, sentence_polarity, movie_reviews, names, qc, tinyshakespeare, wikitext2, fsdd)
} | {name: _documents_of(name) for name in ("abc", "genesis", "inaugural", "state_union", "udhr2", "webtext")}
