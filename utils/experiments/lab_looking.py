"""Where a trained model looks, and what happens if its weights are changed while it writes.

The controls of "the weights explain the output" (Jain and Wallace 2019, arXiv 1902.10186; Wiegreffe and Pinter 2019,
arXiv 1908.04626): weights on other words, and the word that it looked at withheld.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from utils import metrics
from utils.data import lab
from utils.data.batches import pad
from utils.decoding import forced
from utils.experiments.lab_translation import Data
from utils.models.attention import AttentionDecoder, AttentionSeq2Seq, Memory
from utils.models.seq2seq import Seq2SeqConfig
from utils.training.losses import previous_words

TRAINED = (3, 25)  # English words: the lengths of the training
ALIGNED = 300  # test sentences that are looked into
Change = Callable[[Tensor, Tensor], Tensor]


def uniform(mask: Tensor, *_: Any) -> Tensor:
    """Look at all words alike: mask (B, S) -> weights (B, S)."""
    return mask / mask.sum(dim=1, keepdim=True)


@torch.no_grad()
def looks(model: Any, source: Tensor, target: Tensor) -> Tensor:
    """Where the model looks before each true word: source (B, S), target (B, T) -> weights (B, T, S)."""
    state, rows = model.start(source, trace=True), []
    for word in previous_words(target).T:
        _, state = model.step(word, state)
        rows.append(state.trace["weights"])
    return torch.stack(rows, dim=1)


def encode(data: Data, some: list[lab.Sentence], language: str) -> tuple[Tensor, Tensor]:
    """Sentences as padded ids: source (B, S), target (B, T)."""
    return pad([data.read(s.english) for s in some]), pad([data.target.encode(s.side(language)) for s in some])


class ChangedDecoder(AttentionDecoder):
    """The decoder with attention, whose weights are changed before they are used: change(weights, mask), (B, S)."""

    def __init__(self, config: Seq2SeqConfig, change: Change):
        super().__init__(config)
        self.change = change

    def advance(self, word: Tensor, hidden: Tensor, memory: Memory) -> tuple[Tensor, Tensor, Tensor]:
        """As of the decoder with attention."""
        _, learned = self.attention(hidden[:, None], memory.keys, memory.states, memory.mask)
        weights = self.change(learned[:, 0], memory.mask[:, 0])
        context = (weights[:, None] @ memory.states)[:, 0]  # (B, 2H)
        return self.cell(torch.cat([word, context], dim=-1), hidden), context, weights


def changed_model(model: AttentionSeq2Seq, change: Change) -> AttentionSeq2Seq:
    """The same trained model with its weights of attention changed at every step: change(weights, mask), (B, S)."""
    other = AttentionSeq2Seq(model.config)
    other.decoder = ChangedDecoder(model.config, change)
    other.load_state_dict(model.state_dict())
    return other.eval()


def shuffled(weights: Tensor, mask: Tensor) -> Tensor:
    """The same weights (B, S) on other words, in one random order a sentence, the same at every step."""
    order = torch.rand(mask.shape, generator=torch.Generator().manual_seed(mask.shape[1]))
    return weights.gather(1, order.masked_fill(~mask, 2.0).argsort(dim=1))


def largest(weights: Tensor, mask: Tensor) -> Tensor:
    """The largest weight alone counts: weights (B, S)."""
    return torch.nn.functional.one_hot(weights.argmax(dim=1), mask.shape[1]).float()


def tampered(model: Any, data: Data, language: str = "french") -> list[dict[str, Any]]:
    """Words right under teacher forcing when the trained model's weights are changed while it writes."""
    source, target = encode(data, lab.sentences(ALIGNED, TRAINED[0], TRAINED, part="test"), language)
    rows: list[dict[str, Any]] = []
    changes: dict[str, Change] = {
        "as learned": lambda weights, mask: weights,
        "largest only": largest,
        "all alike": lambda weights, mask: uniform(mask),
        "shuffled": shuffled,
    }
    for name, change in changes.items():
        right = metrics.token_accuracy(forced(changed_model(model, change), source, target), target)
        rows.append({"weights": name, "teacher forcing": round(float(right.mean()), 4)})
    return rows


def withholding(forbidden: Tensor) -> Change:
    """A change for one pass over a batch: at step t the words forbidden[:, t], (B, T, S) bool, get weight 0.

    The other weights are scaled to sum 1 again; all forbidden leaves zeros.
    """
    steps = iter(forbidden.unbind(dim=1))

    def withhold(weights: Tensor, mask: Tensor) -> Tensor:
        rest = weights.masked_fill(next(steps), 0.0)
        return rest / rest.sum(dim=1, keepdim=True).clamp(min=1e-9)

    return withhold


def withheld(model: AttentionSeq2Seq, data: Data) -> list[dict[str, Any]]:
    """What a word comes to if its partner in the source, by the gold alignment, must not be looked at.

    The partner's weight becomes 0 and the others are scaled to sum 1, at every step. One row for the target words
    before which the model looked at the partner, one for the others: how many they are, the share of right words under
    teacher forcing before and after, and the commonest of them.
    """
    some = lab.sentences(ALIGNED, TRAINED[0], TRAINED, part="test")
    source, target = encode(data, some, "french")
    partner = torch.zeros(*target.shape, source.shape[1], dtype=torch.bool)  # (B, T, S)
    for row, sentence in enumerate(some):
        for i, j in sentence.alignment("french").possible:
            partner[row, j, i] = True
    before = forced(model.eval(), source, target) == target
    after = forced(changed_model(model, withholding(partner)), source, target) == target
    best = looks(model, source, target).argmax(dim=2, keepdim=True)
    looked, has = partner.gather(2, best)[..., 0], partner.any(dim=2)
    rows = []
    for name, words in (("at the partner", looked), ("elsewhere", has & ~looked)):
        commonest = Counter(data.target.words[i] for i in target[words].tolist()).most_common(8)
        shares = {"right": before, "right, partner withheld": after}
        rows.append(
            {"the model looked": name, "words": int(words.sum())}
            | {label: round(float(right[words].float().mean()), 4) for label, right in shares.items()}
            | {"commonest": ", ".join(f"{word} {count}" for word, count in commonest)}
        )
    return rows
