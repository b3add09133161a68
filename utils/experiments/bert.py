"""BERT with real pretrained weights: that our code gives their states, and what they are worth with few labels.

python -m utils.experiments bert/sst2 --preset cpu
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from utils.experiments import minilm
from utils.experiments.run import Run
from utils.experiments.senses import Senses, senses
from utils.experiments.sentiment_bert import sst2
from utils.experiments.sentiment_tuning import Tuning


@dataclass(frozen=True)
class Sentences:
    """The texts whose states are compared."""

    texts: tuple[str, ...] = minilm.SENTENCES


def parity(run: Run) -> None:
    """Layer by layer against transformers, in both precisions."""
    from importlib import metadata

    found = minilm.parity(run.settings.texts)
    worst = {
        kind: max(row["difference"] for row in found if row["precision"] == kind) for kind in ("float32", "float64")
    }
    run.found |= {
        "curves": {"layers": found},
        "metrics": {f"largest relative difference, {kind}": value for kind, value in worst.items()},
        "samples": [{"text": text} for text in run.settings.texts],
        "notes": [*minilm.NOTES, f"reference: BertModel of transformers {metadata.version('transformers')}"],
    }


EXPERIMENTS = {"parity": parity, "sst2": sst2, "senses": senses}
_TINY: dict[str, Any] = {"batch": 4, "steps": 3, "epochs": 1, "sentences": 40}
PRESETS: dict[str, dict[str, Any]] = {
    "parity": {"smoke": Sentences(minilm.SENTENCES[:2]), "cpu": Sentences()},
    "sst2": {
        "smoke": Tuning(1e-4, (20, None), (0,), tiny=(8, 1, 2), **_TINY),
        "cpu": Tuning(1e-4, control=(100, None)),
    },
    "senses": {"smoke": Senses(2, 4, 12, (0,)), "cpu": Senses()},
}
