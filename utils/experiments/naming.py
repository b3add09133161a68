"""One to many: from "female" or "male" alone, a new first name, letter by letter.

    python -m utils.experiments naming/lstm

The names are cut in three: from the first part nets and n-grams learn to write, from the second a judge learns to tell
the two kinds apart, and the third shows how good the judge is on real names. Names that both kinds bear are left out.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from utils import decoding, pretrained
from utils.data import sources
from utils.data.tokens import Vocabulary
from utils.experiments.labelled import learn, tag_loss
from utils.experiments.run import Run
from utils.models.naive_bayes import NaiveBayes
from utils.models.rnn_heads import LanguageModel, RecurrentConfig

KINDS = ("female", "male")
Name = tuple[str, str]  # letters in small, kind


def names(seed: int = 0) -> tuple[list[Name], list[Name], list[Name]]:
    """Names of one kind only: to write from (60 %), to judge from (30 %), and to test the judge with (10 %)."""
    kinds: dict[str, set[str]] = {}
    for name, kind in sources.load("names"):
        kinds.setdefault(name.lower(), set()).add(kind)
    single = [(name, *kind) for name, kind in sorted(kinds.items()) if len(kind) == 1 and name.isalpha()]
    random.Random(f"names {seed}").shuffle(single)
    first, second = int(0.6 * len(single)), int(0.9 * len(single))
    return single[:first], single[first:second], single[second:]  # type: ignore[return-value]


def judge(known: Sequence[Name]) -> Callable[[str], str]:
    """Naive Bayes over one to three letters in a row, with marks for beginning and end; both kinds equally likely."""
    fewest = min(sum(kind == one for _, kind in known) for one in KINDS)
    even = [[name for name, kind in known if kind == one][:fewest] for one in KINDS]
    texts = [tuple(f"^{name}$") for part in even for name in part]
    model = NaiveBayes(3, 0.3).fit(texts, [k for k, part in enumerate(even) for _ in part])
    return lambda name: KINDS[model.predict(tuple(f"^{name}$"))]


@dataclass(frozen=True)
class Naming:
    """Sizes and training of the net, how many names of each kind it writes, and the seeds."""

    embedding: int = 32
    hidden: int = 128
    steps: int = 1_000
    batch: int = 64
    rate: float = 4e-3
    written: int = 500
    seeds: tuple[int, ...] = (0, 1, 2)


def write_by_chance(known: Sequence[Name], count: int, seed: int) -> dict[str, list[str]]:
    """The dumbest writer: letters drawn by how often they stand in such names, as many as a real name has."""
    rng = random.Random(f"letters {seed}")
    drawn = {}
    for kind in KINDS:
        real = [name for name, its in known if its == kind]
        letters = "".join(real)
        drawn[kind] = ["".join(rng.choices(letters, k=len(rng.choice(real)))) for _ in range(count)]
    return drawn


def train(plan: Naming, known: Sequence[Name], letters: Vocabulary, seed: int, told: bool = True) -> LanguageModel:
    """A language model of letters whose first input is the kind; with `told=False` that input is drawn by chance."""
    rng = random.Random(f"told {seed}")
    examples = []
    for name, kind in known:
        ids = letters.encode(list(name))
        first = letters.encode([kind if told else rng.choice(KINDS)])[0]
        examples.append(([first, *ids[:-1]], ids))
    torch.manual_seed(seed)
    config = RecurrentConfig(len(letters), cell="LSTM", embedding=plan.embedding, hidden=plan.hidden)
    model = LanguageModel(config)
    learn(model, tag_loss, examples, plan.steps, plan.rate, plan.batch, seed)
    return model


def write(model: LanguageModel, letters: Vocabulary, count: int, seed: int) -> dict[str, list[str]]:
    """`count` names of each kind, every letter drawn from the model's distribution."""
    found = {}
    for kind in KINDS:
        start = torch.tensor([letters.encode([kind])[:1]] * count)
        ids: Tensor = decoding.sample(model, start, 20, generator=torch.Generator().manual_seed(seed))
        found[kind] = ["".join(letter for letter in letters.decode(row) if len(letter) == 1) for row in ids.tolist()]
    return found


def measure(written: dict[str, list[str]], known: Sequence[Name], verdict: Callable[[str], str]) -> dict[str, float]:
    """Shares in %: names that are new (in no list that was learned from), different, and judged to be of their kind."""
    learned = {name for name, _ in known}
    rows = [(name, kind) for kind, part in written.items() for name in part]
    new = [(name, kind) for name, kind in rows if name not in learned]
    return {
        "new": round(100 * len(new) / len(rows), 1),
        "different": round(100 * len(set(rows)) / len(rows), 1),
        "of their kind, of the new": round(
            100 * sum(verdict(name) == kind for name, kind in new) / max(1, len(new)), 1
        ),
    }


def lstm(run: Run) -> None:
    """Write names by chance, by a net that is told the kind, and by one that is not; let the judge decide."""
    plan: Naming = run.settings
    known, theirs, held_out = names()
    verdict = judge(theirs)
    letters = Vocabulary([*KINDS, *sorted({letter for name, _ in known for letter in name})])
    done, samples = run.memory.setdefault("scores", []), run.memory.setdefault("samples", [])
    real = {kind: [name for name, its in held_out if its == kind] for kind in KINDS}
    if not done:
        done.append({"writer": "parents (held-out names)", "seed": None} | measure(real, known, verdict))
    for seed in plan.seeds:
        writers = {
            "letters by chance": lambda seed=seed: write_by_chance(known, plan.written, seed),
            "LSTM, not told the kind": lambda seed=seed: write(
                train(plan, known, letters, seed, told=False), letters, plan.written, seed
            ),
            "LSTM, told the kind": lambda seed=seed: write(
                train(plan, known, letters, seed), letters, plan.written, seed
            ),
        }
        for writer, draw in writers.items():
            if any(row["writer"] == writer and row["seed"] == seed for row in done):
                continue
            written = draw()
            done.append({"writer": writer, "seed": seed} | measure(written, known, verdict))
            if seed == plan.seeds[0]:
                samples += [{"writer": writer, "kind": k, "names": ", ".join(written[k][:8])} for k in KINDS]
            run.remember()
    run.found |= {"curves": {"scores": done}, "samples": samples, "seeds": list(plan.seeds)}
    run.found["metrics"] = _means(done)
    parts = {"names to write from": len(known), "names to judge from": len(theirs), "held out": len(held_out)}
    size = pretrained.parameters(
        LanguageModel(RecurrentConfig(len(letters), embedding=plan.embedding, hidden=plan.hidden))
    )
    run.found["sizes"] = parts | {"parameters": size}


def _means(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """The mean over the seeds, for each writer."""
    writers = list(dict.fromkeys(row["writer"] for row in rows))
    keys = [key for key in rows[0] if key not in ("writer", "seed")]
    return {
        writer: {key: round(sum(values) / len(values), 1) for key in keys if (values := _of(rows, writer, key))}
        for writer in writers
    }


def _of(rows: Sequence[dict[str, Any]], writer: str, key: str) -> list[float]:
    return [row[key] for row in rows if row["writer"] == writer]


EXPERIMENTS = {"lstm": lstm}
PRESETS = {"lstm": {"smoke": Naming(8, 16, steps=3, written=20, seeds=(0,)), "cpu": Naming()}}
