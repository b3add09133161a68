"""Both sides of every race do the same work, or the race would prove nothing."""

from __future__ import annotations

import pytest
import torch

from tests.benchmarks import gpt, recurrent, translation
from tests.benchmarks.race import Race, run


@pytest.mark.parametrize("module", [recurrent, translation, gpt], ids=lambda module: module.__name__.split(".")[-1])
def test_contender_and_peer_compute_the_same(module, monkeypatch):
    if module is gpt:
        pytest.importorskip("transformers")
    monkeypatch.setenv("COURSE_STATIC", "1")
    torch.manual_seed(0)
    races = module.races(tiny=True)
    assert len({race.name for race in races}) == len(races)
    for race in races:
        for turn in range(3):  # a step of training changes the weights, so that later turns see the gradients
            ours, theirs = race.ours(), race.theirs()
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5, msg=f"{race.name}, turn {turn}")


def test_a_slower_contender_has_a_lower_ratio():
    small, large = torch.ones(4, 4), torch.ones(400, 400)
    race = Race("large", "small", lambda: large @ large, lambda: small @ small)
    outcome = run(race, seconds=0.0, least=5)
    assert outcome.turns == 5
    assert outcome.ratio < 1
    assert outcome.theirs < outcome.ours
