"""Chapter 05's experiments: what is left out is left out, and what is counted is right."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from utils.experiments import lab_hardware, lab_needs, lab_transformer
from utils.experiments.lab_costs import loss, sentences
from utils.experiments.lab_transformer import BUILDS, STAGES, TransformerSettings, build
from utils.experiments.lab_translation import Data, prepare
from utils.models.transformer import Transformer, TransformerConfig

TINY = TransformerSettings(pairs=200, tests=50, hidden=8, width=8, heads=2, layers=2, feed_forward=8)


@pytest.fixture(scope="module")
def data() -> Data:
    return prepare(TINY)


def test_every_stage_names_a_model_that_translates(data: Data) -> None:
    for changes in STAGES.values():
        model = build(replace(TINY, **changes), data)
        source, target = sentences(model if hasattr(model, "config") else _sizes(data), 5, 2)
        assert torch.isfinite(loss(model, source, target))


class _sizes:  # noqa: N801
    """The vocabularies of a model that keeps no config."""

    def __init__(self, data: Data):
        self.config = TransformerConfig(len(data.source), len(data.target))


def test_an_unknown_model_or_part_is_refused(data: Data) -> None:
    with pytest.raises(ValueError, match="'lstm' is unknown; it must be one of attention"):
        build(replace(TINY, model="lstm"), data)
    with pytest.raises(ValueError, match="'norm' cannot be left out"):
        lab_transformer.without("norm", TINY, data)
    with pytest.raises(ValueError, match="'German' is unknown"):
        lab_needs.next_task("German", data, 3, 0, (3, 5))


@torch.no_grad()
def test_what_is_left_out_is_missing_and_the_start_is_the_same(data: Data) -> None:
    def made(name: str) -> Transformer:
        torch.manual_seed(0)
        model = BUILDS[name](TINY, data)
        assert isinstance(model, Transformer)
        return model

    whole = made("Transformer")
    source, words = sentences(whole, 6, 1)
    shuffled = source[:, torch.tensor([3, 1, 5, 0, 2, 4])]
    later = words.clone()
    later[:, -1] = 4 + (later[:, -1] - 3) % 5
    for name in ("without positions", "without causal mask", "without way around"):
        model = made(name)
        assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), model.parameters(), strict=True))
        order_matters = not torch.allclose(model(source, words), model(shuffled, words), atol=1e-5)
        sees_ahead = not torch.equal(model(source, words)[:, :-1], model(source, later)[:, :-1])
        assert order_matters == (name != "without positions")
        assert sees_ahead == (name == "without causal mask")
        assert not torch.allclose(model(source, words), whole(source, words), atol=1e-4)


def test_a_next_task_starts_from_all_weights_but_its_own_words(data: Data) -> None:
    first = build(TINY, data)
    assert isinstance(first, Transformer)
    tags = lab_needs.next_task("parts of speech", data, 20, 0, (3, 6))
    assert all(len(english) == len(other) for english, other in tags.train)
    assert not {english for english, _ in tags.train} & {english for english, _ in tags.test}
    after = lab_needs.started_from(first, TINY, tags)
    for name, value in after.state_dict().items():
        own = name.startswith(("decoder.embedding", "decoder.bias"))
        assert own or torch.equal(value, first.state_dict()[name]), name
    assert len(after.decoder.bias) == len(tags.target) != len(data.target)
    for arm, (own, _) in lab_needs.ARMS.items():
        kept = lab_needs.started_from(first, TINY, tags, own).state_dict()
        assert kept["encoder.embedding.words.weight"].equal(first.encoder.embedding.words.weight) == ("French" in arm)
        query = "layers.0.cross_attention.query.weight"
        assert kept[f"decoder.{query}"].equal(first.state_dict()[f"decoder.{query}"]) == (arm == "French weights")


@pytest.mark.parametrize(("source", "target", "batch"), [(7, 5, 1), (12, 12, 3)])
def test_the_formula_counts_what_torch_counts(source: int, target: int, batch: int) -> None:
    config = TransformerConfig(20, 30, width=16, heads=2, layers=3, feed_forward=24)
    model = Transformer(config)
    ids = torch.full((batch, source), 5), torch.full((batch, target), 6)
    counter = FlopCounterMode(display=False)
    with counter, sdpa_kernel(SDPBackend.MATH):
        forward = model(*ids).sum()
        there = counter.get_total_flops()
        forward.backward()
    assert lab_hardware.operations(config, source, target, batch) == 3 * there
    # The embeddings need no gradient of their input, all else does: the whole step is as the formula says.
    assert counter.get_total_flops() == pytest.approx(3 * there, rel=0.02)


def test_exponents_are_found_with_an_interval_around_them() -> None:
    words = (512, 1024, 2048)
    assert lab_hardware.exponent(words, [3e-6 * n**2 for n in words]) == pytest.approx(2)
    rounds = [[n**1.5 * (1 + 0.1 * ((3 * k + i) % 4 - 1.5)) for i, n in enumerate(words)] for k in range(6)]
    found = lab_hardware.interval(words, rounds)
    assert found["low"] < found["exponent"] < found["high"]
    assert found["low"] < 1.5 < found["high"]


def test_attention_written_out_holds_the_square_and_the_fused_one_does_not() -> None:
    written, fused = ([lab_hardware.held(kind, n) for n in (512, 1024)] for kind in ("written out", "fused"))
    assert written[1] > 3 * written[0]
    assert written[1] > 1024**2 * 4
    assert fused[1] < 2.1 * fused[0]
    draw = torch.randn(3, 1, 1, 40, 8)
    one, other = (attend(*draw) for attend in lab_hardware.ATTENTIONS.values())
    torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)
