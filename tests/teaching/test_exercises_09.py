"""The exercises of chapter 09: their solutions are what the package computes."""

import pytest
import torch
from torch import nn

from utils.models import grouped_query
from utils.models.gpt import GPT, GPTConfig
from utils.models.lora import LoRALinear, trained, with_lora
from utils.models.places import rotate
from utils.teaching.exercises import exercises, find
from utils.training import group_policy


def test_chapter_09_has_its_five():
    assert [exercise.id for exercise in exercises("09")] == [f"9.{k}" for k in range(1, 6)]


def test_so_many_numbers_train_in_a_gpt():
    model = with_lora(GPT(GPTConfig(20, 8, layers=2, heads=2, width=16)), ["c_attn"], 3)
    count, share = find("9.1").solution([(48, 16)] * 2, 3)
    assert count == trained(model)
    assert share == pytest.approx(count / (2 * 48 * 16))


def test_the_merged_matrix_is_the_packages():
    linear = LoRALinear(nn.Linear(6, 5), 2, alpha=8.0)
    nn.init.normal_(linear.B)
    found = find("9.2").solution(linear.frozen.weight, linear.A, linear.B, 8.0)
    assert torch.allclose(found, linear.merged().weight, atol=1e-6)


@pytest.mark.parametrize("place", [0, 1, 17])
def test_the_turn_is_the_packages(place):
    x = torch.randn(8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert find("9.3").solution(x.tolist(), place) == pytest.approx(rotate(x[None], torch.tensor([place]))[0].tolist())


def test_the_cache_is_the_packages_and_that_of_a_large_model():
    sizes = grouped_query.SmallConfig(10, width=32, layers=3, heads=4, groups=2)
    assert find("9.4").solution(3, 4, 2, 32, 11) == grouped_query.cache_bytes(sizes, 11)
    large = [find("9.4").solution(80, 64, groups, 8192, 4096) / 1e9 for groups in (8, 64)]
    assert [round(size, 1) for size in large] == [1.3, 10.7]


def test_the_advantages_are_the_packages():
    rewards = [[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 0.0], [1.0, 1.0, 1.0, 1.0]]
    expected = group_policy.group_advantages(torch.tensor(rewards, dtype=torch.float64), epsilon=0.0).nan_to_num(0.0)
    assert torch.allclose(torch.tensor(find("9.5").solution(rewards), dtype=torch.float64), expected)
