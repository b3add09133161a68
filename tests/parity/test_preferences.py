"""The losses of fine-tuning, reward model and DPO against trl's trainers, which tokenise, mask and score by themselves.

Each trainer gets the same sentences as text; it adds EOS, pads, masks the prompt, and computes its loss on a batch.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.parity.tools import agree, both_precisions, draw, loss_curve, randomise
from utils.data.tokens import EOS, PAD, SPECIALS
from utils.models.gpt import load_gpt2
from utils.models.reward import RewardModel
from utils.training.completions import join
from utils.training.preferences import DPOLoss, RewardLoss, SFTLoss, sequence_log_probabilities

pytestmark = pytest.mark.reference
transformers = pytest.importorskip("transformers")
trl = pytest.importorskip("trl")

V, HEADS, BETA = 21, 2, 0.3
WORDS = [*SPECIALS, *(f"w{k}" for k in range(len(SPECIALS), V))]
PROMPTS = [[2, 5, 6, 9], [2, 7], [2, 8, 11], [2, 20]]
CHOSEN = [[9, 10], [4, 12, 13, 14], [6], [11, 19, 5]]
REJECTED = [[15], [5, 6], [7, 16, 17, 18, 4], [10]]
TRANSPOSED = ("c_attn.weight", "c_proj.weight", "c_fc.weight")


def text(tokens: list[int], leading: bool = False) -> str:
    return " " * leading + " ".join(WORDS[token] for token in tokens)


def padded(rows: list[list[int]]) -> Tensor:
    width = max(map(len, rows))
    return torch.tensor([[*row, *[PAD] * (width - len(row))] for row in rows])


def texts(completions: list[list[int]]) -> tuple[Tensor, Tensor]:
    return join(padded(PROMPTS), padded([[*row, EOS] for row in completions]))


def tokenizer() -> Any:
    """Whole words; padding and EOS have the course's ids."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = Tokenizer(models.WordLevel({word: k for k, word in enumerate(WORDS)}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<eos>")


def gpt2(kind: str, seed: int, dtype: torch.dtype = torch.float32) -> nn.Module:
    """A small GPT-2 with random weights and no dropout."""
    off = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
    ids = {"bos_token_id": 2, "eos_token_id": EOS, "pad_token_id": PAD}
    sizes = {"vocab_size": V, "n_positions": 16, "n_embd": 8, "n_layer": 2, "n_head": HEADS, "num_labels": 1}
    model = getattr(transformers, kind)(transformers.GPT2Config(**sizes | off | ids))
    return randomise(model, seed).to(dtype)


def trainer(kind: str, folder: Path, model: nn.Module, columns: Mapping[str, list[str]], **more: Any) -> Any:
    """One of trl's trainers; its data set has as many rows as its batch."""
    import datasets

    settings = more.pop("settings", {})
    config = getattr(trl, f"{kind}Config")(
        output_dir=str(folder), use_cpu=True, bf16=False, report_to="none",
        disable_tqdm=True, per_device_train_batch_size=4, **settings,
    )  # fmt: skip
    made = getattr(trl, f"{kind}Trainer")(
        model=model,
        args=config,
        processing_class=tokenizer(),
        train_dataset=datasets.Dataset.from_dict(columns),
        **more,
    )
    made.model.train()
    return made


def compare(name: str, theirs: Any, ours: nn.Module, loss: Callable, batch: tuple[Tensor, ...], names: dict) -> None:
    """Loss, gradients and a 20-step loss curve; `names` tells their name of each of our parameters."""
    given = next(iter(theirs.get_train_dataloader()))
    their_loss = lambda: theirs.compute_loss(theirs.model, dict(given))  # noqa: E731
    our_loss = lambda: loss(ours, batch)[0]  # noqa: E731
    reference = f"trl {type(theirs).__name__}"
    agree(name, reference, our_loss(), their_loss())
    their_parameters = dict(theirs.model.named_parameters())
    assert len(names) == len(their_parameters)
    found = torch.autograd.grad(our_loss(), [p for _, p in ours.named_parameters()])
    expected = torch.autograd.grad(their_loss(), [their_parameters[names[n]] for n, _ in ours.named_parameters()])
    turned = [g.T if n.endswith(TRANSPOSED) else g for (n, _), g in zip(ours.named_parameters(), found, strict=True)]
    agree(name, reference, *(torch.cat([g.flatten() for g in side]) for side in (turned, expected)))
    curves = [
        loss_curve(run, model.parameters(), rate=0.2) for run, model in ((our_loss, ours), (their_loss, theirs.model))
    ]
    assert curves[1][-1] < curves[1][0], "the reference has not learned: the curve proves nothing"
    agree(name, reference, *curves)


def same(model: nn.Module) -> tuple[nn.Module, dict[str, str]]:
    """Our GPT with the weights of theirs, and their names."""
    weights = {name: value for name, value in model.state_dict().items() if name != "score.weight"}
    ours = load_gpt2(weights, HEADS, pad=PAD)
    return ours, {name: f"transformer.{name}" for name, _ in ours.named_parameters()}


@both_precisions
def test_log_probabilities_are_trls(dtype: torch.dtype) -> None:
    """Here also in double precision, in which trl computes no loss of a language model."""
    from trl.trainer.utils import selective_log_softmax

    tokens, mask = texts(CHOSEN)
    logits = 5 * draw(*tokens.shape, V, dtype=dtype)
    expected = (selective_log_softmax(logits[:, :-1], tokens[:, 1:]) * mask[:, 1:]).sum(dim=1)
    found = sequence_log_probabilities(logits, tokens, mask)
    agree("log-probabilities of completions", "trl selective_log_softmax", found, expected)


def test_fine_tuning_is_trls(tmp_path: Path) -> None:
    """Dies with: the prompt scored, EOS left out, a mean of means, a mask shifted by one."""
    model = gpt2("GPT2LMHeadModel", 0)
    ours, names = same(model)
    columns = {"prompt": [text(p) for p in PROMPTS], "completion": [text(c, True) for c in CHOSEN]}
    compare("SFT loss", trainer("SFT", tmp_path, model, columns), ours, SFTLoss(), texts(CHOSEN), names)


@both_precisions
def test_reward_loss_is_trls(tmp_path: Path, dtype: torch.dtype) -> None:
    """Dies with: a swapped pair, the reward read at the padded end."""
    model = gpt2("GPT2ForSequenceClassification", 0, dtype)
    gpt, names = same(model)
    ours = RewardModel(gpt).to(dtype)
    ours.score.weight.data = model.score.weight.data.clone()
    names = {f"gpt.{mine}": theirs for mine, theirs in names.items()} | {"score.weight": "score.weight"}
    both = {"chosen": CHOSEN, "rejected": REJECTED}
    columns = {
        side: [text(p) + text(c, True) for p, c in zip(PROMPTS, rows, strict=True)] for side, rows in both.items()
    }
    batch = (texts(CHOSEN)[0], texts(REJECTED)[0])
    compare("reward loss", trainer("Reward", tmp_path, model, columns), ours, RewardLoss(), batch, names)


def test_dpo_is_trls(tmp_path: Path) -> None:
    """Policy and reference differ. Dies with: a mean instead of a sum, beta left out, a mask shifted by one."""
    model, reference = gpt2("GPT2LMHeadModel", 0), gpt2("GPT2LMHeadModel", 1)
    ours, names = same(model)
    loss = DPOLoss(same(copy.deepcopy(reference))[0], BETA)
    columns = {
        "prompt": [text(p) for p in PROMPTS],
        "chosen": [text(c, True) for c in CHOSEN],
        "rejected": [text(c, True) for c in REJECTED],
    }
    theirs = trainer("DPO", tmp_path, model, columns, ref_model=reference, settings={"beta": BETA})
    compare("DPO loss", theirs, ours, loss, (*texts(CHOSEN), *texts(REJECTED)), names)
