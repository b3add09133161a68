"""A GPT of real text steered towards praise: PPO against a judge of sentiment, seen by two judges it never meets.

    python -m utils.experiments steering/reviews --preset cpu

As Ziegler et al. 2019 (arXiv 1909.08593, section 3.1) did with GPT-2 and film reviews: the model goes on from the
begin of a sentence, a classifier says how much it praises, PPO turns that into training, and a leash (beta times the KL
from the untouched model) keeps it from writing whatever the classifier likes best. Beside it stand what needs no
reinforcement (the best of n, training on sentences of praise) and a run that is paid for blame instead.
The judges are in `steering_judges`, settings and start in `steering_stage`, what is measured in `steering_measures`.
"""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch

from utils import pretrained
from utils.data import sources
from utils.data.batches import BucketedBatches, pad
from utils.data.tokens import EOS
from utils.experiments import minilm, real_text
from utils.experiments.run import Run
from utils.experiments.sentiment_tuning import Tuning
from utils.experiments.steering_measures import Writing, favourites, measured, samples, share, texts, written
from utils.experiments.steering_stage import FIRST, Stage, Steering, prepare
from utils.models.gpt import GPT
from utils.models.reward import ValueModel
from utils.pretrained import Writer
from utils.training.best_of_n import best_of_n, best_of_n_kl
from utils.training.completions import join
from utils.training.optimizers import adamw
from utils.training.ppo import PPOStep, ppo
from utils.training.ppo_config import PPOConfig
from utils.training.preferences import SFTLoss
from utils.training.schedules import schedule, warmup_linear
from utils.training.trainer import Plan, fit


def steered(plan: Steering, stage: Stage, beta: float, seed: int, sign: int = 1) -> Iterator[tuple[GPT, PPOStep]]:
    """A copy of the writer's model trained by PPO on prompts drawn at random; yields after each iteration."""
    torch.manual_seed(seed)
    policy = copy.deepcopy(stage.writer.model)
    value = ValueModel(copy.deepcopy(stage.writer.model)).to(stage.device)
    optimizer = adamw([*policy.parameters(), *value.parameters()], plan.rate, 0.0, (0.9, 0.95))
    draw = torch.Generator().manual_seed(seed)
    draws = (torch.randint(len(stage.learn), (plan.answers,), generator=draw) for _ in range(plan.iterations))
    prompts = (stage.learn[rows.to(stage.device)] for rows in draws)
    generator = torch.Generator(stage.device).manual_seed(seed)
    config = replace(plan.ppo, beta=beta)
    for step in ppo(policy, value, stage.reward(sign), prompts, optimizer, config, generator):
        yield policy, step


def shown(plan: Steering, stage: Stage, labels: Sequence[int], seed: int = 0) -> GPT:
    """A copy of the model that has read sentences of reviews with these labels once, as demonstrations."""
    torch.manual_seed(seed)
    model, rows = copy.deepcopy(stage.writer.model), sources.load("sentence_polarity")
    kept = [real_text.readable(real_text.joined(text)) for text, label in rows if label in labels]
    random.Random(f"sentences shown {seed}").shuffle(kept)
    limit = model.config.context - 1
    ids = [[*stage.writer.encode(text)[:limit], EOS] for text in kept[: plan.shown]]
    batches = BucketedBatches([(row, [False] + [True] * (len(row) - 1)) for row in ids], 32, seed)
    optimizer = adamw(model.parameters(), plan.shown_rate)
    rates = schedule(optimizer, warmup_linear(max(1, len(batches) // 10), len(batches)))
    for _ in fit(model, SFTLoss(), batches, optimizer, Plan(epochs=1, device=str(stage.device)), scheduler=rates):
        pass
    return model.eval()


def best(plan: Steering, stage: Stage, n: int) -> Writing:
    """The best of n completions of each held-out prompt by the first judge; its KL is the bound ln n - (n - 1) / n."""
    generator, rows = torch.Generator(stage.device).manual_seed(0), []
    for some in stage.held_out.split(50):
        chosen, _ = best_of_n(
            stage.writer.model, stage.reward(), some, n, plan.ppo.length, plan.ppo.temperature, generator
        )
        rows += chosen.tolist()
    return Writing(stage.held_out, pad(rows).to(stage.device), best_of_n_kl(n))


def systems(plan: Steering) -> list[dict[str, Any]]:
    """Every system that is measured; of PPO the weight of the leash and the seed."""
    rows: list[dict[str, Any]] = [{"system": "untouched"}, *({"system": f"best of {n}"} for n in plan.best)]
    rows += [{"system": "read praise"}, {"system": "read praise and blame"}]
    rows += [{"system": "PPO", "beta": beta, "seed": seed} for beta, seed in plan.leashes]
    return rows + [{"system": "PPO, paid for blame", "beta": beta, "seed": seed} for beta, seed in plan.blame]


def write(run: Run, stage: Stage, mark: dict[str, Any]) -> Writing:
    """Train a system if need be, and let it complete the held-out prompts."""
    plan: Steering = run.settings
    name = mark["system"]
    if name.startswith("best of"):
        return best(plan, stage, int(name.split()[-1]))
    model = stage.writer.model
    if name.startswith("read"):
        model = shown(plan, stage, (0, 1) if "blame" in name else (1,))
    elif name.startswith("PPO"):
        for policy, step in steered(plan, stage, mark["beta"], mark["seed"], -1 if "blame" in name else 1):
            model = policy
            run.memory.setdefault("iterations", []).append(mark | seen(stage, step))
        if (name, mark["beta"], mark["seed"]) == ("PPO", *plan.kept):
            kept = copy.deepcopy(model).cpu()
            pretrained.save(Writer(kept, stage.writer.vocabulary), run.folder / "weights.safetensors")
    return written(model, stage.writer.model, stage.held_out, plan.ppo.length, plan.ppo.temperature)


def seen(stage: Stage, step: PPOStep) -> dict[str, float]:
    """What PPO saw in an iteration, and which share of its completions naive Bayes takes for praise, in %."""
    whole = texts(stage.writer, join(step.rollout.prompts, step.rollout.completions)[0])
    other = next(iter(stage.others.values()))
    names = ("score", "kl", "length", "ended", "entropy", "explained", "clipped", "gradient_norm")
    numbers = {name: round(getattr(step, name), 4) for name in names}
    return {"iteration": step.number} | numbers | {"praise, naive Bayes": share(other(whole))[0]}


def reviews(run: Run) -> None:
    """Train and measure every system; a killed run goes on with the system that it was at."""
    plan: Steering = run.settings
    stage, exam = prepare(run)
    untouched = write(run, stage, {"system": "untouched"})
    rows, said = run.memory.setdefault("systems", []), run.memory.setdefault("samples", [])
    for mark in systems(plan):
        if any(mark.items() <= row.items() for row in rows):
            continue
        began = time.process_time()
        writing = write(run, stage, mark)
        seconds = round(time.process_time() - began, 1)
        found = measured(writing, stage.writer, stage.first, stage.others, stage.writer.model)
        gained = favourites(stage.writer, writing, untouched)
        rows.append(mark | found | {"gained": gained, "seconds": seconds})
        said += [mark | {"prompt": begin, "completion": rest}
                 for begin, rest in samples(stage.writer, writing, plan.samples)]  # fmt: skip
        run.remember()
    run.found |= {
        "curves": {"judges": exam, "systems": rows, "iterations": run.memory.get("iterations", [])},
        "metrics": summary(rows),
        "samples": said,
        "sizes": {
            "parameters": pretrained.parameters(stage.writer.model), "prompts to learn from": len(stage.learn),
            "held-out prompts": len(stage.held_out), "iterations": plan.iterations, "completions each": plan.answers,
        },
        "seeds": sorted({seed for _, seed in (*plan.leashes, *plan.blame)}),
        "notes": [f"PPO is paid the log-odds of praise of {FIRST!r}, in nats; the other judges only measure",
                  "all shares are in %, with Wilson's 95 % interval, over one completion of each held-out prompt",
                  "the KL of best of n is its bound ln n - (n - 1) / n; all others are measured, in nats a completion",
                  "seconds are processor seconds of training and writing",
                  *minilm.NOTES],
    }  # fmt: skip


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """System -> what the first judge and the others say, and the KL; runs of several seeds are averaged."""
    kinds: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        kinds.setdefault(row["system"] + (f", leash {row['beta']}" if "beta" in row else ""), []).append(row)
    return {
        kind: {
            "proxy": round(sum(row["proxy"] for row in some) / len(some), 2),
            **{name: round(sum(row["others"][name][0] for row in some) / len(some), 1) for name in some[0]["others"]},
            "KL": round(sum(row["kl"] for row in some) / len(some), 2),
        }
        for kind, some in kinds.items()
    }


_TINY_PPO = PPOConfig(length=4, temperature=0.8, unended=None, epochs=1)
EXPERIMENTS = {"reviews": reviews}
PRESETS: dict[str, dict[str, Steering]] = {
    "reviews": {
        "smoke": Steering(
            _TINY_PPO, ((0.0, 0), (0.3, 1)), ((0.3, 0),), (0.3, 1), 2, 6, 1e-3, (2,), 40, prompts=5, pieces=20,
            tuning=Tuning(1e-3, epochs=1, steps=2, batch=4, tiny=(8, 1, 2), sentences=20), tiny=(16, 1, 2), samples=2,
        ),
        "cpu": Steering(),
        "gpu": Steering(iterations=100, answers=256, leashes=tuple((b, s) for b in (0.0, 0.3, 1.0) for s in (0, 1, 2))),
    }
}  # fmt: skip
