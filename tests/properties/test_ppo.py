"""PPO's loop: tokens are scored as they were drawn, details do what they say, and a bandit finds its best policy."""

from __future__ import annotations

import copy
from itertools import pairwise

import pytest
import torch
from bandit import Bandit, Constant, arm_score, prompts
from torch import Tensor, nn

from utils.data.tokens import BOS, EOS, PAD
from utils.decoding import sample
from utils.models.gpt import GPT, GPTConfig
from utils.models.reward import ValueModel
from utils.models.seq2seq import Seq2Seq, Seq2SeqConfig
from utils.training.losses import previous_words
from utils.training.policy_losses import adapted_beta, kl_estimate
from utils.training.ppo import PPOConfig, PPOStep, ppo

SOURCES = torch.tensor([[BOS, 5, 6], [BOS, 7, PAD], [PAD, BOS, 8], [BOS, PAD, PAD]]).repeat(8, 1)


def writer(seed: int = 0, dropout: float = 0.3) -> GPT:
    """A small GPT whose dropout is on, and whose predictions are no guess: also PAD is likely now and then."""
    torch.manual_seed(seed)
    model = GPT(GPTConfig(12, context=16, layers=1, width=8, dropout=dropout))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.5 * torch.randn_like(parameter)
    return model.train()


def one_step(config: PPOConfig, rate: float = 0.0, score=None, sources: Tensor = SOURCES) -> tuple[GPT, GPT, PPOStep]:
    """One iteration: the policy before, the policy after, what was seen."""
    policy, value = writer(), ValueModel(writer(1))
    before = copy.deepcopy(policy).eval()
    optimizer = torch.optim.Adam([*policy.parameters(), *value.parameters()], lr=rate)
    score = score or (lambda texts: (texts == 9).sum(dim=1).float())
    (step,) = ppo(policy, value, score, [sources], optimizer, config, torch.Generator().manual_seed(0))
    return before, policy, step


@torch.no_grad()
def drawn_with(model: GPT, sources: Tensor, completions: Tensor, temperature: float) -> Tensor:
    """The log-probability of each token under which `decoding.sample` drew it, step by step."""
    state, columns = model.start(sources), []
    token = state.token
    for following in completions.T:
        logits, state = model.step(token, state)
        logits[:, PAD] = -torch.inf
        columns.append((logits / temperature).log_softmax(dim=-1).gather(1, following[:, None])[:, 0])
        token = following
    return torch.stack(columns, dim=1)


@pytest.mark.parametrize("temperature", [0.7, 1.0, 1.5])
def test_tokens_are_scored_as_they_were_drawn(temperature: float) -> None:
    """Museum 30: another temperature, dropout, or PAD in the softmax. Ratio 1 in the first epoch, KL 0 at the start."""
    before, _, step = one_step(PPOConfig(length=6, temperature=temperature, epochs=1, minibatch=8))
    rollout = step.rollout
    expected = drawn_with(before, rollout.prompts, rollout.completions, temperature)
    torch.testing.assert_close(rollout.policy[rollout.mask], expected[rollout.mask], rtol=1e-5, atol=1e-5)
    assert step.mismatch < 1e-5
    assert step.clipped == 0
    assert abs(step.kl) < 1e-6
    torch.testing.assert_close(rollout.reference, rollout.policy, rtol=0, atol=1e-5)
    again = sample(before, SOURCES, 6, temperature, generator=torch.Generator().manual_seed(0))
    assert torch.equal(rollout.completions, again)


def test_values_are_those_before_each_token() -> None:
    """The value of what stood there before the token was drawn, in a ragged batch as in a text by itself."""
    policy, value = writer(), ValueModel(writer(1)).eval()
    nn.init.normal_(value.value.weight)
    optimizer = torch.optim.Adam([*policy.parameters(), *value.parameters()], lr=0.0)
    config = PPOConfig(length=6, epochs=1)
    (step,) = ppo(
        policy, value, lambda t: t[:, 0].float(), [SOURCES], optimizer, config, torch.Generator().manual_seed(0)
    )
    rollout = step.rollout
    for prompt, written, found in zip(rollout.prompts, rollout.completions, rollout.values, strict=True):
        prompt, written = prompt[prompt != PAD], written[written != PAD]
        with torch.no_grad():
            expected = value(torch.cat([prompt, written])[None])[0, len(prompt) - 1 : -1]
        torch.testing.assert_close(found[: len(written)], expected, rtol=1e-5, atol=1e-5)


def test_the_parts_of_a_rollout_fit_together() -> None:
    """Rewards from scores, KL and the end; the score sees whole texts; what has no EOS gets the penalty."""
    seen = []

    def score(texts: Tensor) -> Tensor:
        seen.append(texts)
        return (texts != PAD).sum(dim=1).float()

    _, _, step = one_step(PPOConfig(length=4, whiten_advantages=False, unended=-7.0, lam=1.0), score=score)
    rollout = step.rollout
    ended = (rollout.completions == EOS).any(dim=1)
    assert 0 < step.ended == ended.double().mean() < 1
    lengths = (rollout.prompts != PAD).sum(dim=1) + rollout.mask.sum(dim=1)
    assert rollout.scores.tolist() == [float(n) if end else -7.0 for n, end in zip(lengths, ended, strict=True)]
    assert len(seen) == 1
    assert seen[0].shape == (len(SOURCES), lengths.max())
    # Lambda and gamma 1, KL 0: what is still to come is the score, at every token.
    torch.testing.assert_close(rollout.returns, rollout.mask * rollout.scores[:, None], rtol=1e-4, atol=1e-4)
    assert step.length == rollout.mask.sum(dim=1).double().mean()
    _, _, free = one_step(PPOConfig(length=4, unended=None), score=score)
    assert free.rollout.scores.tolist() == lengths.tolist()


def test_the_reference_is_what_the_policy_was() -> None:
    """After some iterations the KL is measured from the start, by models that are read without dropout."""
    policy, value = writer(), ValueModel(writer(1))
    before = copy.deepcopy(policy).eval()
    optimizer = torch.optim.Adam([*policy.parameters(), *value.parameters()], lr=0.01)
    config = PPOConfig(length=6, beta=0.0, temperature=0.8)
    score = lambda texts: (texts == 9).sum(dim=1).float()  # noqa: E731
    steps = list(ppo(policy, value, score, [SOURCES] * 8, optimizer, config, torch.Generator().manual_seed(0)))
    last = steps[-1].rollout
    expected = drawn_with(before, last.prompts, last.completions, 0.8)
    torch.testing.assert_close(last.reference[last.mask], expected[last.mask], rtol=1e-5, atol=1e-5)
    assert steps[-1].kl == pytest.approx(float((last.policy - last.reference).sum(dim=1).mean()))
    assert steps[-1].kl > 0.1
    assert steps[-1].score > steps[0].score + 0.5
    assert steps[-1].explained > steps[0].explained
    assert max(step.mismatch for step in steps) < 1e-4


def test_beta_follows_the_target() -> None:
    policy, value = writer(), ValueModel(writer(1))
    optimizer = torch.optim.Adam([*policy.parameters(), *value.parameters()], lr=0.01)
    config = PPOConfig(length=4, beta=0.3, target=0.05)
    steps = list(ppo(policy, value, lambda t: (t == 9).sum(dim=1).float(), [SOURCES] * 5, optimizer, config))
    assert steps[0].beta == 0.3
    for one, following in pairwise(steps):
        assert following.beta == pytest.approx(adapted_beta(one.beta, one.kl, 0.05))
    assert steps[1].beta < 0.3  # the KL began at 0


def test_a_seed_decides_everything() -> None:
    def weights(seed: int) -> Tensor:
        policy, value = writer(dropout=0.0), ValueModel(writer(1))
        optimizer = torch.optim.Adam([*policy.parameters(), *value.parameters()], lr=0.01)
        generator = torch.Generator().manual_seed(seed)
        config = PPOConfig(length=4, minibatch=5, entropy_weight=0.01, whiten_rewards=True, value_clip=None)
        list(ppo(policy, value, lambda t: (t == 9).sum(dim=1).float(), [SOURCES] * 2, optimizer, config, generator))
        return torch.cat([p.detach().flatten() for p in policy.parameters()])

    first = weights(0)
    torch.manual_seed(123)
    assert torch.equal(first, weights(0))
    assert not torch.equal(first, weights(1))


def test_an_encoder_decoder_is_read_its_own_way() -> None:
    """Any model of the step protocol will do, given what runs it over a source and an output."""

    class Expected(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.level = nn.Parameter(torch.zeros(()))

        def forward(self, source: Tensor, words: Tensor) -> Tensor:
            return self.level.expand(words.shape)

    torch.manual_seed(0)
    policy, value = Seq2Seq(Seq2SeqConfig(12, 12, embedding=8, hidden=8)), Expected()
    optimizer = torch.optim.Adam([*policy.parameters(), *value.parameters()], lr=0.02)
    read = lambda model, source, words: model(source, previous_words(words))  # noqa: E731
    sources = torch.tensor([[5, 6, EOS], [7, EOS, PAD]]).repeat(16, 1)
    config = PPOConfig(length=5, beta=0.0, unended=None)
    score = lambda texts: (texts == 9).sum(dim=1).float()  # noqa: E731
    generator = torch.Generator().manual_seed(0)
    steps = list(ppo(policy, value, score, [sources] * 12, optimizer, config, generator, read=read))
    assert max(step.mismatch for step in steps) < 1e-5
    assert steps[-1].score > steps[0].score + 1


# A bandit whose best policy is known ----------------------------------------------------------------------------------

REWARDS = torch.tensor([0.0, 1.0, 0.5, -1.0, 0.2])
START = torch.tensor([1.0, 0.0, 0.5, 0.0, -0.5])


def play(seed: int, beta: float) -> tuple[Tensor, list[PPOStep]]:
    """The policy that PPO ends with."""
    policy, value = Bandit(START), Constant()
    optimizer = torch.optim.Adam([*policy.parameters(), *value.parameters()], lr=0.1)
    config = PPOConfig(length=1, beta=beta, unended=None, whiten_advantages=False, gradient_clip=None, value_weight=1.0)
    generator, batches = torch.Generator().manual_seed(seed), [prompts(512)] * 20
    steps = list(ppo(policy, value, arm_score(REWARDS), batches, optimizer, config, generator))
    return policy.arms.detach().softmax(dim=0), steps


@pytest.mark.parametrize("seed", range(20))
def test_the_bandit_reaches_the_best_policy(seed: int) -> None:
    """With a leash the best policy is pi_ref exp(r / beta) / Z, and its objective beta ln Z (Ziegler et al.; Rafailov
    et al., equation 4); without one it is the best arm."""
    beta, reference = 0.5, START.softmax(dim=0)
    best = (START + REWARDS / beta).softmax(dim=0)
    highest = beta * (reference * (REWARDS / beta).exp()).sum().log()
    found, steps = play(seed, beta)
    objective = (found * REWARDS).sum() - beta * (found * (found / reference).log()).sum()
    begun = (reference * REWARDS).sum()
    assert objective <= highest + 1e-6
    assert objective > highest - 0.02 * (highest - begun)
    assert float((found - best).abs().max()) < 0.06
    assert float(play(seed, 0.0)[0][1]) > 0.95
    assert steps[0].kl == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"length": 0}, "length 0"),
        ({"epochs": 0}, "epochs 0"),
        ({"minibatch": 0}, "minibatch 0"),
        ({"temperature": 0.0}, "temperature 0.0"),
        ({"target": 0.0}, "target 0.0"),
        ({"clip": -0.2}, "clip -0.2"),
        ({"value_clip": 0.0}, "value_clip 0.0"),
        ({"beta": -0.1}, "beta -0.1"),
        ({"beta": float("nan")}, "beta nan"),
        ({"gamma": 1.1}, "gamma 1.1"),
        ({"lam": -0.1}, "lam -0.1"),
        ({"estimator": "k4"}, "estimator 'k4'"),
    ],
)
def test_bad_settings_get_one_clear_error(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PPOConfig(**settings)


def test_the_policy_is_not_its_own_reference() -> None:
    policy, value = Bandit(START), Constant()
    optimizer = torch.optim.Adam([*policy.parameters(), *value.parameters()])
    with pytest.raises(ValueError, match="the policy itself"):
        next(ppo(policy, value, arm_score(REWARDS), [prompts(2)], optimizer, PPOConfig(), reference=policy))
    with pytest.raises(ValueError, match="estimator 'k5'"):
        kl_estimate(torch.zeros(1), torch.zeros(1), "k5")
