"""Rotary places and grouped queries against transformers' Llama, and GRPO's loss against trl's trainer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.parity.test_preferences import gpt2, tokenizer
from tests.parity.tools import agree, both_precisions, compare, draw, randomise
from utils.models.grouped_query import GroupedQueryAttention
from utils.models.places import RotaryPlaces
from utils.training.group_policy import grpo_loss

pytestmark = pytest.mark.reference
transformers = pytest.importorskip("transformers")
D, HEADS, T = 24, 4, 7
NAMES = {"query": "q_proj", "key": "k_proj", "value": "v_proj", "output": "o_proj"}


def exported(weights: Any) -> dict[str, Tensor]:
    """Ours turns neighbouring numbers, Llama's code the two halves of a head, so that its rows stand elsewhere."""
    found = {}
    for name, weight in weights.items():
        part = name.removesuffix(".weight")
        if part in ("query", "key"):
            weight = weight.unflatten(0, (-1, D // HEADS // 2, 2)).transpose(1, 2).flatten(0, 2)
        found[f"{NAMES[part]}.weight"] = weight
    return found


@both_precisions
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_attention_is_llamas(dtype: torch.dtype, groups: int) -> None:
    """Dies with: another group's keys, pairs taken from elsewhere, turned values, a turn against the clock."""
    from transformers.models.llama.modeling_llama import LlamaAttention, LlamaRotaryEmbedding

    config = transformers.LlamaConfig(
        hidden_size=D, num_attention_heads=HEADS, num_key_value_heads=groups, max_position_embeddings=32,
        attn_implementation="sdpa",
    )  # fmt: skip
    theirs = LlamaAttention(config, layer_idx=0).to(dtype)
    ours = randomise(GroupedQueryAttention(D, HEADS, groups)).to(dtype)
    x = draw(2, T, D, dtype=dtype)
    mask = torch.full((1, 1, T, T), torch.finfo(dtype).min, dtype=dtype).triu(1)
    places = torch.arange(T)[None]
    # Its table of turns is always in single precision, so that in double precision it gets ours.
    cosines, sines = LlamaRotaryEmbedding(config)(x.float(), places)
    if dtype == torch.float64:
        rates = 10_000.0 ** (-torch.arange(0, D // HEADS, 2).double() / (D // HEADS))
        angles = (torch.arange(T).double()[:, None] * rates).repeat(1, 2)[None]
        assert torch.allclose(angles.cos().float(), cosines, atol=1e-6)
        cosines, sines = angles.cos(), angles.sin()
    compare(
        "rotary grouped-query attention",
        "transformers LlamaAttention",
        ours,
        theirs,
        exported,
        lambda: [ours(x, RotaryPlaces())],
        lambda: [theirs(x, (cosines, sines), mask)[0]],
    )


def grpo_trainer(folder: Path, logs: Tensor) -> Any:
    """trl's trainer, whose model says the log-probabilities `logs`."""
    trl = pytest.importorskip("trl")
    import datasets

    config = trl.GRPOConfig(
        output_dir=str(folder), use_cpu=True, bf16=False, report_to="none", disable_tqdm=True, loss_type="grpo",
        use_bias_correction_kl=False,
        beta=0.0, epsilon=0.2, num_generations=3, per_device_train_batch_size=3, max_completion_length=4,
    )  # fmt: skip
    made = trl.GRPOTrainer(
        model=gpt2("GPT2LMHeadModel", 0),
        reward_funcs=lambda completions, **_: [0.0] * len(completions),
        args=config,
        processing_class=tokenizer(),
        train_dataset=datasets.Dataset.from_dict({"prompt": ["w5"] * 3}),
    )
    made.beta = 0.04  # not before: it would look for the reference under the model's name
    made.current_gradient_accumulation_steps = 1
    made._get_per_token_logps_and_entropies = lambda *_, **__: (logs, torch.zeros_like(logs), None)
    return made


def test_grpo_is_trls(tmp_path: Path) -> None:
    """Dies with: a mean over all tokens, another estimate of the KL, a sign, a clip on the wrong side."""
    new, old, reference = (-2 * torch.rand(3, 4, generator=torch.Generator().manual_seed(k)) for k in range(3))
    advantages, mask = torch.tensor([0.8, -1.1, 0.3]), torch.arange(4) < torch.tensor([4, 2, 1])[:, None]
    new.requires_grad_(True)
    theirs = grpo_trainer(tmp_path, new)
    tokens, whole = torch.full((3, 4), 5), torch.ones(3, 2, dtype=torch.long)
    inputs = {"prompt_ids": 5 * whole, "prompt_mask": whole, "completion_ids": tokens, "completion_mask": mask.long()}
    inputs |= {"advantages": advantages, "old_per_token_logps": old, "ref_per_token_logps": reference}
    losses = grpo_loss(new, old, reference, advantages, mask, 0.2, 0.04), theirs._compute_loss(theirs.model, inputs)
    agree("GRPO loss", "trl GRPOTrainer", *losses)
    agree("GRPO loss", "trl GRPOTrainer", *(torch.autograd.grad(loss, new)[0] for loss in losses))
