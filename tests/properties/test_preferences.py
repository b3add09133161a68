"""Fine-tuning, reward and DPO losses without a reference: by hand, at their fixed points, and on real small models."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import Tensor
from training_task import Listed

from utils.data.tokens import BOS, EOS, PAD
from utils.models.gpt import GPT, GPTConfig
from utils.models.reward import RewardModel
from utils.training.completions import before_completions, join
from utils.training.preferences import (
    DPOLoss,
    RewardLoss,
    SFTLoss,
    below_each_other,
    bradley_terry_loss,
    calibration,
    dpo_loss,
    pair_accuracy,
    sequence_log_probabilities,
    sft_loss,
    token_log_probabilities,
)
from utils.training.trainer import Plan, fit

SMALL = GPTConfig(12, context=16, layers=1, width=8)
PROMPTS = torch.tensor([[BOS, 5, 6], [BOS, 7, PAD], [PAD, BOS, 8], [BOS, 5, 9]])
CHOSEN = torch.tensor([[9, 10, EOS, PAD], [4, EOS, PAD, PAD], [6, 7, 8, EOS], [11, EOS, PAD, PAD]])
REJECTED = torch.tensor([[EOS, PAD], [5, EOS], [7, EOS], [10, 4]])


def gpt(seed: int, scale: float = 0.5) -> GPT:
    """Random weights large enough that its predictions are no guess."""
    torch.manual_seed(seed)
    model = GPT(SMALL)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += scale * torch.randn_like(parameter)
    return model.eval()


def pairs() -> tuple[Tensor, ...]:
    """Chosen texts, their mask, rejected texts, their mask."""
    return *join(PROMPTS, CHOSEN), *join(PROMPTS, REJECTED)


def by_hand(model: GPT, prompt: Tensor, completion: Tensor) -> list[float]:
    """The log-probability of each token of one completion, text by text and without padding."""
    text, found = [int(t) for t in prompt if t != PAD], []
    for token in (int(t) for t in completion if t != PAD):
        found.append(float(model(torch.tensor([text]))[0, -1].double().log_softmax(dim=-1)[token]))
        text.append(token)
    return found


def test_texts_are_prompts_and_completions_without_the_padding_between() -> None:
    tokens, mask = join(PROMPTS, CHOSEN)
    assert tokens.tolist() == [
        [BOS, 5, 6, 9, 10, EOS],
        [BOS, 7, 4, EOS, PAD, PAD],
        [BOS, 8, 6, 7, 8, EOS],
        [BOS, 5, 9, 11, EOS, PAD],
    ]
    assert mask.int().tolist() == [[0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 0, 0], [0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 0]]


@torch.no_grad()
def test_log_probabilities_are_those_of_each_token_given_all_before() -> None:
    """Museum 33: a mask shifted by one, a mean instead of a sum."""
    model = gpt(0)
    tokens, mask = join(PROMPTS, CHOSEN)
    expected = [by_hand(model, p, c) for p, c in zip(PROMPTS, CHOSEN, strict=True)]
    sums = sequence_log_probabilities(model(tokens), tokens, mask)
    assert sums.tolist() == pytest.approx([sum(row) for row in expected], rel=1e-5)
    every = [x for row in expected for x in row]
    assert sft_loss(model(tokens), tokens, mask).item() == pytest.approx(-sum(every) / len(every), rel=1e-5)
    steps = token_log_probabilities(before_completions(model, PROMPTS, CHOSEN), CHOSEN)
    assert steps[CHOSEN != PAD].tolist() == pytest.approx(every, rel=1e-5)


@torch.no_grad()
def test_padding_and_the_order_of_the_batch_change_nothing() -> None:
    """Museum 33: padding invariance of the three losses."""
    policy, reference, reward = gpt(0), gpt(1), RewardModel(gpt(2)).eval()
    batch, order = pairs(), torch.tensor([2, 0, 3, 1])
    wide = tuple(torch.nn.functional.pad(x, (0, 5)) for x in batch)
    for loss, model, columns in (
        (SFTLoss(), policy, (0, 1)),
        (RewardLoss(), reward, (0, 2)),
        (DPOLoss(reference, 0.3), policy, (0, 1, 2, 3)),
    ):
        expected, count = loss(model, tuple(batch[k] for k in columns))
        for other in (tuple(wide[k] for k in columns), tuple(batch[k][order] for k in columns)):
            found, same = loss(model, other)
            assert same == count
            torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


def test_fine_tuning_scores_eos_and_not_the_prompt() -> None:
    tokens, mask = join(PROMPTS, CHOSEN)
    logits = torch.zeros(*tokens.shape, 12, requires_grad=True)
    loss = sft_loss(logits, tokens, mask)
    assert loss.item() == pytest.approx(math.log(12), rel=1e-6)
    loss.backward()
    scored = logits.grad.abs().sum(dim=-1) > 0
    # Logits at one token are for the next one.
    assert torch.equal(scored[:, :-1], mask[:, 1:])
    assert not scored[:, -1].any()
    ends = (tokens == EOS).nonzero()
    assert all(scored[row, column - 1] for row, column in ends.tolist())


def test_dpo_is_ln_2_at_the_reference_to_the_last_bit() -> None:
    """Museum 33."""
    policy = gpt(0)
    loss, count = DPOLoss(copy.deepcopy(policy), 0.7)(policy, pairs())
    assert count == 4
    assert loss.item() == torch.tensor(2.0).log().item()


def test_the_reference_stays_where_it_is() -> None:
    """Museum 33: a reference that is not frozen. The loss goes down from ln 2, and the reference gets no gradient."""
    policy = gpt(0)
    reference = copy.deepcopy(policy)
    before = copy.deepcopy(reference.state_dict())
    loss, batch = DPOLoss(reference, 0.5), pairs()
    optimizer = torch.optim.AdamW(policy.parameters(), lr=0.01)
    steps = list(fit(policy, loss, Listed([batch]), optimizer, Plan(epochs=20, device="cpu")))
    assert steps[0].loss == pytest.approx(math.log(2), abs=1e-6)
    assert steps[-1].loss < 0.3
    assert all(p.grad is None and not p.requires_grad for p in reference.parameters())
    assert all(torch.equal(value, before[name]) for name, value in reference.state_dict().items())


def test_a_policy_is_not_its_own_reference() -> None:
    policy = gpt(0)
    with pytest.raises(ValueError, match="its own reference"):
        DPOLoss(policy)(policy, pairs())


def test_dpo_by_hand() -> None:
    """beta 0.5, ratios +1 - (-2) = 3 and -1 - 0 = -1: margins 1.5 and -0.5."""
    loss = dpo_loss(*(torch.tensor(x) for x in ([-4.0, -6.0], [-9.0, -3.0], [-5.0, -5.0], [-7.0, -3.0])), beta=0.5)
    assert loss.item() == pytest.approx((math.log1p(math.exp(-1.5)) + math.log1p(math.exp(0.5))) / 2)


def test_a_swapped_pair_goes_the_other_way() -> None:
    """Museum 27: equal scores give ln 2, a better chosen answer less, a worse one more."""
    even, up = torch.zeros(4), torch.ones(4)
    assert bradley_terry_loss(even, even).item() == torch.tensor(2.0).log().item()
    assert bradley_terry_loss(up, even).item() == pytest.approx(math.log1p(math.exp(-1)))
    assert bradley_terry_loss(even, up).item() == pytest.approx(math.log1p(math.exp(1)))
    assert dpo_loss(up, even, even, even, 2.0).item() == pytest.approx(math.log1p(math.exp(-2)))
    assert dpo_loss(even, even, up, even, 2.0).item() == pytest.approx(math.log1p(math.exp(2)))


def test_the_reward_model_learns_who_is_chosen() -> None:
    model = RewardModel(gpt(3))
    batch = (pairs()[0], pairs()[2])
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    steps = list(fit(model, RewardLoss(), Listed([batch]), optimizer, Plan(epochs=25, device="cpu")))
    assert steps[-1].loss < 0.1 < steps[0].loss
    assert steps[0].tokens == 4
    with torch.no_grad():
        assert bool((model(batch[0]) > model(batch[1])).all())


def test_the_reward_loss_pads_the_shorter_side() -> None:
    """Chosen and rejected texts of unequal width score what they score alone."""
    model = RewardModel(gpt(3)).eval()
    chosen, _, rejected, _ = pairs()
    assert chosen.shape[1] > rejected.shape[1]
    for above, below in ((chosen, rejected), (rejected, chosen)):
        expected = bradley_terry_loss(model(above), model(below))
        torch.testing.assert_close(RewardLoss()(model, (above, below))[0], expected)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_stays_finite_and_near(dtype: torch.dtype) -> None:
    """Museum 36: sums and exponentials of large logits, taken in single precision."""
    tokens, mask = join(PROMPTS, CHOSEN)
    logits = 300 * torch.randn(*tokens.shape, 12, generator=torch.Generator().manual_seed(0))
    half = logits.to(dtype).requires_grad_()
    for function in (lambda x: sequence_log_probabilities(x, tokens, mask).sum(), lambda x: sft_loss(x, tokens, mask)):
        found, expected = function(half), function(half.detach().double())
        assert found.dtype == torch.float32
        assert found.item() == pytest.approx(expected.item(), rel=1e-5)
        (gradient,) = torch.autograd.grad(found, half)
        assert bool(gradient.isfinite().all())
    extreme = torch.tensor([-6e4, 0.0, 6e4], dtype=dtype)
    assert bool(bradley_terry_loss(extreme, -extreme).isfinite())


def test_accuracy_counts_a_tie_as_half() -> None:
    assert pair_accuracy(torch.tensor([1.0, 2.0, 0.0, 5.0]), torch.tensor([0.0, 2.0, 3.0, 4.0])) == 0.625


def test_calibration_by_hand() -> None:
    """Three pairs at margin ln 3 (75 % sure), two of them right; one at margin ln 19 (95 % sure), right."""
    margin = torch.tensor([3.0, 3.0, 1 / 3, 19.0]).log()
    bins, error = calibration(margin, torch.zeros(4), bins=5)
    assert [(b.confidence, b.accuracy, b.pairs) for b in bins] == [
        (pytest.approx(0.75), pytest.approx(2 / 3), 3),
        (pytest.approx(0.95), 1.0, 1),
    ]
    assert error == pytest.approx(0.75 * (0.75 - 2 / 3) + 0.25 * 0.05)


def test_scores_that_are_the_truth_are_calibrated() -> None:
    """Answers preferred as Bradley and Terry say; twice the scores are too sure of themselves."""
    generator = torch.Generator().manual_seed(0)
    margin = 2 * torch.randn(40_000, generator=generator)
    wins = torch.rand(40_000, generator=generator) < margin.sigmoid()
    chosen = torch.where(wins, margin, -margin)
    assert calibration(chosen, torch.zeros_like(chosen))[1] < 0.01
    assert calibration(2 * chosen, torch.zeros_like(chosen))[1] > 0.05


TOKENS, MASK = join(PROMPTS, CHOSEN)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sft_loss(torch.zeros(4, 6, 12), TOKENS, TOKENS != PAD), "first token"),
        (lambda: sft_loss(torch.zeros(4, 6, 12), TOKENS, MASK.float()), "float32"),
        (lambda: sequence_log_probabilities(torch.zeros(4, 6, 12), TOKENS, MASK[:, :3]), r"\(4, 3\)"),
        (lambda: DPOLoss(gpt(0), 0.0), "beta 0.0"),
        (lambda: join(PROMPTS, CHOSEN[:2]), "4 prompts and 2 completions"),
        (lambda: join(torch.zeros_like(PROMPTS), CHOSEN), "a prompt is empty"),
        (lambda: calibration(torch.zeros(3), torch.zeros(3), 0), "bins 0"),
        (lambda: calibration(torch.zeros(0), torch.zeros(0)), "pairs 0"),
    ],
)
def test_bad_input_gets_one_clear_error(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_batches_of_unequal_width_get_padding_behind() -> None:
    assert below_each_other(torch.tensor([[4, 5, 6]]), torch.tensor([[7]])).tolist() == [[4, 5, 6], [7, 0, 0]]
