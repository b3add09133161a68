"""Recurrent nets by hand: one step in plain Python, saturated gates, both ways, and the language model's state."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from utils.models.rnn import GRU, LSTM, GRUScratch, LSTMCell, LSTMScratch, RNNScratch, stacked
from utils.models.rnn_heads import FAST, SCRATCH, Classifier, LanguageModel, RecurrentConfig, Tagger

every_cell = pytest.mark.parametrize("cell", [*FAST, *SCRATCH])
PROMPTS = torch.tensor([[5, 6, 7], [8, 0, 0], [9, 3, 0]])


def random(model: Any, seed: int = 0) -> Any:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.5)
    return model.eval()


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def numbers(net: Any) -> tuple[list[float], list[float], list[float], list[float]]:
    """The weights of a net of width one: W, its bias, U, its bias, a number for each gate."""
    cell = net.cell
    return tuple(p.flatten().tolist() for p in (cell.W.weight, cell.W.bias, cell.U.weight, cell.U.bias))


def test_rnn_step_by_hand() -> None:
    net = random(RNNScratch(1, 1))
    (w,), (b,), (u,), (d,) = numbers(net)
    states, _ = net(torch.tensor([[[0.7], [-0.3]]]))
    h = math.tanh(w * 0.7 + b + d)
    assert states.flatten().tolist() == pytest.approx([h, math.tanh(w * -0.3 + b + u * h + d)], abs=1e-6)


def test_lstm_step_by_hand() -> None:
    net = random(LSTMScratch(1, 1))
    weights = numbers(net)
    trace: dict = {}
    states, (last_h, last_c) = net(
        torch.tensor([[[0.7]]]), (torch.tensor([[[0.2]]]), torch.tensor([[[0.4]]])), trace=trace
    )
    i, f, g, o = (w * 0.7 + b + u * 0.2 + d for w, b, u, d in zip(*weights, strict=True))
    c = sigmoid(f) * 0.4 + sigmoid(i) * math.tanh(g)
    h = sigmoid(o) * math.tanh(c)
    assert [states.item(), last_h.item(), last_c.item()] == pytest.approx([h, h, c], abs=1e-6)
    kept = {name: value.item() for name, value in stacked(trace).items()}
    gates = {"input": sigmoid(i), "forget": sigmoid(f), "candidate": math.tanh(g), "output": sigmoid(o)}
    assert kept == pytest.approx(gates | {"cell": c, "hidden": h}, abs=1e-6)


def test_gru_step_by_hand() -> None:
    net = random(GRUScratch(1, 1))
    (w_r, w_z, w_n), (b_r, b_z, b_n), (u_r, u_z, u_n), (d_r, d_z, d_n) = numbers(net)
    states, _ = net(torch.tensor([[[0.7]]]), (torch.tensor([[[0.2]]]),))
    r = sigmoid(w_r * 0.7 + b_r + u_r * 0.2 + d_r)
    z = sigmoid(w_z * 0.7 + b_z + u_z * 0.2 + d_z)
    n = math.tanh(w_n * 0.7 + b_n + r * (u_n * 0.2 + d_n))
    assert states.item() == pytest.approx((1 - z) * n + z * 0.2, abs=1e-6)


def test_an_open_forget_gate_keeps_the_cell_for_ever() -> None:
    """With f = 1 and i = 0 the cell never changes; with f = 0 and i = 1 it is the candidate."""
    cell = random(LSTMCell(2, 3))
    c = torch.tensor([[0.3, -2.0, 1.5]])
    with torch.no_grad():
        cell.W.bias[:3], cell.W.bias[3:6] = -100.0, 100.0  # i, f
        state = (torch.zeros(1, 3), c)
        for _ in range(50):
            state = cell(torch.randn(1, 2), state)
        assert torch.equal(state[1], c)
        cell.W.bias[:3], cell.W.bias[3:6] = 100.0, -100.0
        trace: dict = {}
        assert torch.equal(cell(torch.randn(1, 2), state, trace)[1], trace["candidate"][0])


def test_the_way_back_is_the_way_there_on_the_sentence_turned_round() -> None:
    """Dies if the backward direction begins on padding."""
    both = random(GRU(3, 4, bidirectional=True))
    there, back = GRU(3, 4), GRU(3, 4)
    weights = both.net.state_dict()
    there.net.load_state_dict({name: value for name, value in weights.items() if "reverse" not in name})
    back.net.load_state_dict(
        {name.removesuffix("_reverse"): value for name, value in weights.items() if "reverse" in name}
    )
    x, lengths = torch.randn(3, 6, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([6, 1, 4])
    states, (last,) = both(x, lengths=lengths)
    for row, length in enumerate(lengths.tolist()):
        sentence = x[row : row + 1, :length]
        expected = torch.cat([there(sentence)[0], back(sentence.flip(1))[0].flip(1)], dim=-1)[0]
        torch.testing.assert_close(states[row, :length], expected)
        torch.testing.assert_close(last[row], torch.stack([expected[-1, :4], expected[0, 4:]]))
    assert states[1, 1:].abs().max() == 0


@pytest.mark.parametrize("kind", [LSTM, LSTMScratch])
def test_reading_goes_on_from_a_state(kind: Any) -> None:
    net = random(kind(3, 4))
    x = torch.randn(2, 7, 3, generator=torch.Generator().manual_seed(0))
    whole, last = net(x)
    first, state = net(x[:, :3])
    second, end = net(x[:, 3:], state)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole)
    for one, other in zip(end, last, strict=True):
        torch.testing.assert_close(one, other)


def test_weights_go_to_torch_and_back() -> None:
    net = random(LSTMScratch(3, 4))
    other = random(LSTMScratch(3, 4), seed=1)
    other.load_torch_weights(net.torch_weights())
    x = torch.randn(2, 5, 3)
    assert torch.equal(net(x)[0], other(x)[0])


@every_cell
@torch.no_grad()
def test_steps_behind_a_ragged_prompt_are_the_whole_text(cell: str) -> None:
    """Dies if a prompt's state is read at its padded end, or if its last token is read twice or not at all."""
    model = random(LanguageModel(RecurrentConfig(12, cell=cell, embedding=4, hidden=5)))
    tokens = torch.tensor([[4, 5, 6], [1, 2, 3], [7, 7, 8]])
    state, steps = model.start(PROMPTS, trace=True), []
    for token in (state.token, *tokens.T):
        logits, state = model.step(token, state)
        steps.append(logits)
    for row, prompt in enumerate(PROMPTS):
        prompt = prompt[prompt != 0]
        whole = model(torch.cat([prompt, tokens[row]])[None])[0, len(prompt) - 1 :]
        torch.testing.assert_close(torch.stack(steps, dim=1)[row], whole, atol=1e-5, rtol=1e-5)
    assert state.trace["hidden"].shape == (3, 1, 5)
    assert ("cell" in state.trace) == cell.startswith("LSTM")


@every_cell
@torch.no_grad()
def test_selected_rows_go_on_as_they_would_have(cell: str) -> None:
    model = random(LanguageModel(RecurrentConfig(12, cell=cell, embedding=4, hidden=5)))
    _, state = model.step(torch.tensor([5, 8, 3]), model.start(PROMPTS, trace=True))
    index = torch.tensor([2, 0, 0, 1])
    logits, after = model.step(torch.tensor([4, 6, 7]), state)
    chosen, chosen_after = model.step(torch.tensor([4, 6, 7])[index], state.select(index))
    torch.testing.assert_close(chosen, logits[index], atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(chosen_after.trace["hidden"], after.trace["hidden"][index], atol=1e-6, rtol=1e-5)


def test_first_loss_is_that_of_guessing() -> None:
    torch.manual_seed(0)
    for width in (16, 256):
        model = LanguageModel(RecurrentConfig(300, embedding=width, hidden=width))
        words = torch.randint(1, 300, (16, 20))
        loss = torch.nn.functional.cross_entropy(model(words[:, :-1]).flatten(0, 1), words[:, 1:].flatten())
        assert abs(loss.item() - math.log(300)) < 0.1


@pytest.mark.parametrize("head", [LanguageModel, Classifier, Tagger])
def test_dropout_is_off_in_eval(head: Any) -> None:
    model = random(head(RecurrentConfig(12, 3, layers=2, dropout=0.5)))
    plain = random(head(RecurrentConfig(12, 3, layers=2)))
    assert torch.equal(model(PROMPTS), plain(PROMPTS))
    assert not torch.equal(model.train()(PROMPTS), plain(PROMPTS))


def test_wrong_sizes_are_refused_with_what_would_be_right() -> None:
    with pytest.raises(ValueError, match="cannot be bidirectional"):
        LanguageModel(RecurrentConfig(12, bidirectional=True))
    with pytest.raises(ValueError, match=r"'lstm' is unknown; there are: RNN, LSTM, GRU"):
        Tagger(RecurrentConfig(12, cell="lstm"))
    with pytest.raises(ValueError, match="use GRU"):
        Tagger(RecurrentConfig(12, cell="GRUScratch", layers=2))
    empty: Tensor = torch.tensor([[4, 5], [0, 0]])
    for head in (Classifier, Tagger):
        with pytest.raises(ValueError, match="empty"):
            head(RecurrentConfig(12))(empty)
    with pytest.raises(ValueError, match="empty"):
        LanguageModel(RecurrentConfig(12)).start(empty)
