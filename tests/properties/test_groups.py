"""Parameter groups: what decays, how fast each layer learns, what is thawed when, and what Muon turns."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from training_task import Listed

from utils.models.awd_lstm import AWDLSTMConfig, ULMFiTClassifier
from utils.models.gpt import GPT, GPTConfig
from utils.models.reward import RewardModel
from utils.training.finetune import GradualUnfreezing, discriminative_rates, thaw
from utils.training.optimizers import MuonAdamW, adamw, decay_groups, hidden_matrices, minimise
from utils.training.schedules import schedule, slanted_triangular
from utils.training.trainer import Plan, fit

SMALL = GPTConfig(12, context=8, layers=2, width=8)
WORDS = torch.randint(4, 20, (6, 5), generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 1, 1, 0, 1, 0])


def classifier(seed: int = 0) -> ULMFiTClassifier:
    torch.manual_seed(seed)
    return ULMFiTClassifier(AWDLSTMConfig(20, 6, 8, layers=2, dropout=0.0), classes=2, width=5)


def label_loss(model: nn.Module, batch: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, int]:
    words, labels = batch
    return nn.functional.cross_entropy(model(words), labels), len(labels)


def ids(groups: list[dict]) -> list[int]:
    return [id(p) for group in groups for p in group["params"]]


def test_matrices_decay_and_vectors_do_not_each_once() -> None:
    model = GPT(SMALL)
    decayed, kept = decay_groups(model.parameters(), 0.1)
    assert (decayed["weight_decay"], kept["weight_decay"]) == (0.1, 0.0)
    assert {p.ndim for p in decayed["params"]} == {2}
    assert {p.ndim for p in kept["params"]} == {1}
    assert sorted(ids([decayed, kept])) == sorted(id(p) for p in model.parameters())


def test_groups_keep_their_rates_when_they_are_split() -> None:
    model = classifier()
    groups = adamw(discriminative_rates(model.groups(), 0.01), 1.0, 0.1).param_groups
    assert sorted(ids(groups)) == sorted(id(p) for p in model.parameters())
    rate = {id(p): group["lr"] for group in groups for p in group["params"]}
    for layer, part in enumerate(model.groups()):
        assert [rate[id(p)] for p in part] == pytest.approx([0.01 / 2.6 ** (3 - layer)] * len(part))


def test_decay_moves_matrices_alone() -> None:
    """With no gradient but zeros, AdamW moves only what decays."""
    model = nn.Linear(3, 2)
    nn.init.ones_(model.bias)
    before = copy.deepcopy(model.state_dict())
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    adamw(model.parameters(), 0.5, 0.2).step()
    torch.testing.assert_close(model.weight, before["weight"] * 0.9)
    assert torch.equal(model.bias, before["bias"])


def test_rates_grow_by_the_factor_from_layer_to_layer() -> None:
    """Howard and Ruder: the rate of layer l - 1 is that of layer l over 2.6; the last layer has the base rate."""
    groups = discriminative_rates([[nn.Parameter(torch.zeros(1))] for _ in range(3)], 0.01)
    assert [g["lr"] for g in groups] == pytest.approx([0.01 / 6.76, 0.01 / 2.6, 0.01])


def moved(model: nn.Module, before: dict[str, torch.Tensor]) -> set[int]:
    """The layers (as `groups` counts them) that differ from before in any parameter."""
    names = {id(p): name for name, p in model.named_parameters()}
    return {
        layer
        for layer, group in enumerate(model.groups())
        if any(not torch.equal(p.detach(), before[names[id(p)]]) for p in group)
    }


def test_one_layer_more_learns_in_each_epoch() -> None:
    """Museum 35: a newly thawed layer that the optimizer does not hold stays as it was."""
    model = classifier()
    groups = model.groups()
    batches = GradualUnfreezing(Listed([(WORDS, LABELS), (WORDS.flip(0), LABELS.flip(0))]), groups)
    assert len(batches) == 2
    optimizer = adamw(discriminative_rates(groups, 0.01), 0.01, decay=0.1)
    rates = schedule(optimizer, slanted_triangular(10))
    before, learned = copy.deepcopy(model.state_dict()), []
    for step in fit(model, label_loss, batches, optimizer, Plan(epochs=5, device="cpu"), scheduler=rates):
        if step.ends_epoch:
            learned.append(moved(model, before))
            before = copy.deepcopy(model.state_dict())
    assert learned == [{3}, {2, 3}, {1, 2, 3}, {0, 1, 2, 3}, {0, 1, 2, 3}]


def test_an_optimizer_holds_what_is_frozen_as_yet() -> None:
    """Museum 35: made while lower layers are frozen, it must know them when they thaw."""
    model = classifier()
    thaw(model.groups(), 1)
    held = [
        p for group in adamw(discriminative_rates(model.groups(), 0.01), 0.01).param_groups for p in group["params"]
    ]
    assert {id(p) for p in held} == {id(p) for p in model.parameters()}


def test_an_epoch_that_is_resumed_thaws_what_it_had_thawed() -> None:
    model = classifier()
    batches = GradualUnfreezing(Listed([(WORDS, LABELS)] * 3), model.groups())
    assert len(list(batches.epoch(1, skip=2))) == 1
    assert [all(p.requires_grad for p in g) for g in model.groups()] == [False, False, True, True]


def test_freezing_drops_old_gradients() -> None:
    """Else the optimizer would go on with the last one."""
    model = classifier()
    label_loss(model, (WORDS, LABELS))[0].backward()
    thaw(model.groups(), 1)
    assert [any(p.grad is not None for p in g) for g in model.groups()] == [False, False, False, True]
    thaw(model.groups(), 99)
    assert all(p.requires_grad for p in model.parameters())


def test_hidden_matrices_are_those_between_the_layers() -> None:
    model = RewardModel(GPT(SMALL))
    names = {id(p): name for name, p in model.named_parameters()}
    found = {names[id(p)] for p in hidden_matrices(model, outer=["score"])}
    layer = {"attn.c_attn.weight", "attn.c_proj.weight", "mlp.c_fc.weight", "mlp.c_proj.weight"}
    assert found == {f"gpt.h.{k}.{name}" for k in range(2) for name in layer}
    assert len(hidden_matrices(model)) == 9


def text_loss(model: nn.Module, batch: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, int]:
    (tokens,) = batch
    return nn.functional.cross_entropy(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten()), len(tokens)


def test_muon_and_adamw_are_torchs_own_side_by_side() -> None:
    torch.manual_seed(0)
    ours = GPT(SMALL)
    theirs = copy.deepcopy(ours)
    joint = MuonAdamW(ours, 0.01, 0.1)
    matrices = hidden_matrices(theirs)
    taken = {id(p) for p in matrices}
    rest = decay_groups([p for p in theirs.parameters() if id(p) not in taken], 0.1)
    apart = [
        torch.optim.Muon(matrices, 0.01, 0.1, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, 0.01, betas=(0.9, 0.95)),
    ]
    tokens = torch.randint(4, 12, (4, 6), generator=torch.Generator().manual_seed(0))
    for rate in (0.01, 0.02, 0.005):
        for model, optimizers in ((ours, [joint]), (theirs, apart)):
            model.zero_grad()
            text_loss(model, (tokens,))[0].backward()
            for optimizer in optimizers:
                for group in optimizer.param_groups:
                    group["lr"] = rate
                optimizer.step()
    for name, value in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[name], value), name


def test_muon_is_resumed_like_any_optimizer(tmp_path) -> None:
    """Six steps at once, and three, a checkpoint, and three more with a new optimizer: the same weights to the bit."""
    tokens = torch.randint(4, 12, (4, 6), generator=torch.Generator().manual_seed(0))
    ended = []
    for stops in ([6], [3, 6]):
        torch.manual_seed(0)
        for stop in stops:
            torch.manual_seed(0)
            model = GPT(SMALL)
            optimizer = MuonAdamW(model, 0.01)
            plan = Plan(epochs=6, steps=stop, checkpoint=tmp_path / str(len(stops)), every=3, device="cpu")
            rates = schedule(optimizer, slanted_triangular(6))
            list(fit(model, text_loss, Listed([(tokens,)]), optimizer, plan, scheduler=rates))
        ended.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
    assert torch.equal(*ended)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: decay_groups([nn.Parameter(torch.zeros(1))], -0.1), "decay -0.1"),
        (lambda: discriminative_rates([], 0.0), "rate 0.0"),
        (lambda: discriminative_rates([], 0.1, -2.6), "factor -2.6"),
        (lambda: thaw([], 0), "count 0"),
        (lambda: hidden_matrices(GPT(SMALL), outer=["head"]), "outer 'head'"),
        (lambda: MuonAdamW(nn.LayerNorm(3), 0.1), "LayerNorm has no hidden matrix"),
    ],
)
def test_bad_settings_get_one_clear_error(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_minimise_finds_the_weights_of_the_normal_equations() -> None:
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(20, 3, generator=generator), torch.randn(20, generator=generator)
    weights = torch.zeros(3, requires_grad=True)
    minimise([weights], lambda: (x @ weights - y).square().sum() + 2 * weights.square().sum(), steps=30)
    assert torch.allclose(weights, torch.linalg.solve(x.T @ x + 2 * torch.eye(3), x.T @ y), atol=1e-5)
