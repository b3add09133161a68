"""Chapter 06's other questions: does a picture net transfer, does a tagger, and what do labels cost?

    python -m utils.experiments lab_transfer_tasks/pictures
    python -m utils.experiments lab_transfer_tasks/tagger
    python -m utils.experiments lab_transfer_tasks/counts

`pictures` starts a second picture task from the weights of a first one; `tagger` starts sentiment and tagging from a
tagger and from a language model that read the same text for as many steps; `counts` counts the words of the real texts
in the course's catalogue, with and without labels. Nothing is trained for the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from utils import metrics
from utils.data import sources
from utils.experiments import lab_transfer_pictures as pictures_
from utils.experiments import real_text
from utils.experiments.lab_transfer_labels import PLAIN, Recipe, Repeated, accuracy, build, few, train
from utils.experiments.lab_transfer_pictures import Second
from utils.experiments.lab_transfer_text import Settings, Texts, Words, config, prepare, pretrain
from utils.experiments.labelled import learn, predict, tag_loss
from utils.experiments.run import Run
from utils.models.awd_lstm import AWDLSTM
from utils.training.optimizers import MuonAdamW
from utils.training.schedules import schedule, warmup_linear
from utils.training.trainer import Plan, fit

CHAPTERS = {"pictures": "06", "tagger": "06", "counts": "06"}


def pictures(run: Run) -> None:
    """A second picture task from few labels: from the first one's weights, from random ones, and with more steps."""
    plan: Second = run.settings

    def rows_of(seed: int) -> dict[str, list[dict[str, Any]]]:
        rows = []
        found = pictures_.tasks(plan, seed)
        weights = pictures_.learned(plan, found, seed)
        for count in plan.labels:
            arms = {"first task's weights": (weights, 1), "random weights": (None, 1)}
            arms[f"random weights, {plan.times} times the steps"] = (None, plan.times)
            for start, (given, times) in arms.items():
                right = pictures_.second(plan, found, count, seed, given, times)
                rows.append({"start": start, "labels": count, "test": right})
        return {"pictures": rows}

    run.over(plan.seeds, rows_of)
    run.found["sizes"] = asdict(plan)


class AWDTagger(nn.Module):
    """A label for every word, from the same encoder: (B, T) token ids -> logits (B, T, C)."""

    def __init__(self, texts: Texts, settings: Settings, classes: int):
        super().__init__()
        self.encoder = AWDLSTM(config(settings, texts))
        self.output = nn.Linear(settings.embedding, classes)

    def forward(self, words: Tensor) -> Tensor:
        """Words (B, T) -> logits of their labels (B, T, C)."""
        logits: Tensor = self.output(self.encoder(words)[0])
        return logits


@dataclass(frozen=True)
class Starts:
    """The trainings on general text, the labels of each next task, and the seeds."""

    base: Settings = field(default_factory=Settings)
    reviews: int = 200
    tagged: int = 20
    recipe: Recipe = PLAIN
    seeds: tuple[int, ...] = (0, 1, 2)


TAGS = ("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "NOUN", "NUM", "PART", "PRON", "PROPN", "SCONJ", "VERB")


def tagged(texts: Texts, part: Sequence[Words], tags: Sequence[Words]) -> list[tuple[list[int], list[int]]]:
    """Sentences as the nets read them, with BOS, and a tag for each of its words; PAD where BOS stands."""
    return [
        (texts.read(words), [0, *(1 + TAGS.index(tag) for tag in row)]) for words, row in zip(part, tags, strict=True)
    ]


def tag_accuracy(model: nn.Module, texts: Texts) -> float:
    """Share of right tags on the general text that is held out, in %."""
    rows = tagged(texts, texts.general_test, texts.tags_test)
    found = predict(model, [ids for ids, _ in rows])
    return metrics.share(
        [
            int(a) == b
            for ours, (_, gold) in zip(found, rows, strict=True)
            for a, b in zip(ours[1:], gold[1:], strict=True)
        ]
    ).value


def learned_tagger(texts: Texts, settings: Settings, seed: int) -> AWDTagger:
    """A tagger of the general text, trained as the language model is: same optimiser, rates, batches and steps."""
    torch.manual_seed(seed)
    model = AWDTagger(texts, settings, 1 + len(TAGS))
    rows = tagged(texts, texts.general, texts.tags)
    batches = Repeated(rows, settings.batch, settings.steps, seed)
    optimizer = MuonAdamW(model, settings.rate, betas=(0.9, 0.99), outer=("output",))
    rates = schedule(optimizer, warmup_linear(max(1, settings.steps // 20), settings.steps))
    for _ in fit(model, tag_loss, batches, optimizer, Plan(device="cpu"), scheduler=rates):
        pass
    return model


def tagger(run: Run) -> None:
    """Sentiment and tagging with few labels, each started from a tagger, a language model, and random weights."""
    plan: Starts = run.settings

    def rows_of(seed: int) -> dict[str, list[dict[str, Any]]]:
        rows = []
        texts = prepare(plan.base, seed)
        for speaker, _ in pretrain(texts, plan.base, seed):  # noqa: B007
            pass
        marker = learned_tagger(texts, plan.base, seed)
        starts = {"random weights": None, "a tagger": marker.encoder, "a language model": speaker.encoder}
        for start, net in starts.items():
            given = None if net is None else net.state_dict()
            row = {"start": start, "its own tags": tag_accuracy(marker, texts)}
            rows.append(row | {"reviews": _reviews(texts, plan, given, seed), "tags": _tags(texts, plan, given, seed)})
        return {"starts": rows}

    run.over(plan.seeds, rows_of)
    run.found["sizes"] = asdict(plan.base)


def _reviews(texts: Texts, plan: Starts, start: dict[str, Tensor] | None, seed: int) -> float:
    model = build(texts, plan.base, start, seed)
    for _ in train(model, texts, few(texts.labelled, plan.reviews), plan.recipe, seed):
        pass
    return accuracy(model, texts, texts.test)


def _tags(texts: Texts, plan: Starts, start: dict[str, Tensor] | None, seed: int) -> float:
    """Tags from few sentences, half of them remarks; the language model has read them too, without their tags."""
    torch.manual_seed(seed)
    model = AWDTagger(texts, plan.base, 1 + len(TAGS))
    if start is not None:
        model.encoder.load_state_dict(start)
    rows = tagged(texts, texts.general, texts.tags)
    some = rows[: plan.tagged // 2] + rows[-(plan.tagged // 2) :]
    learn(model, tag_loss, some, plan.recipe.epochs * plan.recipe.steps, plan.recipe.rate, plan.recipe.batch, seed)
    return tag_accuracy(model, texts)


@dataclass(frozen=True)
class Counted:
    """Which texts are counted as raw: genres of `real_text`."""

    raw: tuple[str, ...] = real_text.GENRES


def words_of(texts: Iterable[str]) -> int:
    """How many words, taken as what spaces separate."""
    return sum(len(text.split()) for text in texts)


def counts(run: Run) -> None:
    """Words, and labels given by people, of the catalogue's real English texts."""
    plan: Counted = run.settings
    raw = real_text.parts(plan.raw)["train"]
    rows = [{"text": name, "kind": "raw", "words": words_of(texts), "labels": 0} for name, texts in raw.items()]
    labelled = {
        "SST-2 (sentiment)": [sentence for sentence, _ in sources.load("sst2", split="train")],
        "TREC (kind of question)": [question for question, *_ in sources.load("qc", split="train")],
        "Multi30k (pairs with German)": [text for (text,) in sources.load("multi30k", languages=("en",))],
    }
    for name, texts in labelled.items():
        rows.append({"text": name, "kind": "labelled", "words": words_of(texts), "labels": len(texts)})
    run.found["curves"] = {"counts": rows}
    run.found["notes"] = ["Nothing is trained. Parts for learning only, words as spaces separate them."]


EXPERIMENTS: dict[str, Any] = {"pictures": pictures, "tagger": tagger, "counts": counts}
_TINY = Settings(400, 200, 8, 8, 2, steps=3, target_steps=3)
_SHORT = replace(PLAIN, epochs=2, steps=2)
PRESETS: dict[str, dict[str, Any]] = {
    "pictures": {
        "smoke": Second(8, 60, 3, 3, tests=20, labels=(10,), seeds=(0,), times=2),
        "cpu": Second(),
    },
    "tagger": {"smoke": Starts(_TINY, 20, 4, _SHORT, (0,)), "cpu": Starts()},
    "counts": {"smoke": Counted(("captions",)), "cpu": Counted()},
}
