"""The parity panel and the difference that it shows."""

from dataclasses import asdict

import pytest
import torch

from utils.teaching import parity_panel, parity_row
from utils.teaching.parity import ParityRow, relative_difference


def test_the_difference_is_relative_to_the_largest_value():
    reference = torch.tensor([0.0, -200.0])
    assert relative_difference(reference + torch.tensor([0.002, 0.0]), reference) == pytest.approx(1e-5, rel=1e-3)
    nested = (torch.ones(2), [torch.zeros(1)])
    assert relative_difference(nested, nested) == 0
    assert relative_difference((torch.ones(2), [torch.full((1,), 0.5)]), nested) == 0.5
    with pytest.raises(ValueError, match=r"shape \(2,\) cannot be compared with \(3,\)"):
        relative_difference(torch.ones(2), torch.ones(3))
    with pytest.raises(ValueError, match="1 results cannot"):
        relative_difference([torch.ones(2)], [])


def test_rounding_agrees_and_a_variant_does_not(shown):
    ours, theirs = torch.nn.LSTM(4, 6, batch_first=True).double(), torch.nn.LSTM(4, 6, batch_first=True).double()
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 5, 4, dtype=torch.double)
    good = parity_row("LSTM", "torch.nn.LSTM", "outputs", 3e-7, (ours(x)[0], theirs(x)[0]))
    gelu = torch.nn.functional.gelu
    bad = parity_row("GELU", "tanh GELU", "values", (gelu(x.float()), gelu(x.float(), approximate="tanh")))
    assert (good.agrees, bad.agrees) == (True, False)
    seen = shown(parity_panel, [good, bad])
    assert seen.bundles[0]["text/plain"] == "parity: LSTM agrees, GELU differs"
    assert "not compared" in seen.html
    assert shown(parity_panel, [asdict(good), asdict(bad)]).html == seen.html


def test_nan_never_agrees():
    assert not ParityRow("a", "b", "c", float("nan")).agrees
    assert relative_difference(torch.tensor([float("nan"), 9.0]), torch.ones(2)) != 0
    assert not parity_row("a", "b", "c", (torch.tensor([9.0, float("nan")]), torch.ones(2))).agrees


def test_what_cannot_be_shown_is_named():
    for call, message in [
        (lambda: parity_panel([]), "at least one"),
        (lambda: parity_panel([{"ours": "a", "reference": "b"}]), "lacks what"),
        (lambda: parity_row("a", "b", "c"), "in no precision"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
