"""Remarks about the things and places of the lab's world: text without labels, from which opinions can be learned.

What is praise and what is blame shows in what stands beside what, and nobody has to say it. Somebody likes or avoids a
thing because of how it is. "And" joins two opinions that agree, "but" two that do not (Hatzivassiloglou and McKeown
1997, "Predicting the Semantic Orientation of Adjectives"), and "not" turns one round.
"""

import random
from typing import NamedTuple

from utils.data.lab.drawing import draw, seeded
from utils.data.lab.lexicon import PEOPLE
from utils.data.lab.sentence import split
from utils.data.lab.tasks import BAD, GOOD, SPOTS, THINGS

LIKED = ("enjoys", "likes", "loves", "recommends")
DISLIKED = ("avoids", "dislikes", "hates", "regrets")
PRAISING = ("simply", "truly")
BLAMING = ("rather", "utterly")
AGREE = (("and", "CCONJ"), ("because", "SCONJ"))
DIFFER = (("but", "CCONJ"), ("while", "SCONJ"))


class Remark(NamedTuple):
    """The words, and their universal parts of speech as in the lab's sentences."""

    words: tuple[str, ...]
    tags: tuple[str, ...]


def remarks(count: int, seed: int = 0, part: str | None = None) -> list[Remark]:
    """Draw remarks; the first n of more are the same.

    `part` = "train" or "test" draws only those that `split` puts there. The words that judge are
    those of the lab's reviews; what is judged, and how two opinions are joined, is other.
    """
    rng = seeded("remarks", count, seed, part)
    found: list[Remark] = []
    while len(found) < count:
        remark = _remark(rng)
        if part in (None, split(remark.words)):
            found.append(remark)
    return found


def _remark(rng: random.Random) -> Remark:
    """What somebody feels for a thing, one thing judged twice, or two things judged once each."""
    first, second = rng.sample(THINGS + SPOTS, 2)
    praise, agree = rng.random() < 0.5, rng.random() < 0.5
    form = draw(rng, ("deed", "one thing", "two things"))
    if form == "deed":
        who, does = draw(rng, PEOPLE), draw(rng, LIKED if praise else DISLIKED)
        what = (does, "the", draw(rng, GOOD if praise else BAD), first)
        return Remark((*who.english, *what), ("PROPN", "VERB", "DET", "ADJ", "NOUN"))
    opinion = _opinion(rng, first, praise)
    joint, tag = draw(rng, (AGREE if agree else DIFFER)[: 1 if form == "one thing" else None])
    words, tags = _judged(rng, praise == agree) if form == "one thing" else _opinion(rng, second, praise == agree)
    return Remark((*opinion.words, joint, *words), (*opinion.tags, tag, *tags))


def _opinion(rng: random.Random, subject: str, praise: bool) -> Remark:
    words, tags = _judged(rng, praise)
    return Remark(("the", subject, draw(rng, ("is", "was")), *words), ("DET", "NOUN", "AUX", *tags))


def _judged(rng: random.Random, praise: bool) -> Remark:
    """A word that judges: in one of four turned round, in two of four behind a word that keeps its company."""
    company = draw(rng, ("none", "not", "own", "own"))
    word = draw(rng, GOOD if praise != (company == "not") else BAD)
    if company == "none":
        return Remark((word,), ("ADJ",))
    if company == "not":
        return Remark(("not", word), ("PART", "ADJ"))
    return Remark((draw(rng, PRAISING if praise else BLAMING), word), ("ADV", "ADJ"))
