"""What looking back costs: time, scores, memory and the chain of dependent steps, against the length of the sentence.

    python -m utils.experiments lab_costs/attention

Everything is measured on a training step, forward and backward. Scores, memory and chain are counted and the same on
every machine; seconds are processor time on one core, the best of several rounds in which the models take turns.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from utils import pretrained
from utils.data.tokens import SPECIALS
from utils.experiments.lab_attention import build_attention
from utils.experiments.lab_looking import looks
from utils.experiments.lab_translation import Settings, build_seq2seq, prepare
from utils.experiments.run import Run
from utils.models.attention import AdditiveAttention, AttentionSeq2Seq
from utils.training.losses import TranslationLoss

CHAPTERS = {"attention": "04"}
BUILDS: dict[str, Callable[..., nn.Module]] = {"one vector": build_seq2seq, "attention": build_attention}


@dataclass(frozen=True)
class Costs:
    """Which lengths are measured (words on each side), with how many sentences in a batch, best of how many rounds."""

    lengths: tuple[int, ...] = (5, 10, 20, 40, 80, 160)
    batch: int = 64
    rounds: int = 5


def models(settings: Settings | None = None) -> dict[str, nn.Module]:
    """Chapter 03's model and the one with attention, equally wide, untrained, for the lab's English and French."""
    settings = settings or Settings()
    data = prepare(settings)
    return {name: build(settings, data) for name, build in BUILDS.items()}


def sentences(model: Any, length: int, batch: int = 1) -> tuple[Tensor, Tensor]:
    """Random ids, `length` words on each side without padding: source and target, both (B, length)."""
    draw = torch.Generator().manual_seed(length)
    config = model.config
    sizes = (config.source_vocabulary, config.target_vocabulary)
    source, target = (torch.randint(len(SPECIALS), size, (batch, length), generator=draw) for size in sizes)
    return source, target


def loss(model: Any, source: Tensor, target: Tensor) -> Tensor:
    """The loss of a training step, a scalar from which the way back starts."""
    return TranslationLoss()(model, (source, target))[0]


def seconds(model: nn.Module, source: Tensor, target: Tensor) -> float:
    """Processor time of one training step without the optimizer: forward and backward."""
    began = time.process_time()
    loss(model, source, target).backward()
    return time.process_time() - began


def scores(model: nn.Module, source: Tensor, target: Tensor) -> int:
    """How many similarities of a target with a source word one sentence pair asks for."""
    if not isinstance(model, AttentionSeq2Seq):
        return 0
    return looks(model, source[:1], target[:1]).numel()


def kept(model: nn.Module, source: Tensor, target: Tensor) -> int:
    """Bytes that the forward pass keeps for the backward pass, each storage once, without the model's weights."""
    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    return saved(lambda: loss(model, source, target), own)


def saved(work: Callable[[], Tensor], own: Collection[int] = ()) -> int:
    """Bytes that `work` keeps for the way back, each storage once, without those whose addresses are `own`."""
    found: dict[int, tuple[Tensor, int]] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            found[storage.data_ptr()] = (tensor, storage.nbytes())  # the tensor too: a freed address is used again
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = work()
    del result
    return sum(size for _, size in found.values())


def chain(result: Tensor) -> int:
    """How many operations wait for each other: the longest path in the graph of what led to `result`.

    A rough count, of operations as autograd records them: a compiler may merge some, and one may itself be a long sum.
    What matters is how it grows with the sentence.
    """
    depth: dict[Any, int] = {}
    waiting: list[Any] = [result.grad_fn]
    while waiting:
        node = waiting[-1]
        below = [following for following, _ in node.next_functions if following is not None]
        if todo := [following for following in below if following not in depth]:
            waiting += todo
        else:
            depth[node] = 1 + max((depth[following] for following in below), default=0)
            waiting.pop()
    return depth[result.grad_fn]


def attention_alone(length: int, width: int = 128) -> Tensor:
    """Additive attention whose `length` queries are all known beforehand, in one call: the contexts, summed."""
    attention = AdditiveAttention(width, 2 * width, width)
    states, queries = torch.randn(1, length, 2 * width), torch.randn(1, length, width)
    return attention(queries, attention.key(states), states)[0].sum()


def counted(pair: dict[str, Any], lengths: Sequence[int]) -> list[dict[str, Any]]:
    """For one sentence pair of each length: scores, kilobytes kept and operations in the chain, model by model.

    A third row has the chain of the attention alone, when no recurrence decides its queries.
    """
    rows: list[dict[str, Any]] = []
    for length in lengths:
        for name, model in pair.items():
            source, target = sentences(model, length)
            row = {"model": name, "words": length, "scores": scores(model, source, target)}
            row |= {"kilobytes": round(kept(model, source, target) / 1000)}
            rows.append(row | {"chain": chain(loss(model, source, target))})
        rows.append({"model": "attention alone", "words": length, "chain": chain(attention_alone(length))})
    return rows


def timed(pair: dict[str, Any], lengths: Sequence[int], batch: int, rounds: int) -> list[dict[str, Any]]:
    """Milliseconds of a training step on `batch` sentence pairs of each length: the best of the rounds, in turns."""
    rows: list[dict[str, Any]] = []
    for length in lengths:
        inputs = {name: sentences(model, length, batch) for name, model in pair.items()}
        best = dict.fromkeys(pair, float("inf"))
        for _ in range(rounds):
            for name, model in pair.items():
                best[name] = min(best[name], seconds(model, *inputs[name]))
        rows += [{"model": name, "words": length, "milliseconds": round(1000 * best[name], 1)} for name in pair]
    return rows


def attention(run: Run) -> None:
    """Count and time both models at every length."""
    plan: Costs = run.settings
    torch.manual_seed(0)
    pair = models()
    parameters = {name: pretrained.parameters(model) for name, model in pair.items()}
    run.found["curves"] = {
        "counted": counted(pair, plan.lengths),
        "timed": timed(pair, plan.lengths, plan.batch, plan.rounds),
    }
    run.found["sizes"] = asdict(Settings()) | {"parameters": parameters}
    run.found["seeds"] = [0]


EXPERIMENTS = {"attention": attention}
PRESETS = {"attention": {"smoke": Costs((3, 6), 2, 1), "cpu": Costs()}}
