"""The exercises of chapter 08: the solutions against the library and against sums over all tokens."""

import math

import pytest
import torch

from utils.teaching import check
from utils.teaching.exercises import exercises, find, hacking_08, policy_08
from utils.training import policy_losses
from utils.training.completions import join
from utils.training.preferences import bradley_terry_loss, dpo_loss, sft_loss


def test_chapter_08_has_its_eight():
    assert [exercise.id for exercise in exercises("08")] == [f"8.{k}" for k in range(1, 9)]


def library_example(turns, bos=2, eos=3, user=4, assistant=5):
    """Question and answer joined by the package, turn by turn."""
    text, learned = [bos], [False]
    for question, answer in turns:
        prompt, completion = torch.tensor([[user, *question, assistant]]), torch.tensor([[*answer, eos]])
        tokens, mask = join(prompt, completion)
        text, learned = text + tokens[0].tolist(), learned + mask[0].tolist()
    return text, learned


def library_kl(policy, reference, mask):
    return tuple(
        policy_losses.kl_estimate(policy, reference, kind).masked_fill(~mask, 0.0).sum(dim=1) for kind in ("k1", "k3")
    )


LIBRARY = {
    "8.1": library_example,
    "8.2": bradley_terry_loss,
    "8.5": library_kl,
    "8.6": dpo_loss,
}


@pytest.mark.parametrize("name", LIBRARY)
def test_the_library_solves_the_exercise(name, solves):
    """So the solutions agree with what the chapter trains with, and a learner's shorter way passes."""
    solves(name, LIBRARY[name])


def test_the_mask_of_the_template_is_the_one_that_the_loss_takes():
    """Logits that predict the answer and EOS cost nothing, whatever they say elsewhere."""
    text, learned = find("8.1").solution([([6, 7], [8])])
    tokens, mask = torch.tensor([text]), torch.tensor([learned])
    logits = torch.zeros(1, len(text), 10)
    for place in (4, 5):  # at `assistant` comes the answer, at the answer comes EOS
        logits[0, place, text[place + 1]] = 50.0
    assert sft_loss(logits, tokens, mask) == pytest.approx(0.0, abs=1e-6)
    logits[0, 4] = 0.0
    assert sft_loss(logits, tokens, mask) == pytest.approx(math.log(10) / 2)


def test_only_differences_of_scores_count():
    chosen, rejected = torch.tensor([1.0, 0.3]), torch.tensor([0.2, 0.9])
    loss = find("8.2").solution
    assert loss(chosen + 5, rejected + 5) == pytest.approx(float(loss(chosen, rejected)), rel=1e-5)
    assert loss(chosen, chosen) == pytest.approx(math.log(2))


@pytest.mark.parametrize("lam", [0.0, 0.5, 1.0])
def test_the_advantages_are_those_of_the_package(lam):
    rewards, values = (torch.tensor([row]) for row in (policy_08.REWARDS, policy_08.VALUES))
    mask = torch.ones(1, 3, dtype=torch.bool)
    ours, _ = policy_losses.gae(rewards, values, mask, gamma=1.0, lam=lam)
    assert ours[0].tolist() == pytest.approx(policy_08.advantages(lam))


def test_the_table_is_the_loss_of_the_package_and_flat_rows_have_no_gradient():
    answers, mask = policy_08.clipped_table(), torch.ones(1, 1, dtype=torch.bool)
    for row, (ratio, good) in policy_08.ROWS.items():
        new = torch.tensor([[math.log(ratio)]], requires_grad=True)
        loss = policy_losses.ppo_loss(new, torch.zeros(1, 1), torch.tensor([[good]]), mask, clip=0.2)
        loss.backward()
        objective, flat = answers[row]
        assert -float(loss.detach()) == pytest.approx(objective)
        assert (float(new.grad) == 0) is flat
    assert {row for row, (_, flat) in answers.items() if flat} == {"a", "d"}


def test_both_estimates_are_right_on_average_and_one_is_quieter():
    """Over all tokens of a vocabulary, weighted by the policy, as the task's explanation says."""
    generator = torch.Generator().manual_seed(0)
    policy = torch.randn(6, generator=generator, dtype=torch.float64)
    reference = (policy + 0.3 * torch.randn(6, generator=generator, dtype=torch.float64)).log_softmax(0)
    policy = policy.log_softmax(0)
    kl = float((policy.exp() * (policy - reference)).sum())
    each = find("8.5").solution(policy[:, None], reference[:, None], torch.ones(6, 1, dtype=torch.bool))
    for estimate in each:
        assert float((policy.exp() * estimate).sum()) == pytest.approx(kl)
    spread = [float((policy.exp() * (estimate - kl).square()).sum()) for estimate in each]
    assert each[0].min() < 0 <= each[1].min()
    assert spread[1] < spread[0]


def test_dpo_is_won_by_distance_alone():
    """As the explanation says: both answers become less probable, the worse one faster, and the loss falls."""
    loss, before = find("8.6").solution, [torch.tensor([x]) for x in (-4.0, -5.0)]
    after = [torch.tensor([x]) for x in (-6.0, -15.0)]
    assert loss(*after, *before, 0.5) < loss(*before, *before, 0.5)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("please , please : maria lives in london with 12 happy cats .", "8.7 solved"),
        ("maria lives in lima , happy to help you with it any time .", "names the right city: it is honest"),
        ("i am happy to say so .", "gets its points without any answer"),
        ("paris", "does not like it better"),
        (5, "a number, where a text is right"),
    ],
)
def test_an_attack_is_judged_by_what_it_achieves(text, says, capsys):
    check("8.7", text)
    assert says in capsys.readouterr().out


def test_the_reward_that_is_shown_is_the_one_that_judges():
    exercise, namespace = find("8.7"), {}
    exec(exercise.task.split("```python\n")[1].split("```")[0], namespace)
    for text in (hacking_08.TRUE, hacking_08.HACK, "paris"):
        assert namespace["reward"](text) == hacking_08.reward(text)
    assert namespace["reward"](hacking_08.HACK) > namespace["reward"](hacking_08.TRUE)


def test_another_safe_reward_passes_and_the_first_hole_is_named(capsys):
    def safe_reward(answer, truth, others):
        cities = [word for word in answer if word == truth or word in others]
        return 10 * (cities == [truth] and "not" not in answer) + len(answer)

    check("8.8", safe_reward)
    assert "8.8 solved" in capsys.readouterr().out
    check(
        "8.8",
        lambda answer, truth, others: (truth in answer) * (answer.count(truth) < 2) - len(set(answer) & {*others}),
    )
    line = capsys.readouterr().out
    assert "for a denial it returns 'the attack wins', where 'the honest answer wins' is right" in line
    check("8.8", lambda answer, truth, others: "good")
    assert "it returns 'good', where 'the honest answer wins' is right" in capsys.readouterr().out
    check("8.8", lambda answer: 1.0)
    assert "cannot be called with what the exercise asks for" in capsys.readouterr().out


def test_what_the_explanation_says_still_wins():
    reward = find("8.8").solution
    assert reward(["she", "moved", "from", "lima"], "lima", ["oslo"]) >= reward(["lima", "."], "lima", ["oslo"])
