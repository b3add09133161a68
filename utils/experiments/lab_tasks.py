"""Three more asynchronous tasks for the encoder-decoder of chapter 03: summarising, answering, listening.

python -m utils.experiments lab_tasks/seq2seq
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import torch

from utils import metrics
from utils.data import lab
from utils.data.batches import pad
from utils.data.lab.speech import BANDS, speak
from utils.data.tokens import Vocabulary
from utils.decoding import forced, greedy
from utils.experiments.lab_translation import Settings, train
from utils.experiments.run import Run
from utils.models.seq2seq import FrameEncoder, Seq2Seq, Seq2SeqConfig

CHAPTERS = {"seq2seq": "03"}
Words = tuple[str, ...]


@dataclass(frozen=True)
class Tasks:
    """The settings of every task's training, how many examples are held out, and the seeds."""

    base: Settings = field(default_factory=lambda: Settings(pairs=10_000, tests=1_000, steps=2_500))
    seeds: tuple[int, ...] = (0, 1, 2)
    shown: int = 5


def question_first(words: Words) -> Words:
    """Facts and question -> question and facts: the reader knows what to look for before reading."""
    facts, question = _facts_and_question(words)
    return question + facts


def _facts_and_question(words: Words) -> tuple[Words, Words]:
    """The text up to its last full stop, and what follows."""
    end = max(i for i, word in enumerate(words) if word == ".") + 1
    return words[:end], words[end:]


def _questions_first(count: int, seed: int) -> list[tuple[Words, Words]]:
    return [(question_first(text), answer) for text, answer in lab.questions(count, seed)]


TASKS: dict[str, Callable[[int, int], list[tuple[Words, Words]]]] = {
    "story to headline": lab.headlines,
    "facts, then question": lab.questions,
    "question, then facts": _questions_first,
    "spoken number": lab.spoken_numbers,
}


def guess_mentioned(seed: int, settings: Settings | None = None) -> float:
    """Share of held-out questions that a guess gets right: the last word of the facts that can answer such a question.

    What can answer a question was seen in training, by its first two words and its last.
    """
    settings = settings or Tasks().base
    pairs = lab.questions(settings.pairs + settings.tests, seed)
    kinds: dict[Words, set[str]] = {}

    def parts(text: Words) -> tuple[Words, Words]:
        facts, question = _facts_and_question(text)
        return facts, (*question[:2], question[-2])

    for text, answer in pairs[: settings.pairs]:
        kinds.setdefault(parts(text)[1], set()).add(answer[0])
    right = 0
    for text, answer in pairs[settings.pairs :]:
        facts, kind = parts(text)
        fitting = [word for word in facts if word in kinds.get(kind, ())]
        right += bool(fitting) and fitting[-1] == answer[0]
    return right / settings.tests


def solve(task: str, settings: Settings, seed: int) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Train the same class on one task: its test scores, and test examples with the model's outputs."""
    pairs = TASKS[task](settings.pairs + settings.tests, seed)
    learned, held_out = pairs[: settings.pairs], pairs[settings.pairs :]
    spoken = task == "spoken number"
    if not spoken:  # a number is spoken anew each time; a text must not have been read before
        seen = {text for text, _ in learned}
        held_out = [pair for pair in held_out if pair[0] not in seen]
    source, target = (Vocabulary.from_texts(pair[side] for pair in learned) for side in (0, 1))
    config = Seq2SeqConfig(len(source), len(target), settings.embedding, settings.hidden)

    def encode(part: list[tuple[Words, Words]], name: str) -> list[tuple[Any, list[int]]]:
        heard = (speak(x, f"{seed} {name} {i}") if spoken else source.encode(x) for i, (x, _) in enumerate(part))
        return [(x, target.encode(y)) for x, (_, y) in zip(heard, part, strict=True)]

    torch.manual_seed(seed)
    model = Seq2Seq(config, FrameEncoder(config, BANDS) if spoken else None)
    for _ in train(model, encode(learned, "train"), settings, seed):
        pass
    inputs, right = (pad(column) for column in zip(*encode(held_out, "test"), strict=True))
    model.eval()
    written = greedy(model, inputs, max_length=20)
    common = max(answers := [answer for _, answer in learned], key=answers.count)
    scores = {
        "test examples": len(held_out),
        "whole answer": float(metrics.exact_match(written, right).mean()),
        "tokens, free running": float(metrics.token_accuracy(written, right).mean()),
        "tokens, teacher forcing": float(metrics.token_accuracy(forced(model, inputs, right), right).mean()),
        "commonest answer": sum(answer == common for _, answer in held_out) / len(held_out),
    }
    samples = [
        {"task": task, "input": " ".join(text), "right": " ".join(answer), "output": " ".join(target.decode(row))}
        for (text, answer), row in zip(held_out, written.tolist(), strict=True)
    ]
    return {name: round(value, 4) for name, value in scores.items()}, samples


def seq2seq(run: Run) -> None:
    """Every task on every seed; samples are those of the first seed."""
    plan: Tasks = run.settings
    scores = run.memory.setdefault("scores", [])
    samples = run.memory.setdefault("samples", [])
    for task in TASKS:
        for seed in plan.seeds:
            if any(row["task"] == task and row["seed"] == seed for row in scores):
                continue
            row, examples = solve(task, plan.base, seed)
            scores.append({"task": task, "seed": seed} | row)
            samples += examples[: plan.shown] if seed == plan.seeds[0] else []
            run.remember()
    run.found |= {"curves": {"scores": scores}, "samples": samples, "seeds": list(plan.seeds)}
    run.found["sizes"] = asdict(plan.base)


EXPERIMENTS = {"seq2seq": seq2seq}
_TINY = Settings(pairs=200, tests=50, hidden=16, steps=3, warmup=1)
PRESETS = {"seq2seq": {"smoke": Tasks(_TINY, (0,), 2), "cpu": Tasks()}}
