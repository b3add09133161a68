"""What the Transformer needs: data, and a start from nothing for every task.

    python -m utils.experiments lab_needs/data
    python -m utils.experiments lab_needs/transfer

`data`: the same number of training steps on 100 to 20,000 pairs, for the Transformer and for the GRU with attention.
`transfer`: a Transformer trained from English to French starts two other tasks with few examples, Urdu and parts of
speech, beside one that starts from random weights, one that starts from the encoder alone, and one that starts from
random weights and gets ten times the steps.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

import torch

from utils.data import lab
from utils.data.tokens import Vocabulary
from utils.experiments.lab_transformer import (
    SHORT,
    TransformerSettings,
    build,
    build_transformer,
    short_sentences,
)
from utils.experiments.lab_translation import Data, Pair, Sweep, prepare, sweep, train
from utils.experiments.run import Run
from utils.models.transformer import Transformer

CHAPTERS = {"data": "05", "transfer": "05"}
SIZES = (100, 1_000, 20_000)
NEXT = ("Urdu", "parts of speech")


@dataclass(frozen=True)
class Transfer:
    """The first task's training, and the next ones': few examples, few steps."""

    base: TransformerSettings = field(
        default_factory=lambda: TransformerSettings(words=SHORT, steps=400, batch=32, warmup=40)
    )
    examples: int = 300
    steps: int = 100
    seeds: tuple[int, ...] = (0, 1, 2)


def next_task(name: str, first: Data, examples: int, seed: int, words: tuple[int, int]) -> Data:
    """A task whose source is English too, so that the first task's vocabulary serves: its pairs and target words.

    Training and test sentences come from the two parts of the lab's sentences, so that no test sentence was ever seen.
    """

    def pairs(part: str, count: int) -> list[Pair]:
        drawn = lab.sentences(count, seed + 1000, words, part=part)
        return [(one.english, one.urdu if name == "Urdu" else one.tags) for one in drawn]

    if name not in NEXT:
        raise ValueError(f"task {name!r} is unknown; it must be one of {', '.join(NEXT)}")
    learned = pairs("train", examples)
    return Data(learned, pairs("test", 400), first.source, Vocabulary.from_texts(other for _, other in learned))


ARMS = {  # which weights are not taken over, and how many times the steps
    "random weights": (("",), 1),
    "French weights": (("decoder.embedding.", "decoder.bias"), 1),
    "French encoder": (("decoder.",), 1),
    "random weights, ten times the steps": (("",), 10),
}


def started_from(
    model: Transformer, settings: TransformerSettings, data: Data, own: tuple[str, ...] = ARMS["French weights"][0]
) -> Transformer:
    """A model for other target words that starts from the weights of `model`, but for those that begin with `own`."""
    fresh = build_transformer(settings, data)
    fresh.load_state_dict({k: v for k, v in model.state_dict().items() if not k.startswith(own)}, strict=False)
    return fresh


def transfer(run: Run) -> None:
    """Train the first task, then each next one from its weights and from random ones, seed by seed."""
    plan: Transfer = run.settings

    def rows_of(seed: int) -> dict[str, list[dict[str, Any]]]:
        rows = []
        first = prepare(plan.base, seed)
        torch.manual_seed(seed)
        model = build_transformer(plan.base, first)
        _drain(model, first, plan.base, seed)
        own = short_sentences(model, first)[0]["free running"]
        for name in NEXT:
            data = next_task(name, first, plan.examples, seed, plan.base.words)
            for start, (own_weights, times) in ARMS.items():
                few = replace(plan.base, steps=times * plan.steps, warmup=max(1, times * plan.steps // 10))
                torch.manual_seed(seed + 1)
                after = started_from(model, few, data, own_weights)
                before = short_sentences(after, data)[0]["free running"]
                _drain(after, data, few, seed)
                row = {"task": name, "start": start, "first task": own, "untrained": before}
                rows.append(row | short_sentences(after, data)[0])
        return {"next task": rows}

    run.over(plan.seeds, rows_of)
    run.found["sizes"] = asdict(plan.base) | {"examples": plan.examples, "steps of the next task": plan.steps}


def _drain(model: Transformer, data: Data, settings: TransformerSettings, seed: int) -> None:
    for _ in train(model, data.encode(data.train), settings, seed):
        pass


_FEW = TransformerSettings(words=SHORT, hidden=64, batch=32, steps=400, warmup=40)
_TINY = TransformerSettings(
    pairs=200, tests=400, words=SHORT, hidden=8, width=8, heads=2, layers=1, feed_forward=8, steps=3, warmup=1
)
EXPERIMENTS: dict[str, Any] = {
    "data": partial(sweep, build=build, measures={"short sentences": short_sentences}),
    "transfer": transfer,
}
PRESETS: dict[str, dict[str, Any]] = {
    "data": {
        "smoke": Sweep(_TINY, {"attention, 200 pairs": {"model": "attention"}, "Transformer, 200 pairs": {}}, (0,)),
        "cpu": Sweep(
            _FEW,
            {
                f"{name}, {size} pairs": {"model": model, "pairs": size}
                for size in SIZES
                for name, model in (("attention", "attention"), ("Transformer", "Transformer"))
            },
        ),
    },
    "transfer": {"smoke": Transfer(_TINY, 50, 3, (0,)), "cpu": Transfer()},
}
