"""The real English text of the catalogue, by genre, in one readable form and cut in three: what language models read.

Tokenised sets (Brown, Penn Treebank, film reviews) are joined to readable text again by the few rules of `readable`;
capitals that a set has lost stay lost. Each source is cut into blocks that belong together (an article, a speech, a
review, all captions of one picture, ten lines of a list), and whole blocks are drawn for validation and test. Genesis,
which stands in the catalogue twice in English, is for learning only; Shakespeare is cut where `text_lm` cuts it.
Left out on purpose: captions of Multi30k's validation and test pictures, film-review sentences of SST-2's dev and test
sets, wikitext2 (only its held-out parts are here), and the overheard talk and personal ads of webtext, which are crude.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from utils.data import sources
from utils.data.loaders import SHORTEST, overlap_key
from utils.data.reading import lines, members

PARTS = ("train", "validation", "test")
SHARE = 0.02  # of the blocks of a source, for validation, and as much for test
Block = list[str]

RULES = tuple(
    (re.compile(pattern), put)
    for pattern, put in (
        (r"(?i)-l[rcs]b-", "("),
        (r"(?i)-r[rcs]b-", ")"),
        (r"\\/", "/"),
        (r"([?!;]) \1(?= |$)", r"\1"),  # Brown doubles them
        (r"`` ?|(?<!\w)` (?=\w)", '"'),
        (r" ?''", '"'),
        (r'(^| )" ([^"]*?) "(?= |$)', r'\1"\2"'),
        (r" (n't|'(?:s|re|ve|ll|d|m))\b", r"\1"),
        (r" ([.,;:!?%)\]}])", r"\1"),
        (r"([(\[{$#]) ", r"\1"),
    )
)


def readable(tokens: str) -> str:
    """Tokens with spaces between them -> text as one would write it: "He said , `` No ! ''" -> 'He said, "No!"'."""
    for pattern, put in RULES:
        tokens = pattern.sub(put, tokens)
    return tokens


def joined(text: str) -> str:
    """A text on one line: runs of spaces and line ends become one space."""
    return " ".join(text.split())


def groups(texts: Sequence[str], size: int) -> list[Block]:
    """Texts that follow each other, `size` to a block; empty ones fall out."""
    kept = [text for text in texts if text]
    return [kept[begin : begin + size] for begin in range(0, len(kept), size)]


def brown() -> list[Block]:
    """The 500 articles of the Brown Corpus, each one text."""
    files = members("brown")
    articles = [name for name in sorted(files) if re.fullmatch(r"c[a-r]\d\d", name)]
    words = (" ".join(token.rsplit("/", 1)[0] for token in files[name].split()) for name in articles)
    return [[readable(text)] for text in words]


def treebank() -> list[Block]:
    """The Wall Street Journal sample, twenty sentences a text."""
    sentences = [readable(" ".join(word for word, _ in sentence)) for sentence in sources.load("treebank")]
    return [[" ".join(group)] for group in groups(sentences, 20)]


def abc() -> list[Block]:
    """News of rural life and of science, cut at empty lines."""
    return [[joined(story)] for text in sources.load("abc").values() for story in text.split("\n\n") if story.strip()]


def speeches(name: str) -> Callable[[], list[Block]]:
    """Addresses, each one text."""
    return lambda: [[joined(text)] for text in sources.load(name).values()]


def genesis() -> list[Block]:
    """The book in two English translations."""
    whole = sources.load("genesis")
    return [[joined(whole[name])] for name in ("english-kjv", "english-web")]


def lists() -> list[Block]:
    """A browser's bug reports and notes on wine: every line a text."""
    return [group for name in ("firefox", "wine") for group in groups(lines(sources.load("webtext")[name]), 10)]


def scripts() -> list[Block]:
    """Two film scripts, a hundred lines a text; lines stay lines."""
    texts = (sources.load("webtext")[name] for name in ("grail", "pirates"))
    return [["\n".join(group)] for text in texts for group in groups([joined(row) for row in lines(text)], 100)]


def shakespeare() -> list[Block]:
    """The plays in three texts, in their own order: 90 %, 5 % and 5 %, as `text_lm` has them; lines stay lines."""
    return [[part] for part in cut(sources.load("tinyshakespeare"))]


def cut(text: str) -> tuple[str, str, str]:
    """A text in its own order: 90 % to learn from, 5 % to choose by, 5 % to test with."""
    learned = len(text) - 2 * round(0.05 * len(text))
    middle = (len(text) + learned) // 2
    return text[:learned], text[learned:middle], text[middle:]


def reviews() -> list[Block]:
    """Whole film reviews, each one text, without lines that hold a sentence of SST-2's dev or test sets."""
    held = held_keys(sst2_held_out())
    kept = (without_lines(review, held) for review, _ in sources.load("movie_reviews"))
    return [[readable(joined(review))] for review in kept]


def snippets() -> list[Block]:
    """Sentences of film reviews, each a text; the loader leaves out SST-2's dev and test sentences."""
    return groups([readable(joined(text)) for text, _ in sources.load("sentence_polarity")], 10)


def captions() -> list[Block]:
    """Five captions of each training picture, each a text, without any that describes a held-out picture too."""
    held = {overlap_key(text) for split in ("val", "test_2016_flickr")
            for (text,) in sources.load("multi30k", split=split, languages=("en",))}  # fmt: skip
    pictures = sources.load("multi30k", split="captions")
    return [[joined(text) for text in dict.fromkeys(five) if overlap_key(text) not in held] for five in pictures]


@dataclass(frozen=True)
class Source:
    """Where text comes from: its genre, its blocks, and whether it is cut as all are, not at all, or as it lies."""

    genre: str
    blocks: Callable[[], list[Block]]
    cut: str = "drawn"


SOURCES = {
    "brown": Source("general", brown),
    "treebank": Source("general", treebank),
    "abc": Source("general", abc),
    "state_union": Source("general", speeches("state_union")),
    "inaugural": Source("general", speeches("inaugural")),
    "genesis": Source("books", genesis, "learned"),
    "tinyshakespeare": Source("books", shakespeare, "in order"),
    "webtext, scripts": Source("books", scripts),
    "webtext, lists": Source("lists", lists),
    "movie_reviews": Source("reviews", reviews),
    "sentence_polarity": Source("reviews", snippets),
    "multi30k captions": Source("captions", captions),
}
GENRES = tuple(dict.fromkeys(source.genre for source in SOURCES.values()))


def texts(name: str) -> dict[str, list[str]]:
    """The texts of one source by part: train, validation, test; the same ones on every machine."""
    if name not in SOURCES:
        raise ValueError(f"there is no source {name!r}; there are: {', '.join(SOURCES)}")
    source = SOURCES[name]
    blocks = source.blocks()
    if source.cut == "in order":
        return dict(zip(PARTS, blocks, strict=True))
    order = list(range(len(blocks)))
    random.Random(f"real text: {name}").shuffle(order)
    count = 0 if source.cut == "learned" else max(1, round(SHARE * len(blocks)))
    place = dict.fromkeys(order[:count], "test") | dict.fromkeys(order[count : 2 * count], "validation")
    found: dict[str, list[str]] = {part: [] for part in PARTS}
    for number, block in enumerate(blocks):
        found[place.get(number, "train")] += [text for text in block if text.strip()]
    return found


def parts(genres: Sequence[str] = GENRES) -> dict[str, dict[str, list[str]]]:
    """Part -> source -> texts, of all sources of these genres (general, books, lists, reviews, captions)."""
    if wrong := [genre for genre in genres if genre not in GENRES]:
        raise ValueError(f"there is no genre {wrong[0]!r}; there are: {', '.join(GENRES)}")
    cut = {name: texts(name) for name, source in SOURCES.items() if source.genre in genres}
    return {part: {name: found[part] for name, found in cut.items()} for part in PARTS}


def general(part: str = "train") -> list[str]:
    """Articles, news and speeches: Brown, the Wall Street Journal sample, abc, state papers."""
    if part not in PARTS:
        raise ValueError(f"part {part!r} must be one of {', '.join(PARTS)}")
    return [text for found in parts(("general",))[part].values() for text in found]


def sst2_held_out() -> list[str]:
    """The sentences of SST-2's dev and test sets, which no training may have seen."""
    return [sentence for split in ("dev", "test") for sentence, _ in sources.load("sst2", split=split)]


def held_keys(sentences: Iterable[str]) -> dict[str, list[str]]:
    """First `SHORTEST` letters -> the keys (`overlap_key`) that begin with them; shorter sentences are left out."""
    found: dict[str, list[str]] = {}
    for key in dict.fromkeys(map(overlap_key, sentences)):
        if len(key) >= SHORTEST:
            found.setdefault(key[:SHORTEST], []).append(key)
    return found


def leaks(text: str, held: dict[str, list[str]]) -> list[str]:
    """Keys of held-out sentences (`held_keys`) that stand in a text, whatever its case, spaces and punctuation."""
    whole = overlap_key(text)
    begins = (place for place in range(len(whole) - SHORTEST + 1) if whole[place : place + SHORTEST] in held)
    return [key for place in begins for key in held[whole[place : place + SHORTEST]] if whole.startswith(key, place)]


def without_lines(text: str, held: dict[str, list[str]]) -> str:
    """A text without the lines in which one of these sentences (`held_keys`) stands."""
    return text if not leaks(text, held) else "\n".join(row for row in lines(text) if not leaks(row, held))
