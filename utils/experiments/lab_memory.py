"""How far back does each recurrent cell remember? A name, some other words, a question mark: which name was it?

    python -m utils.experiments lab_memory/distances

The same nets learn it at one distance after the other (what can be learned: Bengio, Simard and Frasconi 1994, "Learning
long-term dependencies with gradient descent is difficult") or at all distances mixed, and the gradient of the loss is
measured at every word that was read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from utils.data.tokens import Vocabulary
from utils.experiments.run import Run
from utils.models.rnn_heads import Classifier, RecurrentConfig
from utils.training.trainer import Plan, fit

CHAPTERS = {"distances": "01"}
NAMES = ("ali", "amina", "ben", "clara", "hugo", "maria", "sara", "tom")
OTHERS = (
    *("a", "an", "the", "this", "that", "and", "or", "not", "sees", "hears", "likes", "wants"),
    *("has", "finds", "cat", "dog", "horse", "cake", "red", "small", "old", "two", "here", "today"),
)
WORDS = Vocabulary((*NAMES, *OTHERS, "?"))
CHANCE = 1 / len(NAMES)
RECALLS = 0.9  # a net recalls at a distance if it names this share of the names


@dataclass(frozen=True)
class Settings:
    """One training: at most `steps` batches of `batch` sequences; it ends early when `solved` nats are reached."""

    embedding: int = 16
    hidden: int = 32
    steps: int = 500
    batch: int = 64
    rate: float = 3e-3
    solved: float = 0.02


def sequences(count: int, distance: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """`count` times a name, `distance` other words, "?": ids (count, distance + 2), and which name, (count,)."""
    name = torch.randint(len(NAMES), (count,), generator=generator)
    others = torch.randint(len(OTHERS), (count, distance), generator=generator)
    ids = torch.tensor(WORDS.encode([*NAMES, *OTHERS, "?"])[:-1])
    ask = ids[-1].expand(count, 1)
    return torch.cat([ids[name][:, None], ids[len(NAMES) :][others], ask], dim=1), name


class Recall:
    """Endless batches, each of one distance that is drawn from `distances`."""

    def __init__(self, distances: Sequence[int], batch: int, steps: int, seed: int = 0):
        self.distances, self.batch, self.steps, self.seed = list(distances), batch, steps, seed

    def __len__(self) -> int:
        return self.steps

    def epoch(self, number: int, skip: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of an epoch, from batch `skip` on."""
        generator = torch.Generator().manual_seed(1_000 * self.seed + number)
        for step in range(self.steps):
            distance = self.distances[int(torch.randint(len(self.distances), (1,), generator=generator))]
            batch = sequences(self.batch, distance, generator)
            if step >= skip:
                yield batch


def _loss(model: Any, batch: tuple[Tensor, ...]) -> tuple[Tensor, int]:
    words, name = batch
    return F.cross_entropy(model(words), name), len(name)


def build(cell: str, settings: Settings, seed: int = 0, forget_bias: float | None = None) -> Classifier:
    """An untrained net: "RNN", "LSTM" or "GRU"; `forget_bias` opens an LSTM's forget gates from the start."""
    torch.manual_seed(seed)
    model = Classifier(RecurrentConfig(len(WORDS), len(NAMES), cell, settings.embedding, settings.hidden))
    if forget_bias is not None:
        if cell != "LSTM":
            raise ValueError(f"a forget bias of {forget_bias} for {cell!r}: only the LSTM has a forget gate")
        forget = slice(settings.hidden, 2 * settings.hidden)  # torch's order of the gates: i, f, g, o
        with torch.no_grad():
            model.net.net.bias_ih_l0[forget] = forget_bias
            model.net.net.bias_hh_l0[forget] = 0.0
    return model


def train(model: Classifier, distances: Sequence[int], settings: Settings, seed: int = 0) -> int:
    """Train at these distances until the mean loss of 25 batches is below `solved`: how many steps it took."""
    batches = Recall(distances, settings.batch, settings.steps, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.rate)
    last: list[float] = []
    for step in fit(model, _loss, batches, optimizer, Plan(device="cpu")):
        last = [*last[-24:], step.loss]
        if len(last) == 25 and sum(last) / 25 < settings.solved:
            break
    return step.number


@torch.no_grad()
def accuracy(model: Classifier, distance: int, count: int = 500) -> float:
    """Share of fresh sequences of this distance whose name the model finds; a guess finds an eighth."""
    model.eval()
    words, name = sequences(count, distance, torch.Generator().manual_seed(10_000 + distance))
    return round(float((model(words).argmax(dim=1) == name).float().mean()), 4)


def learned_at(
    cell: str, distances: Sequence[int], settings: Settings, seed: int = 0, forget_bias: float | None = None
) -> list[dict[str, Any]]:
    """A fresh net for each distance, from the shortest on, trained and tested at it; it ends after two that fail."""
    rows: list[dict[str, Any]] = []
    for distance in distances:
        model = build(cell, settings, seed, forget_bias)
        steps = train(model, [distance], settings, seed)
        rows.append({"distance": distance, "accuracy": accuracy(model, distance), "steps": steps})
        if all(row["accuracy"] < RECALLS for row in rows[-2:]) and len(rows) > 1:
            break
    return rows


def horizon(rows: Sequence[dict[str, Any]]) -> int:
    """The largest distance up to which every tested one is recalled; 0 if not even the first one is."""
    reached = 0
    for row in rows:
        if row["accuracy"] < RECALLS:
            break
        reached = row["distance"]
    return reached


def gradients(model: Classifier, distance: int, count: int = 200) -> list[float]:
    """Norm of d loss / d embedding of the word k steps before the last one, for k = 0 to distance + 1, batch mean."""
    model.eval()
    words, name = sequences(count, distance, torch.Generator().manual_seed(20_000 + distance))
    vectors = model.embedding(words).detach().requires_grad_()
    states, _ = model.net(vectors)
    loss = F.cross_entropy(model.output(states[:, -1]), name, reduction="sum")
    (gradient,) = torch.autograd.grad(loss, vectors)
    return gradient.norm(dim=-1).mean(dim=0).flip(0).tolist()  # (T,)


@dataclass(frozen=True)
class Sweep:
    """The distances to learn one by one, and those to learn mixed and test at.

    Seeds 0 to 2 served to choose sizes and thresholds, so verdicts rest on others.
    """

    base: Settings = field(default_factory=Settings)
    mixed: Settings = field(default_factory=lambda: Settings(steps=1_000))
    distances: tuple[int, ...] = (2, 4, 6, 8, 12, 16, 24, 32, 48, 64)
    longest: int = 40
    tested: tuple[int, ...] = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256)
    seeds: tuple[int, ...] = (3, 4, 5, 6)


VARIANTS: dict[str, tuple[str, float | None]] = {
    "RNN": ("RNN", None),
    "LSTM": ("LSTM", None),
    "GRU": ("GRU", None),
    "LSTM, forget bias 1": ("LSTM", 1.0),
    "LSTM, forget bias 3": ("LSTM", 3.0),
}


def mixed(cell: str, plan: Sweep, seed: int, bias: float | None = None) -> tuple[list[Any], list[Any]]:
    """Train at all distances from 0 to `longest` at once: accuracy at the tested ones, gradients before and after."""
    model = build(cell, plan.mixed, seed, bias)
    faded = [{"training": "before", "gradients": gradients(model, plan.longest)}]
    steps = train(model, range(plan.longest + 1), plan.mixed, seed)
    faded.append({"training": "after", "gradients": gradients(model, plan.longest)})
    return [{"distance": d, "accuracy": accuracy(model, d), "steps": steps} for d in plan.tested], faded


def distances(run: Run) -> None:
    """Every variant on every seed: learned at one distance, learned at all of them, gradients."""
    plan: Sweep = run.settings
    done = run.memory.setdefault("done", [])
    for seed in plan.seeds:
        for name, (cell, bias) in VARIANTS.items():
            if [name, seed] in done:
                continue
            mark = {"variant": name, "seed": seed}
            rows = learned_at(cell, plan.distances, plan.base, seed, bias)
            run.memory.setdefault("one distance", []).extend(mark | row for row in rows)
            run.memory.setdefault("horizon", []).append(mark | {"words": horizon(rows)})
            scores, faded = mixed(cell, plan, seed, bias)
            run.memory.setdefault("all distances", []).extend(mark | row for row in scores)
            run.memory.setdefault("gradients", []).extend(
                mark | row | {"gradients": [float(f"{value:.3g}") for value in row["gradients"]]} for row in faded
            )
            done.append([name, seed])
            run.remember()
    run.found["curves"] = {name: run.memory[name] for name in ("one distance", "horizon", "all distances", "gradients")}
    run.found["sizes"] = asdict(plan.base) | {"names": len(NAMES), "longest distance": plan.distances[-1]}
    run.found["seeds"] = list(plan.seeds)


EXPERIMENTS = {"distances": distances}
_TINY = Settings(hidden=8, steps=3)
PRESETS = {"distances": {"smoke": Sweep(_TINY, _TINY, (1, 2), 4, (0, 2), (0,)), "cpu": Sweep()}}
