"""GPT-2's speed ladder on a CPU: every rung trains the same model, and the work is counted right."""

from __future__ import annotations

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from utils.experiments import gpt_speed
from utils.experiments.gpt_speed import RUNGS, GPTLadder, climb, operations, sizes
from utils.models.gpt import GPT, GPTConfig

SMALL = GPTLadder(16, 2, 2, 101, 12, 3, 1, peak=1e9)


def test_every_rung_computes_the_same_first_loss() -> None:
    rows = [climb(SMALL, RUNGS[: k + 1], "cpu") for k in range(4)]
    for row in rows:
        assert row["first loss"] == pytest.approx(rows[0]["first loss"], rel=0.01)
        assert row["tokens a second"] == pytest.approx(3 * 12 / row["milliseconds"] * 1000, rel=0.02)
        work = operations(sizes(SMALL, RUNGS[:1])[0], 3)
        assert row["share of the peak"] == pytest.approx(work / row["milliseconds"] * 1000 / 1e9, rel=0.05)


def test_the_work_is_what_the_library_counts() -> None:
    config = GPTConfig(101, 12, 2, 2, 16, pad=-1)
    text = torch.randint(0, 101, (3, 13))
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        gpt_speed.next_token(GPT(config), text).backward()
    assert counter.get_total_flops() == pytest.approx(operations(config, 3), rel=0.02)


def test_sizes_follow_the_rungs() -> None:
    assert sizes(SMALL, RUNGS)[0].vocabulary == 128
    assert sizes(SMALL, RUNGS)[1] == 12
    assert sizes(SMALL, RUNGS[:5])[0].vocabulary == 101


def test_the_model_is_gpt2_with_124_million_parameters() -> None:
    with torch.device("meta"):
        model = GPT(sizes(GPTLadder(), ("float32",))[0])
    assert sum(p.numel() for p in model.parameters()) == 124_439_808


def test_an_unknown_rung_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\['magic'\] are unknown; there are: float32"):
        GPTLadder(rungs=("magic",))


def test_the_command_climbs_the_rungs_of_a_cpu(smoke) -> None:
    record = smoke("gpt/speed_ladder")
    assert [row["rung"] for row in record.curves["rungs"]] == list(record.config["rungs"])
