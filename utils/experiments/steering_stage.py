"""What a steering run starts from: its settings, the judges and what they are worth, the model and the prompts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from utils import pretrained, runtime
from utils.data.batches import pad
from utils.experiments import minilm
from utils.experiments import steering_judges as judges
from utils.experiments.run import Run
from utils.experiments.sentiment_bert import classifier
from utils.experiments.sentiment_tuning import SYSTEMS, Tuning, sentences, tune
from utils.experiments.steering_measures import texts
from utils.models.gpt import GPT, GPTConfig
from utils.pretrained import Writer
from utils.training.ppo_config import PPOConfig

FIRST, OTHERS = "BERT of SST-2", ("naive Bayes of whole reviews", "BERT of pieces of reviews")


@dataclass(frozen=True)
class Steering:
    """What is trained: `iterations` of PPO with `answers` completions each, for every (beta, seed) of `leashes`.

    `ppo` holds its details; a completion is never punished for having no end, since texts are cut at its length.
    `blame` are the runs whose reward is turned round; `kept` names the one whose weights are kept. `shown` is the
    number of sentences that a copy is trained on as demonstrations. `least` words make a piece of a review, `pieces`
    of them train the last judge. To try the code, `tiny` sizes (width, layers, heads) replace the policy, and `prompts`
    limits those held out.
    """

    ppo: PPOConfig = field(
        default_factory=lambda: PPOConfig(length=20, temperature=0.8, unended=None, epochs=2, minibatch=32)
    )
    leashes: tuple[tuple[float, int], ...] = ((0.0, 0), (0.3, 0), (1.0, 0), (0.3, 1))
    blame: tuple[tuple[float, int], ...] = ((0.3, 0),)
    kept: tuple[float, int] = (0.3, 0)
    iterations: int = 24
    answers: int = 64
    rate: float = 2e-4
    best: tuple[int, ...] = (4, 16)
    shown: int = 2_000
    shown_rate: float = 1e-4
    words: tuple[int, int] = (4, 8)
    prompts: int | None = None
    tuning: Tuning = field(default_factory=lambda: Tuning(1e-4, epochs=1))
    least: int = 25
    pieces: int = 3_000
    writer: str = "gpt/real_text"
    samples: int = 8
    tiny: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Stage:
    """All that the systems share: the untouched writer, the judges by name (the first one pays), and the prompts."""

    writer: Writer
    first: judges.Odds
    others: dict[str, judges.Odds]
    learn: Tensor
    held_out: Tensor

    @property
    def device(self) -> torch.device:
        """Where policies live."""
        return self.learn.device

    def reward(self, sign: int = 1) -> Callable[[Tensor], Tensor]:
        """The score of PPO: what the first judge says of texts (B, N), in nats; with sign -1, blame is paid."""
        return lambda tokens: sign * self.first(texts(self.writer, tokens)).to(tokens.device)


def prepare(run: Run) -> tuple[Stage, list[dict[str, Any]]]:
    """The stage, and what the judges are worth; BERTs once tuned are kept in the run's folder."""
    plan: Steering = run.settings
    device, parts = runtime.device(run.device), judges.reviews()
    held = [*parts["validation"], *parts["test"]]
    encode = minilm.Pieces()
    judged: dict[str, judges.Odds] = {
        FIRST: _bert(run, "first", encode, lambda: sentences("train", plan.tuning.sentences)),
        OTHERS[0]: judges.word_judge(parts["train"], 2, 1.0),
        OTHERS[1]: _bert(
            run, "second", encode, lambda: judges.drawn_pieces(parts["train"], plan.pieces, plan.least, run.seed)
        ),
    }
    exam = examined(plan, judged, held)
    writer = start(plan)
    writer.model.to(device)
    begins = {name: judges.beginnings(some, *plan.words, run.seed)
              for name, some in (("learn", parts["train"]), ("held out", held))}  # fmt: skip
    known = set(begins["learn"])
    asked = [begin for begin in begins["held out"] if begin not in known][: plan.prompts]
    learn, held_out = (pad([writer.encode(b) for b in some]).to(device) for some in (begins["learn"], asked))
    first, *others = judged
    return Stage(writer, judged[first], {name: judged[name] for name in others}, learn, held_out), exam


def examined(plan: Steering, judged: dict[str, judges.Odds], held: list[judges.Review]) -> list[dict[str, Any]]:
    """How often each judge is right on SST-2's dev sentences, on held-out reviews and on pieces of them."""
    rows, limit = [], plan.tuning.sentences
    pieces = [(piece, each.label) for each in held for piece in judges.pieces(each, plan.least)]
    for name, judge in judged.items():
        for on, found in (
            ("SST-2 dev", judges.examined(judge, sentences("dev", limit))),
            ("pieces of held-out reviews", judges.examined(judge, pieces[:limit])),
            ("held-out reviews", judges.examined_reviews(judge, held[:limit], plan.least)),
        ):
            rows.append({"judge": name, "on": on} | found)
    return rows


def start(plan: Steering) -> Writer:
    """The writer as it comes; a tiny one with chance weights where the code is only tried."""
    writer = pretrained.writer(plan.writer)
    if plan.tiny:
        width, layers, heads = plan.tiny
        torch.manual_seed(0)
        writer.model = GPT(GPTConfig(len(writer.vocabulary), 64, layers, heads, width)).eval()
    return writer


def _bert(
    run: Run, name: str, encode: Callable[[str], list[int]], rows: Callable[[], list[tuple[str, int]]]
) -> judges.BertJudge:
    plan, file = run.settings.tuning, run.folder / f"{name}.safetensors"
    model = classifier(plan, SYSTEMS[0], run.seed)
    if file.exists():
        model.load_state_dict(load_file(file))
    else:
        examples = [(encode(text), [label]) for text, label in rows()]
        tune(plan, model, examples, run.seed)
        save_file(model.state_dict(), file)
    return judges.BertJudge(model.to(runtime.device(run.device)).eval(), encode, plan.precision)
