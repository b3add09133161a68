"""From completing to answering, in the lab: what each stage buys, over seeds, leashes, details and reward data.

    python -m utils.experiments lab_chat/base        the small GPT that has read the web; writes its weights
    python -m utils.experiments lab_chat/frontier    all stages: tuned, best of n, PPO and DPO under several leashes
    python -m utils.experiments lab_chat/details     PPO with one detail changed at a time
    python -m utils.experiments lab_chat/rewards     reward models of more, fewer and equally long pairs

The stages are functions in `lab_chat_stages`, `lab_chat_rewards` and `lab_chat_policies`, which the chapter calls too.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import Any

from utils import pretrained
from utils.data.lab import chat
from utils.experiments import lab_chat_stages as stages
from utils.experiments.lab_chat_measures import Plan, Start, exams, of_base, ppo_rows, rewarded, started
from utils.experiments.lab_chat_policies import PolicySettings, best_of, measured, train_dpo
from utils.experiments.lab_chat_rewards import RewardSettings
from utils.experiments.lab_chat_stages import ChatSettings, Lab, judged, write
from utils.experiments.run import Run
from utils.models.gpt import GPT

CHAPTERS = {"base": "08", "frontier": "08", "details": "08", "rewards": "08"}
Rows = list[dict[str, Any]]


def pretraining(run: Run) -> None:
    """Train the base model and write its weights."""
    plan: Plan = run.settings
    lab = stages.prepare(plan.chat)
    model = stages.seeded(plan.chat, lab, run.seed)
    curve: list[dict[str, float]] = []
    for step in stages.pretrain(model, plan.chat, lab, run.seed):
        if step.number % 50 == 0 or step.number == plan.chat.steps:
            curve.append({"step": step.number, "loss": round(step.loss, 4), "recall": stages.recall(model.eval(), lab)})
    _keep(run, "weights", model, lab)
    run.found["curves"] = {"pretraining": curve}
    run.found["metrics"] = {"recall": curve[-1]["recall"]}
    run.found["sizes"] = {"parameters": pretrained.parameters(model), "facts": 4 * len(lab.people.known)}


def frontier(run: Run) -> None:
    """All stages on every seed: what the judges say, and how far from the tuned model each has gone.

    The policies of seed 0 are written down, for the chat box.
    """
    plan: Plan = run.settings

    def rows_of(seed: int) -> dict[str, Rows]:
        start = started(plan, seed)
        if seed == 0:
            _keep(run, "sft", start.tuned, start.lab)
        rows, unknown, curves = list(_stage_rows(plan, start, seed)), list(_knowing(plan, start, seed)), []
        for stage, beta in [*(("PPO", b) for b in plan.betas), *(("DPO", b) for b in plan.dpo_betas)]:
            policy, mark = copy.deepcopy(start.tuned), {"stage": stage, "setting": beta}
            if stage == "PPO":
                settings = plan.policies.with_details(beta=beta)
                curves += ppo_rows(plan, start, policy, settings, seed, {"leash": beta})
            else:
                for _ in train_dpo(policy, start.lab, start.labelled, plan.policies, beta, seed):
                    pass
            found = measured(policy, start.tuned, start.reward, start.lab, start.lab.test, plan.times)
            rows.append(mark | found | _of_asked(start.lab, policy))
            unknown.append(mark | _of_strangers(plan, start.lab, policy))
            if seed == 0:
                _keep(run, f"{stage.lower()}_{beta}", policy, start.lab)
        return {"stages": rows, "ppo": curves, "strangers": unknown, "reward": exams(plan, start, seed)}

    _over(run, plan, rows_of)


def _stage_rows(plan: Plan, start: Start, seed: int) -> Iterator[dict[str, Any]]:
    """What no policy is trained for: the base model asked in two ways, demonstrations, tuned models; best of n."""
    lab, test = start.lab, start.lab.test
    for examples in (0, 2):
        answers = of_base(plan, start, test, examples)
        yield {"stage": "base", "setting": f"{examples} examples"} | judged(test, answers)
    shown = chat.demonstrations(test, plan.times, 0)
    yield {"stage": "demonstrations"} | judged(test, [(answer, True) for _, answer in shown])
    yield {"stage": "SFT", "setting": "greedy"} | judged(test, write(start.tuned, lab, test, 0))
    found = measured(start.tuned, start.tuned, start.reward, lab, test, plan.times)
    yield {"stage": "SFT"} | found | _of_asked(lab, start.tuned)
    longer, wider = {"tune_steps": 2 * plan.chat.tune_steps}, {"more": True}
    for name, changes in (("twice the steps", longer), ("more people", wider)):
        other = stages.tuned(start.base, replace(plan.chat, **changes), lab, seed)
        found = measured(other, start.tuned, start.reward, lab, test, plan.times)
        yield {"stage": "SFT", "setting": name} | found | _of_asked(lab, other)
    for n in plan.best:
        yield {"stage": "best of n", "setting": n} | best_of(n, start.tuned, start.reward, lab, test, plan.times)


def _knowing(plan: Plan, start: Start, seed: int) -> Iterator[dict[str, Any]]:
    """Answers about strangers: base, tuned with and without demonstrations of not knowing."""
    asked = start.lab.strangers
    yield {"stage": "base", "setting": "2 examples"} | judged(asked, of_base(plan, start, asked, 2))
    always = stages.tuned(start.base, replace(plan.chat, refusals=False), start.lab, seed)
    yield {"stage": "SFT", "setting": "no refusal shown"} | _of_strangers(plan, start.lab, always)
    yield {"stage": "SFT"} | _of_strangers(plan, start.lab, start.tuned)


def _of_asked(lab: Lab, model: GPT) -> dict[str, float]:
    """The same of people whom PPO asks about."""
    found = judged(lab.train, write(model, lab, lab.train))
    return {f"{name}, asked people": found[name] for name in ("gold", "labeller", "right")}


def _of_strangers(plan: Plan, lab: Lab, model: GPT) -> dict[str, float]:
    return judged(lab.strangers, write(model, lab, lab.strangers, times=plan.times))


def details(run: Run) -> None:
    """PPO with one detail changed at a time, from the same start."""
    plan: Plan = run.settings

    def rows_of(seed: int) -> dict[str, Rows]:
        start, rows = started(plan, seed), []
        for name, changes in plan.variants.items():
            own = {k: v for k, v in changes.items() if k in ("rate", "zero_value")}
            settings = replace(plan.policies, **own).with_details(**{k: v for k, v in changes.items() if k not in own})
            rows += ppo_rows(plan, start, copy.deepcopy(start.tuned), settings, seed, {"variant": name})
        return {"details": rows}

    _over(run, plan, rows_of)


def rewards(run: Run) -> None:
    """Reward models of other pairs, and where PPO on each of them ends."""
    plan: Plan = run.settings

    def rows_of(seed: int) -> dict[str, Rows]:
        begun, rows, seen = started(plan, seed), [], []
        for name, changes in plan.variants.items():
            start = rewarded(begun, replace(plan.rewards, **changes), seed) if changes else begun
            seen += [{"variant": name} | row for row in exams(plan, start, seed)]
            rows += ppo_rows(plan, start, copy.deepcopy(start.tuned), plan.policies, seed, {"variant": name})
        return {"rewards": rows, "exams": seen}

    _over(run, plan, rows_of)


def _over(run: Run, plan: Plan, rows_of: Callable[[int], dict[str, Rows]]) -> None:
    run.over(plan.seeds, rows_of)
    run.found["sizes"] = asdict(plan.chat)


def _keep(run: Run, name: str, model: GPT, lab: Lab) -> None:
    pretrained.save(pretrained.Writer(model, lab.vocabulary, "words"), run.folder / f"{name}.safetensors")


_VARIANTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "advantages not whitened": {"whiten_advantages": False},
    "rewards whitened": {"whiten_rewards": True},
    "no penalty for no end": {"unended": None},
    "values not clipped": {"value_clip": None},
    "estimator k3": {"estimator": "k3"},
    "KL kept at 4 nats": {"target": 4.0},
    "value head at random": {"zero_value": False},
    "ten times the rate": {"rate": 3e-3},
    "a tenth of the rate": {"rate": 3e-5},
    "no leash": {"beta": 0.0},
}
_DATA: dict[str, dict[str, Any]] = {"600 pairs": {"pairs": 600}, "6,000 pairs, equally long": {"equal_length": True}}
_SMALL = ChatSettings(layers=1, width=16, heads=2, texts=300, steps=4, warmup=1, each=1, tune_steps=4)
_FEW = PolicySettings(iterations=2, answers=8, dpo_steps=3)
_TINY = Plan(_SMALL, RewardSettings(pairs=40, steps=4), _FEW, (0,), (0.0,), (0.1,), (2,), 20, 1)
EXPERIMENTS = {"base": pretraining, "frontier": frontier, "details": details, "rewards": rewards}
PRESETS = {
    "base": {"smoke": _TINY, "cpu": Plan()},
    "frontier": {"smoke": _TINY, "cpu": Plan()},
    "details": {
        "smoke": replace(_TINY, variants={"one epoch": {"epochs": 1}}),
        "cpu": Plan(policies=PolicySettings(iterations=30), seeds=(0,), every=30, variants=_VARIANTS),
    },
    "rewards": {"smoke": replace(_TINY, variants={"20 pairs": {"pairs": 20}}), "cpu": Plan(every=40, variants=_DATA)},
}
