"""The mean of checkpoints, against torch's running average and by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from utils.training.averaging import average


def network(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    net(torch.randn(5, 3))
    return net


def test_the_average_is_that_of_torch() -> None:
    nets = [network(seed) for seed in range(5)]
    reference = torch.optim.swa_utils.AveragedModel(nets[0], use_buffers=True)
    for net in nets:
        reference.update_parameters(net)
    for name, tensor in average(net.state_dict() for net in nets).items():
        torch.testing.assert_close(tensor, reference.module.state_dict()[name])


def test_states_stay_as_they_are_and_counters_come_from_the_last() -> None:
    weights = [torch.tensor([1.0, 2.0]), torch.tensor([2.0, 6.0])]
    states = [{"w": w, "n": torch.tensor(n)} for w, n in zip(weights, (3, 7), strict=True)]
    found = average(states)
    assert found["w"].tolist() == [1.5, 4.0]
    assert found["n"].item() == 7
    assert [w.tolist() for w in weights] == [[1.0, 2.0], [2.0, 6.0]]


def test_half_precision_is_added_in_single() -> None:
    """3,000 ones in float16 would stop at 2,048."""
    found = average({"w": torch.ones(1, dtype=torch.float16)} for _ in range(3000))
    assert found["w"].dtype == torch.float16
    assert found["w"].item() == 1.0


@pytest.mark.parametrize(
    ("states", "message"),
    [
        ([], "no checkpoint"),
        ([{"w": torch.zeros(2)}, {"v": torch.zeros(2)}], r"checkpoint 2 differs .*\['v', 'w'\]"),
        ([{"w": torch.zeros(2)}, {"w": torch.zeros(3)}], r"checkpoint 2 differs .*\['w'\]"),
    ],
)
def test_what_does_not_fit_together_is_refused(states, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        average(states)
