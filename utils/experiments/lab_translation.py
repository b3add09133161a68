"""Lab language, English to French: every era's translator on the same sentences, steps and seeds.

    python -m utils.experiments lab_translation/seq2seq

A chapter trains one model with `train` and measures it with `by_length`; the sweep here does the same over seeds and
variants, so that a curve in a chapter is never one lucky seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from utils import metrics
from utils.data import lab
from utils.data.batches import BucketedBatches, pad
from utils.data.tokens import EOS, Vocabulary
from utils.decoding import forced, greedy
from utils.experiments.run import Run
from utils.models.seq2seq import Seq2Seq, Seq2SeqConfig
from utils.training.losses import TranslationLoss
from utils.training.optimizers import minimise
from utils.training.schedules import schedule, warmup_linear
from utils.training.trainer import Plan, Step, fit

CHAPTERS = {"seq2seq": "03"}
Pair = tuple[tuple[str, ...], tuple[str, ...]]
Measures = dict[str, Callable[[Any, "Data"], list[dict[str, float]]]]
LENGTHS = (3, 7, 11, 16, 21, 26, 31, 36, 46)  # English words: the edges of the length groups
PROBED = (4, 8, 12, 16, 24)  # lengths of the sentences that are probed


@dataclass(frozen=True)
class Settings:
    """One training: sentences of `words` English words, `steps` batches of `batch`; the test goes up to 45 words."""

    language: str = "french"
    pairs: int = 20_000
    tests: int = 2_000
    words: tuple[int, int] = (3, 25)
    embedding: int = 64
    hidden: int = 128
    reverse: bool = False
    steps: int = 1_500
    batch: int = 64
    rate: float = 4e-3
    warmup: int = 30


@dataclass(frozen=True)
class Data:
    """Sentences as words and as ids: vocabularies from the training part only, no sentence in both parts."""

    train: list[Pair]
    test: list[Pair]
    source: Vocabulary
    target: Vocabulary
    reverse: bool = False

    def encode(self, pairs: Iterable[Pair]) -> list[tuple[list[int], list[int]]]:
        """Pairs of words -> pairs of ids, the source back to front if `reverse`."""
        return [(self.read(english), self.target.encode(other)) for english, other in pairs]

    def read(self, english: tuple[str, ...]) -> list[int]:
        """The source ids in the order in which the encoder reads them."""
        ids = self.source.encode(english)
        return [*ids[-2::-1], EOS] if self.reverse else ids


def prepare(settings: Settings, seed: int = 0) -> Data:
    """Draw the training and test sentences of a seed."""
    train, test = lab.parallel(
        settings.language, settings.pairs, settings.tests, seed, settings.words, (LENGTHS[0], LENGTHS[-1] - 1)
    )
    source, target = (Vocabulary.from_texts(pair[side] for pair in train) for side in (0, 1))
    return Data(train, test, source, target, settings.reverse)


def build_seq2seq(settings: Settings, data: Data) -> Seq2Seq:
    """Chapter 03's model for this data."""
    return Seq2Seq(Seq2SeqConfig(len(data.source), len(data.target), settings.embedding, settings.hidden))


def train(model: torch.nn.Module, examples: Sequence[Any], settings: Settings, seed: int = 0) -> Iterator[Step]:
    """Train on (source, target) ids, on the CPU also where a GPU is, so that verdicts do not depend on the machine."""
    batches = BucketedBatches(examples, settings.batch, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.rate)
    rates = schedule(optimizer, warmup_linear(settings.warmup, settings.steps))
    plan = Plan(epochs=-(-settings.steps // len(batches)), steps=settings.steps, device="cpu")
    return fit(model, TranslationLoss(), batches, optimizer, plan, scheduler=rates)


def by_length(model: Any, data: Data, edges: tuple[int, ...] = LENGTHS) -> list[dict[str, float]]:
    """Test scores for each length group: tokens right under teacher forcing and running free, whole sentences, BLEU."""
    model.eval()
    rows = []
    for low, high in pairwise(edges):
        pairs = [pair for pair in data.test if low <= len(pair[0]) < high]
        source, target = (pad(column) for column in zip(*data.encode(pairs), strict=True))
        free = greedy(model, source, max_length=2 * high)
        written, right = ([" ".join(data.target.decode(row)) for row in ids.tolist()] for ids in (free, target))
        rows.append(
            {
                "from": low,
                "to": high - 1,
                "sentences": len(pairs),
                "teacher forcing": _mean(metrics.token_accuracy(forced(model, source, target), target)),
                "free running": _mean(metrics.token_accuracy(free, target)),
                "whole sentence": _mean(metrics.exact_match(free, target)),
                "bleu": round(metrics.bleu(written, right).value, 2),
            }
        )
    return rows


def recall(
    model: Any, data: Data, lengths: Sequence[int] = PROBED, learned: int = 3_000, held_out: int = 500
) -> list[dict[str, float]]:
    """How many words of a sentence a linear probe reads back from the context vector, word by word.

    For sentences of exactly each length and each place in them one multinomial logistic regression, context (N, H) ->
    word, fitted on training sentences and scored on test sentences. The baseline answers the commonest word there.
    """
    rows = []
    for length in lengths:
        fit_x, fit_words = _contexts(model, data, lab.sentences(learned, length, (length, length), part="train"))
        x, words = _contexts(model, data, lab.sentences(held_out, length, (length, length), part="test"))
        for place in range(length):
            weights = _fit_probe(fit_x, fit_words[:, place], len(data.source))
            found = (x @ weights).argmax(dim=1) == words[:, place]
            guessed = words[:, place] == fit_words[:, place].mode().values
            row = {"probe": _mean(found.float()), "commonest word": _mean(guessed.float())}
            rows.append({"length": length, "word": place + 1} | row)
    return rows


@torch.no_grad()
def _contexts(model: Any, data: Data, sentences: list[lab.Sentence]) -> tuple[Tensor, Tensor]:
    """Context vectors with a constant (N, H+1), and the words of the sentences (N, length)."""
    model.eval()
    vectors = model.encoder.context(pad([data.read(sentence.english) for sentence in sentences]))
    words = torch.tensor([data.source.encode(sentence.english)[:-1] for sentence in sentences])
    return torch.nn.functional.pad(vectors, (0, 1), value=1.0), words


def _fit_probe(x: Tensor, words: Tensor, vocabulary: int) -> Tensor:
    """Logistic regression by L-BFGS with a little weight decay: x (N, H+1), words (N,) -> weights (H+1, V)."""
    weights = torch.zeros(x.shape[1], vocabulary, requires_grad=True)

    def loss() -> Tensor:
        return torch.nn.functional.cross_entropy(x @ weights, words) + 1e-4 * weights.square().sum()

    minimise([weights], loss, steps=25)
    return weights.detach()


def _mean(values: Tensor) -> float:
    return round(float(values.mean()), 4)


@dataclass(frozen=True)
class Sweep:
    """Variants of the settings, each trained once a seed."""

    base: Settings = field(default_factory=Settings)
    variants: dict[str, dict[str, Any]] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0, 1, 2)


def sweep(run: Run, build: Callable[[Settings, Data], Any], measures: Measures) -> None:
    """Train every variant on every seed and record each measure's rows, marked with variant and seed."""
    plan: Sweep = run.settings
    done = run.memory.setdefault("done", [])
    for name, changes in plan.variants.items():
        for seed in plan.seeds:
            if [name, seed] in done:
                continue
            settings = replace(plan.base, **changes)
            data = prepare(settings, seed)
            torch.manual_seed(seed)
            model = build(settings, data)
            last = [step.loss for step in train(model, data.encode(data.train), settings, seed)][-100:]
            mark = {"variant": name, "seed": seed}
            run.memory.setdefault("loss", []).append(mark | {"loss": round(sum(last) / len(last), 4)})
            for measure, function in measures.items():
                run.memory.setdefault(measure, []).extend(mark | row for row in function(model, data))
            done.append([name, seed])
            run.remember()
    run.found["curves"] = {name: run.memory[name] for name in ("loss", *measures)}
    run.found["sizes"] = asdict(plan.base) | {"test lengths": f"{LENGTHS[0]} to {LENGTHS[-1] - 1} words"}
    run.found["seeds"] = list(plan.seeds)


EXPERIMENTS = {"seq2seq": partial(sweep, build=build_seq2seq, measures={"by length": by_length, "recall": recall})}
_VARIANTS: dict[str, dict[str, Any]] = {
    "128 units": {},
    "128 units, reversed": {"reverse": True},
    "64 units": {"hidden": 64},
    "256 units": {"hidden": 256},
    "128 units, twice the steps": {"steps": 3_000},
}
_TINY = Settings(pairs=500, tests=400, hidden=16, steps=3, warmup=1)
PRESETS = {
    "seq2seq": {
        "smoke": Sweep(_TINY, {"128 units": {}}, (0,)),
        "cpu": Sweep(Settings(), _VARIANTS),
    }
}
