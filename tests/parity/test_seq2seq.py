"""The encoder-decoder against one assembled from torch.nn, its encoder against d2l's, and its steps against itself."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from tests.parity.tools import agree, both_precisions, compare, loss_curve, randomise
from utils import d2l_bridge
from utils.decoding import greedy
from utils.models.seq2seq import FrameEncoder, Seq2Seq, Seq2SeqConfig, Seq2SeqState
from utils.training.losses import TranslationLoss, previous_words

SOURCE = torch.tensor([[5, 6, 7, 8, 9, 3], [9, 0, 0, 0, 0, 0], [5, 6, 7, 3, 0, 0]])  # lengths maximal, 1, and between
TARGET = torch.tensor([[4, 5, 6, 7, 3], [8, 3, 0, 0, 0], [9, 9, 4, 3, 0]])
REAL = TARGET != 0
SIZES = Seq2SeqConfig(source_vocabulary=11, target_vocabulary=13, embedding=6, hidden=8)


class Assembled(nn.Module):
    """The same model by other ways: packed sequences in the encoder, one GRU cell at a time in the decoder."""

    def __init__(self) -> None:
        super().__init__()
        E, H = SIZES.embedding, SIZES.hidden
        self.source, self.target = nn.Embedding(11, E), nn.Embedding(13, E)
        self.reader, self.cell = nn.GRU(E, H, batch_first=True), nn.GRUCell(E + H, H)
        self.readout, self.bias = nn.Linear(H + E + H, E), nn.Parameter(torch.zeros(13))

    def forward(self, source: Tensor, words: Tensor) -> Tensor:
        lengths = (source != 0).sum(dim=1)
        packed = pack_padded_sequence(self.source(source), lengths, batch_first=True, enforce_sorted=False)
        context = hidden = self.reader(packed)[1][0]
        logits = []
        for word in self.target(words).unbind(dim=1):
            hidden = self.cell(torch.cat([word, context], dim=1), hidden)
            readout = torch.tanh(self.readout(torch.cat([hidden, word, context], dim=1)))
            logits.append(readout @ self.target.weight.T + self.bias)
        return torch.stack(logits, dim=1)


def assembled(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Our weights under the names of `Assembled`."""
    names = {"encoder.embedding.": "source.", "encoder.rnn.": "reader.", "decoder.embedding.": "target."}
    names |= {"decoder.rnn.": "cell.", "decoder.": ""}
    found = {}
    for name, value in weights.items():
        ours, theirs = next(pair for pair in names.items() if name.startswith(pair[0]))
        last = name.removeprefix(ours)
        found[theirs + (last.removesuffix("_l0") if theirs == "cell." else last)] = value
    return found


@both_precisions
def test_seq2seq_is_torch(dtype: torch.dtype) -> None:
    """Dies if the context is read at the padded end, is not the first state, or is missing at a step."""
    ours, theirs = randomise(Seq2Seq(SIZES)).to(dtype), Assembled().to(dtype)
    words = previous_words(TARGET)
    compare(
        "Encoder-decoder",
        "assembled from torch.nn",
        ours,
        theirs,
        assembled,
        lambda: [ours(SOURCE, words)[REAL]],
        lambda: [theirs(SOURCE, words)[REAL]],
        rate=0.5,
    )


@both_precisions
def test_training_losses_are_those_of_the_assembled_one(dtype: torch.dtype) -> None:
    """Twenty steps of cross-entropy over real tokens: ours by mask, theirs by torch's ignore_index."""
    ours, theirs = randomise(Seq2Seq(SIZES)).to(dtype), Assembled().to(dtype)
    theirs.load_state_dict(assembled(ours.state_dict()))
    fed = torch.cat([torch.full((3, 1), 2), TARGET[:, :-1]], dim=1)
    mine = loss_curve(lambda: TranslationLoss()(ours, (SOURCE, TARGET))[0], ours.parameters(), rate=0.5)
    true = loss_curve(
        lambda: F.cross_entropy(theirs(SOURCE, fed).transpose(1, 2), TARGET, ignore_index=0),
        theirs.parameters(),
        rate=0.5,
    )
    assert true[-1] < 0.9 * true[0]
    agree("Encoder-decoder", "assembled from torch.nn", mine, true)


@pytest.mark.reference
@both_precisions
def test_the_encoder_is_d2l(dtype: torch.dtype) -> None:
    """d2l's encoder puts time first, and its state has read the padding too: so only full rows share the state."""
    pytest.importorskip("d2l")
    d2l = d2l_bridge.d2l()
    ours = randomise(Seq2Seq(SIZES).encoder).to(dtype)
    theirs = d2l.Seq2SeqEncoder(SIZES.source_vocabulary, SIZES.embedding, SIZES.hidden, num_layers=1).to(dtype)

    def export(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {name.replace("rnn.", "rnn.rnn."): value for name, value in weights.items()}

    def reference() -> list[Tensor]:
        outputs, state = theirs(SOURCE)
        return [outputs.transpose(0, 1)[SOURCE != 0], state[0, :1]]

    compare(
        "Encoder of the encoder-decoder",
        "d2l.Seq2SeqEncoder",
        ours,
        theirs,
        export,
        lambda: [ours(SOURCE)[SOURCE != 0], ours.context(SOURCE)[:1]],
        reference,
    )


@both_precisions
def test_steps_on_gold_tokens_give_the_logits_of_teacher_forcing(dtype: torch.dtype) -> None:
    """Dies if the decoder is fed y[t] for y[t-1], or without BOS."""
    model = randomise(Seq2Seq(SIZES)).to(dtype).eval()
    with torch.no_grad():
        state, columns = model.start(SOURCE), []
        for token in torch.cat([torch.full((3, 1), 2), TARGET[:, :-1]], dim=1).T:
            logits, state = model.step(token, state)
            columns.append(logits)
        full = model(SOURCE, previous_words(TARGET))
    agree("Steps of the encoder-decoder", "its own teacher forcing", torch.stack(columns, dim=1), full)


def test_more_padding_changes_no_output() -> None:
    model = randomise(Seq2Seq(SIZES), deviation=1.0).double().eval()
    for extra in (1, 7):
        assert torch.equal(greedy(model, F.pad(SOURCE, (0, extra)), 12), greedy(model, SOURCE, 12))


def test_select_repeats_and_reorders_rows() -> None:
    """A beam that follows another row's history must get that row's state, its trace included."""
    model = randomise(Seq2Seq(SIZES)).double().eval()
    index, token = torch.tensor([2, 0, 0, 1]), torch.tensor([4, 5, 6])
    with torch.no_grad():
        straight, state = model.step(token, model.start(SOURCE, trace=True))
        before = model.start(SOURCE, trace=True).select(index)
        picked, after = model.step(token[index], before)
    torch.testing.assert_close(picked, straight[index], rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(after.hidden, state.hidden[index], rtol=1e-12, atol=1e-12)
    assert torch.equal(state.select(index).trace["hidden"], state.trace["hidden"][index])
    assert Seq2SeqState(state.hidden, state.context).select(index).trace is None


def test_the_trace_holds_the_state_of_the_last_step() -> None:
    model = randomise(Seq2Seq(SIZES)).double().eval()
    with torch.no_grad():
        state = model.start(SOURCE, trace=True)
        assert torch.equal(state.trace["hidden"], state.trace["context"])
        for token in (2, 4):
            logits, state = model.step(torch.full((3,), token), state)
            assert torch.equal(state.trace["hidden"], state.hidden)
            assert not torch.equal(state.trace["hidden"], state.trace["context"])
        plain = model.step(torch.full((3,), 4), model.step(torch.full((3,), 2), model.start(SOURCE))[1])
    assert torch.equal(plain[0], logits)
    assert plain[1].trace is None


@pytest.mark.parametrize("source", [[[4, 5], [0, 0]], [[0]], [[]]])
def test_an_empty_source_is_refused(source: list[list[int]]) -> None:
    model, tokens = Seq2Seq(SIZES), torch.tensor(source, dtype=torch.long)
    with pytest.raises(ValueError, match="a source sentence is empty"):
        model.start(tokens)
    with pytest.raises(ValueError, match="a source sentence is empty"):
        model(tokens, torch.full((len(source), 1), 2))


def test_a_silent_frame_inside_a_recording_is_no_end() -> None:
    """The last real frame counts, not the number of frames that are not silent."""
    model = randomise(Seq2Seq(SIZES, FrameEncoder(SIZES, bands=3))).double().eval()
    frames = torch.randn(1, 5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    frames[:, 2] = 0
    longer = torch.cat([frames, torch.zeros(1, 2, 3, dtype=torch.float64)], dim=1)
    with torch.no_grad():
        expected = model.encoder(frames)[:, -1]
        torch.testing.assert_close(model.start(longer).context, expected, rtol=1e-12, atol=1e-12)
