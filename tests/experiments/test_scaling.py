"""One process against two on this machine: the ways compute the same, and each process keeps what it should."""

from __future__ import annotations

import pytest

from utils.experiments import scaling


@pytest.mark.slow
def test_the_ways_compute_the_same_and_sharding_halves_what_is_kept(smoke) -> None:
    record = smoke("scaling/processes")
    rows = {row["way"]: row for row in record.curves["ways"]}
    one, two, sharded = (rows[way] for way in scaling.LAUNCHERS)
    assert [row["processes"] for row in rows.values()] == [1, 2, 2]
    assert two["loss"] == pytest.approx(one["loss"], abs=2e-5)
    assert sharded["loss"] == pytest.approx(one["loss"], abs=2e-5)
    assert one["bytes a parameter"] == two["bytes a parameter"] == 16  # weights, gradients, two moments
    assert sharded["bytes a parameter"] == pytest.approx(8, rel=0.05)
    for row in rows.values():
        assert 0 < row["lowest"] <= row["steps a second"] <= row["highest"]
    assert record.metrics["seconds to sum all gradients once"] > 0


def test_a_way_that_fails_says_why(tmp_path) -> None:
    plan = scaling.Processes(width=7)  # does not split into four heads
    with pytest.raises(RuntimeError, match=r"(?s)_timed_steps.* failed.*width 7 does not split into 4 heads"):
        scaling.launched((), plan, tmp_path / "steps.json")


def test_a_row_takes_the_median_step_of_each_round() -> None:
    rounds = [
        {"seconds": [0.5, 0.5, 9.0], "processor": 0.4, "bytes": 160, "parameters": 10, "loss": 1.0},
        {"seconds": [0.25, 0.25, 0.25], "processor": 0.2, "bytes": 160, "parameters": 10, "loss": 1.0},
        {"seconds": [1.0, 1.0, 1.0], "processor": 0.3, "bytes": 160, "parameters": 10, "loss": 1.0},
    ]
    found = scaling.row("one process", rounds)
    assert (found["lowest"], found["steps a second"], found["highest"]) == (1, 2, 4)
    assert found["processor seconds a step"] == 0.3
