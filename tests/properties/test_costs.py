"""The costs of training: formulas against what papers publish, what the library counts, and what traffic adds up to."""

from __future__ import annotations

import pytest

from utils.training.costs import days, state_bytes, traffic, training_operations

# Brown et al. 2020 (arXiv 2005.14165), table D.1: parameters in millions, total operations; 300 billion tokens each.
GPT3 = [(125, 2.25e20), (1_320, 2.38e21), (6_660, 1.20e22), (12_850, 2.31e22), (174_600, 3.14e23)]


@pytest.mark.parametrize(("millions", "published"), GPT3)
def test_operations_are_those_of_the_gpt3_paper(millions, published) -> None:
    assert training_operations(millions * 1e6, 300e9) == pytest.approx(published, rel=0.01)


def test_days_are_those_of_a_published_cluster() -> None:
    """Narayanan et al. 2021 (arXiv 2104.04473), section 5.1: 175 billion, 1,024 A100 at 140e12 a second, 34 days."""
    work = training_operations(175e9, 300e9, recompute=True)
    assert days(work, 1_024, 312e12, 140 / 312) == pytest.approx(34, abs=0.5)


@pytest.mark.parametrize(("shards", "gigabytes"), [(1, 120), (64, 1.9)])
def test_memory_is_that_of_the_zero_paper(shards, gigabytes) -> None:
    """Rajbhandari et al. 2020, figure 1: 7.5 billion parameters, on every GPU and in 64 shares."""
    assert state_bytes(7.5e9, shards) / 1e9 == pytest.approx(gigabytes, rel=0.02)


@pytest.mark.parametrize("processes", [1, 2, 3, 8])
def test_traffic_is_what_a_ring_sends(processes) -> None:
    """Count the pieces: in P - 1 rounds each process hands on one P-th; to sum, then to hand out the sums."""
    numbers = 840
    piece = 4 * numbers / processes
    rounds = sum(piece for _ in range(processes - 1))
    assert traffic(numbers, processes) == pytest.approx(2 * rounds)
    assert traffic(numbers, processes, sharded=True) == pytest.approx(3 * rounds)
    assert traffic(numbers, processes, width=2) == pytest.approx(rounds)


@pytest.mark.parametrize(
    ("call", "message"),
    [(lambda: training_operations(0, 1), "parameters 0"), (lambda: state_bytes(1, 0), "shards 0"),
     (lambda: days(1, 1, 1, 1.5), "share 1.5"), (lambda: traffic(1, -1), "processes -1")],
)  # fmt: skip
def test_what_cannot_be_is_refused(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()
