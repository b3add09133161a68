"""Sentiment (SST-2) by a pretrained BERT: a label for a sentence from the mean of its states, with few labels and all.

The encoder is that of `minilm`. Reading the mean of all states and not [CLS] alone follows how it was last trained
(Reimers and Gurevych 2019, section 3). Its control is the same net with chance weights, trained in the same way.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from utils import metrics
from utils.experiments import minilm, sentiment
from utils.experiments.run import Run
from utils.experiments.sentiment_tuning import SYSTEMS, Tuning, sweep
from utils.models.bert import Bert, BertConfig
from utils.models.padding import masked_mean


class MeanClassifier(nn.Module):
    """A label for the whole text from the mean of the encoder's states over its real tokens."""

    def __init__(self, bert: Bert):
        super().__init__()
        self.bert = bert
        self.dropout = nn.Dropout(bert.config.dropout)
        self.output = nn.Linear(bert.config.width, 2)
        nn.init.normal_(self.output.weight, std=0.02)
        nn.init.zeros_(self.output.bias)

    def forward(self, tokens: Tensor) -> Tensor:
        """tokens (B, T) -> logits (B, C)."""
        mean = masked_mean(self.bert(tokens), tokens != self.bert.config.pad)  # (B, D)
        return self.output(self.dropout(mean))


def classifier(plan: Tuning, system: str, seed: int) -> MeanClassifier:
    """A classifier whose encoder begins as the system says."""
    if system not in SYSTEMS:
        raise ValueError(f"system {system!r} must be one of {SYSTEMS}")
    if plan.tiny:
        width, depth, heads = plan.tiny
        bert = Bert(BertConfig(minilm.VOCABULARY, 512, depth, heads, width, plan.dropout))
    else:
        bert = (
            minilm.pretrained_bert(plan.dropout) if system == "pretrained" else minilm.random_bert(plan.dropout, seed)
        )
    torch.manual_seed(seed)  # the heads, and the dropout to come, begin alike
    return MeanClassifier(bert)


def sst2(run: Run) -> None:
    """Every number of labels, few first, on every seed; the row of the scoreboard is seed 0 with all labels."""
    plan: Tuning = run.settings
    found = sweep(run, plan, lambda system, seed: classifier(plan, system, seed), minilm.Pieces())
    last = found.pop("whole")
    test = metrics.Share(last["test"], *last["interval"])
    cost = {"parameters": last["parameters"], "pretraining_data": minilm.DATA, "seconds": last["seconds"]}
    run.found |= {
        "curves": found,
        "metrics": {sentiment.METRIC: sentiment.as_metric(test)},
        "scoreboard": [sentiment.board_row("BERT (MiniLM), tuned", "07", test, **cost, device="cpu")],
        "sizes": {"parameters": last["parameters"], "training sentences": last["labels"]},
        "seeds": list(plan.seeds),
        "notes": [*minilm.NOTES, "the label is read from the mean of the states, not from [CLS]",
                  "seeds with all labels: " + ", ".join(map(str, plan.whole))],
    }  # fmt: skip
