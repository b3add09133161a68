"""GPT, the reward model and the cache against transformers' GPT-2, whose weights are drawn at random."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor, nn

from tests.parity.tools import agree, both_precisions, compare, randomise
from utils.models.gpt import GPT, load_gpt2
from utils.models.reward import RewardModel

pytestmark = pytest.mark.reference
transformers = pytest.importorskip("transformers")

V, CONTEXT, HEADS = 31, 12, 4
TRANSPOSED = ("c_attn.weight", "c_proj.weight", "c_fc.weight")
FULL = torch.randint(1, V, (4, CONTEXT), generator=torch.Generator().manual_seed(0))
LENGTHS = (5, 12, 1, 9)


def padded(left: bool) -> Tensor:
    """Four texts of 1 to 12 tokens, filled up with 0 on one side."""
    rows = torch.zeros_like(FULL)
    for row, n in enumerate(LENGTHS):
        rows[row, CONTEXT - n if left else 0 :][:n] = FULL[row, :n]
    return rows


BATCHES = {
    "right": padded(left=False),
    "left": padded(left=True),
    "permuted": padded(left=True)[[2, 0, 3, 1]],
    "length 1": FULL[:, :1],
    "maximal length": FULL,
}


def reference(kind: str = "GPT2LMHeadModel", **settings) -> nn.Module:
    """A small GPT-2 with random weights; dropout 0, so that train() can be compared too."""
    off = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
    ids = {"bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0}
    sizes = {"vocab_size": V, "n_positions": CONTEXT, "n_embd": 16, "n_layer": 3, "n_head": HEADS}
    return randomise(getattr(transformers, kind)(transformers.GPT2Config(**sizes | off | ids | settings)))


def to_transformers(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Our names and orientation -> those of transformers."""
    theirs = {f"transformer.{name}": value.T if name.endswith(TRANSPOSED) else value for name, value in weights.items()}
    return theirs | {"lm_head.weight": weights["wte.weight"]}


def told(tokens: Tensor) -> dict[str, Tensor]:
    """What transformers has to be told about padding."""
    real = tokens != 0
    return {"attention_mask": real.long(), "position_ids": (real.cumsum(dim=1) - 1).clamp(min=0)}


@both_precisions
@pytest.mark.parametrize("batch", BATCHES)
def test_gpt_is_gpt2(batch: str, dtype: torch.dtype) -> None:
    """Dies with: erf GELU, another epsilon, post-LN, no final LayerNorm, 1/sqrt(D), the mask off by one or inverted."""
    theirs = reference().to(dtype)
    ours = load_gpt2(theirs.state_dict(), HEADS, pad=0)
    tokens = BATCHES[batch]
    real = tokens != 0
    compare(
        "GPT, ragged batches",
        "transformers GPT2LMHeadModel",
        ours,
        theirs,
        to_transformers,
        lambda: [ours(tokens)[real]],
        lambda: [theirs(tokens, **told(tokens), use_cache=False).logits[real]],
    )


@both_precisions
@pytest.mark.parametrize("side", ["left", "right"])
def test_cached_steps_are_gpt2s(side: str, dtype: torch.dtype) -> None:
    """Ragged prompts, then three tokens; dies if one query behind a cache is masked as if it were the first."""
    theirs = reference(n_positions=CONTEXT + 3).eval().to(dtype)
    ours = load_gpt2(theirs.state_dict(), HEADS, pad=0).eval()
    more = torch.tensor([[4, 5, 6]]).expand(4, 3)
    left, state = torch.cat([BATCHES["left"], more], dim=1), ours.start(BATCHES[side])
    full = theirs(left, **told(left), use_cache=False).logits[:, -4:].detach()
    given = told(left)
    past = theirs(left[:, :-3], **{name: value[:, :-3] for name, value in given.items()})
    token, theirs_now, cache = state.token, past.logits[:, -1], past.past_key_values
    for k in range(4):
        logits, state = ours.step(token, state)
        agree("GPT, steps with a cache", "transformers GPT2LMHeadModel with its cache", logits, theirs_now)
        agree("GPT, steps with a cache", "transformers GPT2LMHeadModel with its cache", logits, full[:, k])
        if k < 3:
            token, end = left[:, CONTEXT + k], CONTEXT + k + 1
            mask, position = given["attention_mask"][:, :end], given["position_ids"][:, end - 1 : end]
            out = theirs(token[:, None], attention_mask=mask, position_ids=position, past_key_values=cache)
            theirs_now, cache = out.logits[:, -1], out.past_key_values


@pytest.mark.parametrize("prefix", ["", "transformer."])
def test_loader_knows_the_names_of_old_and_new_checkpoints(prefix: str) -> None:
    """OpenAI's names, with or without prefix; old files carry their causal masks as weights."""
    theirs = reference()
    weights = {name.replace("transformer.", prefix): value for name, value in theirs.state_dict().items()}
    if not prefix:
        del weights["lm_head.weight"]
        weights |= {"h.0.attn.bias": torch.ones(1, 1, 12, 12), "h.0.attn.masked_bias": torch.tensor(-1e4)}
    ours = load_gpt2(weights, HEADS)
    assert (ours.config.vocabulary, ours.config.context, ours.config.layers, ours.config.width) == (V, CONTEXT, 3, 16)
    agree("GPT, ragged batches", "transformers GPT2LMHeadModel", ours(FULL), theirs(FULL).logits)


def test_a_token_of_id_0_is_a_word_where_nothing_is_padding() -> None:
    """GPT-2 has no padding: its id 0 is an exclamation mark."""
    theirs = reference()
    tokens = BATCHES["left"]
    ours = load_gpt2(theirs.state_dict(), HEADS)
    agree("GPT, ragged batches", "transformers GPT2LMHeadModel", ours(tokens), theirs(tokens).logits)


@both_precisions
@pytest.mark.parametrize("batch", ["right", "length 1", "maximal length"])
def test_reward_is_read_where_transformers_reads_it(batch: str, dtype: torch.dtype) -> None:
    """Dies if the score is read at the padded end, or at the last token but one."""
    theirs = reference("GPT2ForSequenceClassification", num_labels=1).to(dtype)
    trunk = {name: value for name, value in theirs.state_dict().items() if name.startswith("transformer.")}
    ours = RewardModel(load_gpt2(trunk, HEADS, pad=0)).to(dtype)
    ours.score.load_state_dict({"weight": theirs.score.weight})
    tokens = BATCHES[batch]

    def export(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        inside = {name.removeprefix("gpt."): value for name, value in weights.items() if name.startswith("gpt.")}
        named = to_transformers(inside) | {"score.weight": weights["score.weight"]}
        return {name: value for name, value in named.items() if name != "lm_head.weight"}

    compare(
        "RewardModel",
        "transformers GPT2ForSequenceClassification",
        ours,
        theirs,
        export,
        lambda: [ours(tokens)],
        lambda: [theirs(tokens, attention_mask=(tokens != 0).long()).logits[:, 0]],
        rate=0.01,
    )


def test_fresh_weights_load_both_ways() -> None:
    """A model of ours as transformers' and back is the same model."""
    ours = GPT(load_gpt2(reference().state_dict(), HEADS).config)
    again = load_gpt2(to_transformers(ours.state_dict()), HEADS)
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), again.parameters(), strict=True))
