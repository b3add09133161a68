"""Who says whether a text praises a film: the judge that a policy learns from, and two that it never meets.

The first is chapter 7's BERT, tuned on SST-2's training sentences. The second and third learn from other people's
texts, whole reviews of movie_reviews: naive Bayes on their words, and another BERT on pieces of them. So a policy that
has found what only the first judge likes cannot count on the others. Documents that `real_text` holds out are held out
here too: no judge and no GPT has read them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from utils import metrics, pretrained
from utils.data import sources
from utils.data.batches import pad
from utils.data.reading import lines
from utils.experiments import real_text
from utils.models.naive_bayes import NaiveBayes

WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|[^\sa-z0-9]")
SUBJECT = re.compile(
    r"\b(film|movie|picture|story|plot|script|comedy|thriller|drama|director|actors?|actress|cast|acting|performances?|"
    r"dialogue|ending|characters?|scenes?|humor)\b"
)
PLAIN = re.compile(r"[a-z0-9' ,-]*[a-z0-9]")
Odds = Callable[[Sequence[str]], Tensor]
"""Texts -> log-odds of praise in nats, (B,): above 0 where praise is the likelier label."""


class Review(NamedTuple):
    """The sentences of a film review, in readable form, and 1 for praise or 0 for blame."""

    sentences: list[str]
    label: int


@dataclass
class BertJudge:
    """Log-odds of praise by a classifier over the pieces of BERT; `precision` "bf16" halves the work."""

    model: nn.Module
    encode: Callable[[str], list[int]]
    precision: str = "no"

    @torch.no_grad()
    def __call__(self, texts: Sequence[str], size: int = 64) -> Tensor:
        """Texts -> log-odds (B,)."""
        self.model.eval()
        device = pretrained.device_of(self.model)
        ids = [self.encode(text) for text in texts]
        order, found = sorted(range(len(ids)), key=lambda k: len(ids[k])), torch.zeros(len(ids))
        for begin in range(0, len(order), size):
            some = order[begin : begin + size]
            with torch.autocast(device.type, torch.bfloat16, enabled=self.precision == "bf16"):
                logits = self.model(pad([ids[k] for k in some]).to(device)).float().cpu()  # (B, 2)
            found[some] = logits[:, 1] - logits[:, 0]
        return found


@dataclass
class WordJudge:
    """Log-odds of praise by naive Bayes."""

    model: NaiveBayes

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Texts -> log-odds (B,)."""
        scores = [self.model.scores(words(text)) for text in texts]
        return torch.tensor([score[1] - score[0] for score in scores])


def words(text: str) -> list[str]:
    """The words of a text without capitals; a mark of punctuation is a word of its own."""
    return WORD.findall(text.lower())


def reviews() -> dict[str, list[Review]]:
    """Part (train, validation, test) -> reviews, cut as `real_text` cuts them, without sentences of SST-2's tests."""
    place = {text: part for part, texts in real_text.texts("movie_reviews").items() for text in texts}
    held = real_text.held_keys(real_text.sst2_held_out())
    found: dict[str, list[Review]] = {part: [] for part in real_text.PARTS}
    for whole, label in sources.load("movie_reviews"):
        kept = real_text.without_lines(whole, held)
        part = place[real_text.readable(real_text.joined(kept))]
        sentences = [real_text.readable(real_text.joined(row)) for row in lines(kept) if row.strip()]
        found[part].append(Review(sentences, label))
    return found


def pieces(review: Review, least: int) -> list[str]:
    """Neighbouring sentences put together until each piece has at least `least` words; the rest at the end is lost."""
    found, current = [], ""
    for sentence in review.sentences:
        current = f"{current} {sentence}".strip()
        if len(current.split()) >= least:
            found.append(current)
            current = ""
    return found


def drawn_pieces(several: Sequence[Review], count: int, least: int, seed: int) -> list[tuple[str, int]]:
    """`count` pieces with the labels of their reviews, half of each label."""
    every = [(piece, review.label) for review in several for piece in pieces(review, least)]
    random.Random(f"pieces of reviews {seed}").shuffle(every)
    halves = [[row for row in every if row[1] == label][: count // 2] for label in (0, 1)]
    if min(map(len, halves)) < count // 2:
        raise ValueError(f"count {count} is too many: {len(every)} pieces do not hold half as many of each label")
    return [row for pair in zip(*halves, strict=True) for row in pair]


def word_judge(several: Sequence[Review], order: int, smoothing: float) -> WordJudge:
    """Naive Bayes over the words of whole reviews."""
    texts = [words(" ".join(review.sentences)) for review in several]
    return WordJudge(NaiveBayes(order, smoothing).fit(texts, [review.label for review in several]))


def examined(judge: Odds, rows: Sequence[tuple[str, int]]) -> dict[str, Any]:
    """How often a judge is right on labelled texts, in % with its interval, and how often it says praise."""
    odds, truth = judge([text for text, _ in rows]), [label for _, label in rows]
    found = metrics.share([(value > 0) == bool(label) for value, label in zip(odds.tolist(), truth, strict=True)])
    said = round(100 * float((odds > 0).float().mean()), 2)
    return {"texts": len(rows), "right": found.value, "low": found.low, "high": found.high, "praise said": said}


def examined_reviews(judge: Odds, several: Sequence[Review], least: int) -> dict[str, Any]:
    """The same for whole reviews: their pieces are judged, and the log-odds added up."""

    def odds(texts: Sequence[str]) -> Tensor:
        return torch.stack([judge(text.split("\n")).sum() for text in texts])

    return examined(odds, [("\n".join(pieces(review, least)), review.label) for review in several])


def beginnings(several: Sequence[Review], shortest: int, longest: int, seed: int) -> list[str]:
    """The first `shortest` to `longest` words of sentences that name the film or a part of it there, in random order.

    Each once; without marks that end or set off something, so that it can be continued.
    """
    draw, found = random.Random(f"beginnings {seed}"), []
    for sentence in (sentence for review in several for sentence in review.sentences):
        some = sentence.split()
        begin = " ".join(some[: draw.randint(shortest, longest)])
        if len(some) > longest and SUBJECT.search(begin) and PLAIN.fullmatch(begin):
            found.append(begin)
    found = list(dict.fromkeys(found))
    draw.shuffle(found)
    return found
