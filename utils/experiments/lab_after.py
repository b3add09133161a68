"""Chapter 09's sweeps: what came after, on three seeds each.

    python -m utils.experiments lab_after/lora     tuning by few numbers, beside full tuning and as few elsewhere
    python -m utils.experiments lab_after/places   kinds of places, on texts longer than any before
    python -m utils.experiments lab_after/heads    heads that share keys and values, beside a smaller model
    python -m utils.experiments lab_after/grpo     learning from right and wrong, beside rewards dealt out at random

The functions stand in the modules `lab_after_*`; the chapter calls them once, these sweeps for every seed. Settings and
thresholds were chosen on other seeds than those recorded.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from utils import pretrained
from utils.experiments import lab_after_grpo as sums
from utils.experiments import lab_after_heads as heads
from utils.experiments import lab_after_lora as lora
from utils.experiments import lab_after_places as places
from utils.experiments.run import Run
from utils.models.grouped_query import cache_bytes
from utils.models.lora import trained

CHAPTERS = {"lora": "09", "places": "09", "heads": "09", "grpo": "09"}
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Sweep:
    """The settings of one question, and its seeds."""

    base: Any
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True)
class LoraSweep(Sweep):
    """LoRA, with further ranks that are tried on the first seed."""

    ranks: tuple[int, ...] = (1, 16)


def lora_rows(plan: LoraSweep, seed: int) -> Rows:
    """Loss on the new text before and after, by way; also ranks of LoRA on the first seed."""
    writer = pretrained.writer("gpt/real_text")
    text = lora.prepare(writer, plan.base, seed)
    begun = lora.test_loss(writer.model, text)
    rows: Rows = [{"way": "as it was", "trained": 0, "loss": round(begun, 4)}]
    ways = [(way, plan.base.rank) for way in lora.WAYS]
    ways += [(lora.LORA, rank) for rank in plan.ranks] if seed == plan.seeds[0] else []
    for way, rank in ways:
        settings = replace(plan.base, rank=rank)
        model = lora.start(writer.model, way, settings, seed)
        for _ in lora.train(model, text, settings.rates[way], settings, seed):
            pass
        row = {"way": way, "trained": trained(model), "loss": round(lora.test_loss(model, text), 4)}
        rows.append(row | ({"rank": rank} if way == lora.LORA else {}))
    return rows


def place_rows(plan: Sweep, seed: int) -> Rows:
    """Letters named rightly within the trained length and beyond, by kind of places."""
    rows: Rows = []
    for kind in places.KINDS:
        right = places.right_by_place(places.train(kind, plan.base, seed), plan.base, seed)
        rows.append(
            {"places": kind} | places.summary(right, plan.base) | {"right": [round(float(x), 3) for x in right]}
        )
    return rows


def head_rows(plan: Sweep, seed: int) -> Rows:
    """Loss on the test sentences, parameters and bytes of the cache, by groups; and of a smaller model."""
    lines = heads.prepare(plan.base, seed)
    rows: Rows = []
    for name, config in heads.models(plan.base, lines).items():
        begun = time.process_time()
        model = heads.train(config, plan.base, lines, seed)
        found = {"parameters": pretrained.parameters(model), "cache, bytes a word": cache_bytes(config, 1, 4)}
        loss = {"loss": round(heads.test_loss(model, lines), 4), "seconds": round(time.process_time() - begun, 1)}
        rows.append({"model": name, "groups": config.groups} | found | loss)
    return rows


def grpo_rows(plan: Sweep, seed: int) -> Rows:
    """Sums right before and after, greedy and drawn: more of the same demonstrations, GRPO, rewards at random."""
    settings, part = plan.base, sums.prepare(plan.base, seed)
    start = sums.shown(sums.seeded(settings, seed), settings, part, settings.steps, seed)
    more = sums.shown(start, settings, part, settings.iterations * settings.epochs, seed + 1)
    found: list[tuple[str, Any, list[float]]] = [("demonstrations", start, []), ("more of the same", more, [])]
    for name, dealt in (("GRPO", False), ("rewards at random", True)):
        policy = copy.deepcopy(start)
        found.append((name, policy, list(sums.grpo(policy, settings, part, seed, dealt))))
    rows: Rows = []
    for name, model, curve in found:
        drawn = sums.accuracy(model, part.test, torch.Generator().manual_seed(seed))
        row = {"model": name, "test, greedy": sums.accuracy(model, part.test), "test, drawn": drawn}
        row |= {"demonstrated, greedy": sums.accuracy(model, part.shown)}
        row = {key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()}
        rows.append(row | ({"while learning": [round(x, 3) for x in curve]} if curve else {}))
    return rows


def _experiment(rows_of: Callable[[Any, int], Rows]) -> Callable[[Run], None]:
    def experiment(run: Run) -> None:
        plan: Sweep = run.settings
        run.over(plan.seeds, lambda seed: {"results": rows_of(plan, seed)})
        run.found["sizes"] = {k: v for k, v in asdict(plan.base).items() if isinstance(v, int)}

    experiment.__doc__ = rows_of.__doc__
    return experiment


EXPERIMENTS = {
    "lora": _experiment(lora_rows),
    "places": _experiment(place_rows),
    "heads": _experiment(head_rows),
    "grpo": _experiment(grpo_rows),
}
_FEW_SUMS = sums.SumSettings(demonstrations=20, steps=3, tests=20, iterations=2, questions=4, group=3)
PRESETS: dict[str, dict[str, Sweep]] = {
    "lora": {
        "smoke": LoraSweep(lora.LoraSettings(sentences=20, tests=4, steps=2, batch=2), (0,), ()),
        "cpu": LoraSweep(lora.LoraSettings()),
    },
    "places": {
        "smoke": Sweep(places.PlaceSettings(longest=80, steps=2, batch=4, tests=4), (0,)),
        "cpu": Sweep(places.PlaceSettings()),
    },
    "heads": {
        "smoke": Sweep(heads.HeadSettings(sentences=60, tests=10, steps=2, batch=4), (0,)),
        "cpu": Sweep(heads.HeadSettings()),
    },
    "grpo": {"smoke": Sweep(_FEW_SUMS, (0,)), "cpu": Sweep(sums.SumSettings())},
}
