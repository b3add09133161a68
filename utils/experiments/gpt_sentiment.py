"""Sentiment (SST-2) by the GPT of `gpt/real_text`: asked by a prompt, without a label, and tuned with few and all.

Asked: the sentence is followed by the begin of another one ("It was"), and the label is the word that the model holds
for likelier there, "great" or "terrible" (Radford et al. 2019, section 3; Brown et al. 2020, section 3). A model
prefers one word whatever stands before; so its median preference on the unlabelled sentences of the split is taken off
(in the spirit of Zhao et al. 2021, arXiv 2102.09690), which assumes that about half of them praise. Which prompt and
which words are chosen on dev; test is scored once.
Tuned: a linear layer on the state of the end of the text (Radford et al. 2018, section 3.2).
Controls: the same net with chance weights, asked and tuned in the same way.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from utils import metrics, pretrained
from utils.data.batches import pad
from utils.data.tokens import EOS
from utils.experiments import sentiment
from utils.experiments.run import Run
from utils.experiments.sentiment_tuning import SYSTEMS, Tuning, sentences, sweep
from utils.models.gpt import GPT, GPTConfig
from utils.models.padding import last_real, row_at
from utils.pretrained import Writer

PROMPTS = (" it was", " this film is", " the movie is", " all in all, it is a", " i thought it was")
WORDS = (("great", "terrible"), ("good", "bad"), ("wonderful", "awful"), ("funny", "boring"), ("best", "worst"))


@dataclass(frozen=True)
class Sentiment:
    """How it is tuned, and the trained writer that it starts from."""

    tuning: Tuning
    writer: str = "gpt/real_text"


class LastClassifier(nn.Module):
    """A label for the whole text from the state of its last token."""

    def __init__(self, gpt: GPT):
        super().__init__()
        self.gpt = gpt
        self.output = nn.Linear(gpt.config.width, 2)
        nn.init.normal_(self.output.weight, std=0.02)
        nn.init.zeros_(self.output.bias)

    def forward(self, tokens: Tensor) -> Tensor:
        """tokens (B, T) -> logits (B, 2)."""
        last = last_real(tokens != self.gpt.config.pad)  # (B,)
        return self.output(row_at(self.gpt.states(tokens), last))


@torch.no_grad()
def following(writer: Writer, texts: Sequence[str], size: int = 64) -> Tensor:
    """Log-probabilities of the piece after each text: (N, V); of a long text the end is read."""
    model, room = writer.model.eval(), writer.model.config.context
    ids = [writer.encode(text)[-room:] for text in texts]
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    rows: dict[int, Tensor] = {}
    for begin in range(0, len(order), size):
        some = order[begin : begin + size]
        tokens = pad([ids[i] for i in some])
        states = row_at(model.states(tokens), last_real(tokens != model.config.pad))  # (B, D)
        rows |= dict(zip(some, (states @ model.wte.weight.T).log_softmax(dim=-1), strict=True))
    return torch.stack([rows[i] for i in range(len(ids))])


def single_pieces(writer: Writer, pairs: Sequence[tuple[str, str]] = WORDS) -> dict[tuple[str, str], tuple[int, int]]:
    """The pairs of words that are one piece each -> their ids."""
    found = {}
    for pair in pairs:
        ids = [writer.encode(f"it is {word}")[len(writer.encode("it is")) :] for word in pair]
        if all(len(each) == 1 for each in ids):
            found[pair] = (ids[0][0], ids[1][0])
    return found


def preference(logs: Tensor, ids: tuple[int, int]) -> Tensor:
    """By how many nats the word of praise is preferred, beside the median over the texts: (N, V) -> (N,)."""
    apart = logs[:, ids[0]] - logs[:, ids[1]]
    return apart - apart.median()


def asked(writer: Writer, dev: Sequence[tuple[str, int]], test: Sequence[tuple[str, int]]) -> dict[str, Any]:
    """Choose prompt and words on dev, score test once."""
    pairs = single_pieces(writer)
    choices: list[dict[str, Any]] = []
    for prompt in PROMPTS:
        logs = following(writer, [text + prompt for text, _ in dev])
        for words, ids in pairs.items():
            found = right(preference(logs, ids), dev)
            choices.append({"prompt": prompt, "words": " or ".join(words), "dev": found.value, "ids": ids})
    best = max(choices, key=lambda row: row["dev"])
    apart = preference(following(writer, [text + best["prompt"] for text, _ in test]), best.pop("ids"))
    return {"chosen": best, "test": right(apart, test), "choices": [{k: v for k, v in row.items() if k != "ids"}
                                                                     for row in choices]}  # fmt: skip


def right(apart: Tensor, truth: Sequence[tuple[str, int]]) -> metrics.Share:
    """The share of sentences whose preference has the sign of the label."""
    return metrics.share([(value > 0) == bool(label) for value, (_, label) in zip(apart.tolist(), truth, strict=True)])


def started(plan: Sentiment, writer: Writer | None, system: str, seed: int) -> GPT:
    """The net that a system begins with, with the tuning's dropout."""
    if system not in SYSTEMS:
        raise ValueError(f"system {system!r} must be one of {SYSTEMS}")
    config = GPTConfig(200, 128, 1, 1, 8) if writer is None else writer.model.config
    torch.manual_seed(seed)
    model = GPT(replace(config, dropout=plan.tuning.dropout))
    if system == "pretrained" and writer is not None:
        model.load_state_dict(writer.model.state_dict())
    torch.manual_seed(seed)  # the heads, and the dropout to come, begin alike
    return model


def sst2(run: Run) -> None:
    """Ask, then tune; both with chance weights beside."""
    plan: Sentiment = run.settings
    writer = pretrained.writer(plan.writer)
    dev, test = (sentences(split, plan.tuning.sentences) for split in ("dev", "test"))
    began = time.process_time()
    mine = asked(writer, dev, test)
    seconds = round(time.process_time() - began, 1)
    chance = asked(Writer(started(plan, writer, "chance weights", run.seed), writer.vocabulary), dev, test)

    def encode(text: str) -> list[int]:
        return [*writer.encode(text)[: writer.model.config.context - 1], EOS]

    found = sweep(run, plan.tuning, lambda system, seed: LastClassifier(started(plan, writer, system, seed)), encode)
    last = found.pop("whole")
    tuned, size = metrics.Share(last["test"], *last["interval"]), pretrained.parameters(writer.model)
    data = {"pretraining_data": f"real text of the catalogue ({plan.writer})", "device": "cpu"}
    run.found |= {
        "curves": {**found, "prompts": mine["choices"]},
        "metrics": {
            "asked, " + sentiment.METRIC: sentiment.as_metric(mine["test"]),
            "asked, chosen on dev": mine["chosen"],
            "asked, chance weights": sentiment.as_metric(chance["test"]),
            "tuned, " + sentiment.METRIC: sentiment.as_metric(tuned),
        },
        "scoreboard": [
            sentiment.board_row("GPT, asked by a prompt, no label", "07", mine["test"], parameters=size,
                                seconds=seconds, **data),
            sentiment.board_row("GPT, tuned", "07", tuned, parameters=last["parameters"], seconds=last["seconds"],
                                **data),
        ],
        "sizes": {"parameters": size, "training sentences": last["labels"]},
        "seeds": list(plan.tuning.seeds),
        "notes": ["asked: prompt and words were chosen on dev, and the median preference of the split was taken off",
                  "seeds with all labels: " + ", ".join(map(str, plan.tuning.whole))],
    }  # fmt: skip
