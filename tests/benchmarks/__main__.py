"""`make bench`: one table, ours against the peer, and one line of JSON. Ratios hold elsewhere, seconds do not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from tests.benchmarks import gpt, recurrent, translation
from tests.benchmarks.race import Race, run
from utils import runtime

SAME_CALL = "both call the same kernel of torch on the same numbers: what differs is noise"
SHARED = (
    "what both must do word by word (GRU, tanh, context) stands beside what d2l's way repeats; at 30 source words "
    "the repeated projection of the keys is less than two thirds of its time"
)
# Why a row may lie below its goal.
REASONS: dict[str, str] = {
    "RNN, training pass": SAME_CALL,
    "LSTM, training pass": SAME_CALL,
    "GRU, training pass": SAME_CALL,
    "GRU both ways, ragged": SAME_CALL,
    "AWD-LSTM, no dropout": "each layer is the same kernel of torch as the peer's: what differs is noise",
    "GPT, training step (b)": "the same operations of torch, one by one, in the same loop: what differs is noise",
    "attention decoder, training": SHARED,
    "attention decoder, training (b)": SHARED,
    "attention decoder, greedy": SHARED,
}
HEAD = f"{'ours':36s} {'peer':38s} {'ours ms':>9s} {'peer ms':>9s} {'ratio':>6s} {'goal':>5s}"


def imports() -> Race:
    """Fresh processes that import everything a model needs, or torch alone."""
    modules = "utils, utils.decoding, utils.models.gpt, utils.models.transformer, utils.training.trainer"

    def importing(what: str) -> Callable[[], Tensor]:
        def process() -> Tensor:
            subprocess.run([sys.executable, "-c", f"import {what}"], check=True)
            return torch.empty(0)

        return process

    return Race("import utils, models, trainer", "import torch", importing(modules), importing("torch"), 0.91)


def all_races() -> Iterator[Race]:
    """Every race, made when its turn comes, so that memory stays small."""
    for module in (recurrent, translation, gpt):
        yield from module.races()
    yield imports()


def main() -> None:
    """Run all races and print the table."""
    os.environ["COURSE_STATIC"] = "1"  # the peers show no progress bar either
    runtime.one_thread()
    runtime.seed_everything(0)
    began, ratios = time.perf_counter(), {}
    where = f"{runtime.machine()['name']}, one thread, torch {torch.__version__}"
    print(f"{where}; processor time, ratio = peer / ours\n\n{HEAD}")
    for race in all_races():
        seen = run(race)
        ratios[race.name] = round(seen.ratio, 2)
        times = f"{1000 * seen.ours:9.1f} {1000 * seen.theirs:9.1f}"
        print(f"{race.name:36s} {race.peer:38s} {times} {seen.ratio:6.2f} {race.goal:5.2f}", flush=True)
        if ratios[race.name] < race.goal:
            print(f"    why: {REASONS.get(race.name, 'not known yet: look at it')}", flush=True)
    print(f"\n{len(ratios)} races in {time.perf_counter() - began:.0f} s")
    print(json.dumps({"benchmark": ratios}))


if __name__ == "__main__":
    main()
