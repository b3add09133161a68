"""The speed ladder on a CPU: every rung trains the same model, and leaves the precision as it was."""

from __future__ import annotations

import pytest
import torch

from utils.experiments import speed_ladder
from utils.experiments.speed_ladder import RUNGS, Ladder, climb, sizes

SMALL = Ladder(16, 2, 1, 16, 101, 6, 4, 1)


def test_every_rung_computes_the_same_first_loss() -> None:
    precision = torch.get_float32_matmul_precision()
    rows = [climb(SMALL, RUNGS[: k + 1], "cpu") for k in range(4)]
    assert [row["rung"] for row in rows] == list(RUNGS[:4])
    for row in rows:
        assert row["first loss"] == pytest.approx(rows[0]["first loss"], rel=0.01)
        assert row["tokens a second"] == pytest.approx(4 * 6 / row["milliseconds"] * 1000, rel=0.02)
    assert torch.get_float32_matmul_precision() == precision


def test_sizes_follow_the_rungs() -> None:
    config, count = sizes(SMALL, RUNGS)
    assert (config.target_vocabulary, count) == (128, 16)
    assert sizes(SMALL, RUNGS[:4])[0].target_vocabulary == 101


def test_the_share_of_the_peak_is_the_formula_over_the_time() -> None:
    plan = Ladder(16, 2, 1, 16, 101, 6, 4, 1, peak=1e9)
    row = climb(plan, ("float32",), "cpu")
    work = speed_ladder.operations(sizes(plan, ("float32",))[0], 6, 6, 4)
    assert row["share of the peak"] == pytest.approx(work / row["milliseconds"] * 1000 / 1e9, rel=0.05)


def test_an_unknown_rung_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\['magic'\] are unknown; there are: float32"):
        Ladder(rungs=("magic",))
