"""AWD-LSTM and ULMFiT's classifier against fastai's, where fastai is installed.

fastai asks for torchvision and spaCy and is no dependency of the tests; `test_awd_lstm.py` needs nothing but torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn

from tests.parity.test_awd_lstm import BATCHES, CONFIG, V, each_batch
from tests.parity.tools import agree, both_precisions, loss_curve, randomise
from utils.models.awd_lstm import AWDLanguageModel, ULMFiTClassifier

pytestmark = pytest.mark.reference
awdlstm = pytest.importorskip("fastai.text.models.awdlstm", exc_type=ImportError)
core = pytest.importorskip("fastai.text.models.core", exc_type=ImportError)
SIZES = {"emb_sz": 6, "n_hid": 10, "n_layers": 3, "pad_token": 0}
OFF = dict.fromkeys(("output_p", "hidden_p", "input_p", "embed_p", "weight_p"), 0.0)


@pytest.fixture
def precision(dtype: torch.dtype) -> Iterator[None]:
    """Make models in this precision: fastai's weight drop does not survive `model.to(dtype)`."""
    torch.set_default_dtype(dtype)
    yield
    torch.set_default_dtype(torch.float32)


def pairs(ours: nn.Module, theirs: nn.Module, stack: nn.Module) -> list[tuple[nn.Parameter, nn.Parameter]]:
    """Parameters of the encoders side by side; fastai's weight drop keeps the true matrix under another name."""
    found = [(ours.encoder.embedding.weight, stack.encoder.weight)]
    for mine, other in zip(ours.encoder.layers, stack.rnns, strict=True):
        found += [(mine.weight_ih, other.module.weight_ih_l0), (mine.weight_hh, other.weight_hh_l0_raw)]
        found += [(mine.bias_ih, other.module.bias_ih_l0), (mine.bias_hh, other.module.bias_hh_l0)]
    return found


def agree_in_all(
    name: str,
    reference: str,
    sides: list[tuple[nn.Parameter, nn.Parameter]],
    mine: Callable[[], Tensor],
    other: Callable[[], Tensor],
) -> None:
    """Outputs, gradients and a loss curve, from the same random weights."""
    with torch.no_grad():
        for ours, theirs in sides:
            theirs.copy_(ours)
    agree(name, reference, mine(), other())
    columns = list(zip(*sides, strict=True))
    gradients = [
        torch.cat([g.flatten() for g in torch.autograd.grad(output().square().mean(), column)])
        for output, column in zip((mine, other), columns, strict=True)
    ]
    agree(name, reference, *gradients)
    both = zip((mine, other), columns, strict=True)
    curves = [loss_curve(lambda f=f: (f() - 1).square().mean(), c, rate=0.01) for f, c in both]
    assert curves[1][-1] < curves[1][0], "the reference has not learned: the curve proves nothing"
    agree(name, reference, *curves)


@pytest.mark.usefixtures("precision")
@both_precisions
@each_batch
def test_language_model_is_fastais(batch: str) -> None:
    """Encoder, widths and tied decoder."""
    config = {**SIZES, **OFF, "tie_weights": True, "out_bias": True, "bidir": False}
    # In train mode fastai takes a weight that drops nothing for a parameter, and stumbles over it.
    theirs = core.get_language_model(awdlstm.AWD_LSTM, V, config=config).eval()
    ours, words = randomise(AWDLanguageModel(CONFIG)), BATCHES[batch]

    def reference() -> Tensor:
        theirs.reset()
        return theirs(words)[0][words != 0]

    sides = [*pairs(ours, theirs, theirs[0]), (ours.bias, theirs[1].decoder.bias)]
    agree_in_all("AWDLanguageModel, fastai", "fastai AWD_LSTM", sides, lambda: ours(words)[words != 0], reference)


@pytest.mark.usefixtures("precision")
@both_precisions
@each_batch
def test_classifier_is_fastais(batch: str) -> None:
    """Concat pooling and the head; fastai's linear layers have no bias behind a batch norm."""
    config = {**SIZES, **OFF, "bidir": False}
    theirs = core.get_text_classifier(awdlstm.AWD_LSTM, V, 3, config=config, pad_idx=0, ps=[0.0], lin_ftrs=[5]).eval()
    # fastai wants the longest text first, and batch norm more than one text.
    order = (BATCHES[batch] != 0).sum(dim=1).argsort(descending=True)
    words = BATCHES[batch][order]
    ours = randomise(ULMFiTClassifier(CONFIG, 3, width=5)).eval()
    with torch.no_grad():
        ours.head[2].bias.zero_()
        ours.head[6].bias.zero_()
    heads = list(theirs[1].layers.parameters())
    mine = [p for name, p in ours.head.named_parameters() if name not in ("2.bias", "6.bias")]
    sides = [*pairs(ours, theirs, theirs[0].module), *zip(mine, heads, strict=True)]
    agree_in_all(
        "ULMFiTClassifier, fastai", "fastai text classifier", sides, lambda: ours(words), lambda: theirs(words)[0]
    )


def test_groups_are_fastais() -> None:
    """Which parameters share a learning rate: as many groups, of as many numbers, in the same order."""
    classifier = core.get_text_classifier(awdlstm.AWD_LSTM, V, 3, config={**SIZES, "bidir": False}, lin_ftrs=[5])
    theirs = [sum(p.numel() for p in set(group)) for group in awdlstm.awd_lstm_clas_split(classifier)]
    ours = [sum(p.numel() for p in group) for group in ULMFiTClassifier(CONFIG, 3, width=5).groups()]
    assert [*ours[:-1], ours[-1] - 5 - 3] == theirs  # our head has two biases more
    model = core.get_language_model(awdlstm.AWD_LSTM, V, config={**awdlstm.awd_lstm_lm_config, **SIZES})
    theirs = [sum(p.numel() for p in set(group)) for group in awdlstm.awd_lstm_lm_split(model)]
    assert [sum(p.numel() for p in group) for group in AWDLanguageModel(CONFIG).groups()] == theirs
