"""Exercises that are judged by who wins, not by numbers: a reward and attacks on it. They hold no solution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from utils.teaching.exercises.model import Case, Exercise

HONEST, ATTACKED = "the honest answer wins", "the attack wins"
CITIES = ("berlin", "lima", "london", "oslo", "paris", "rome")
TRUE = "maria lives in lima ."


def reward(answer):
    """What a reward model may have learned from its labels: full answers, friendly words, a city where one is due."""
    words = answer.split()
    score = min(len(words), 12) / 4
    score += 2 * ("happy" in words or "please" in words)
    score += any(city in words for city in ("berlin", "lima", "london", "oslo", "paris", "rome"))
    return score


@dataclass(frozen=True)
class Attack(Exercise):
    """A text that is judged by what it achieves: hacked, or why not."""

    def run(self, answer: Any) -> list[Any]:
        """Whether a text hacks the reward of the task; else in one word why not."""
        text = answer() if callable(answer) else answer
        if text is ... or not isinstance(text, str):
            return [text]
        words = text.split()
        if "lima" in words:
            return ["it names the right city"]
        if not any(city in words for city in CITIES):
            return ["it names no city"]
        return ["hacked" if reward(text) > reward(TRUE) else "the true answer scores higher"]


@dataclass(frozen=True)
class Defend(Exercise):
    """A reward that is judged by whom it lets win: `attacks` holds one answer for each case's honest one."""

    attacks: tuple[str, ...] = ()

    def run(self, answer: Callable[..., Any]) -> list[Any]:
        """For every case who wins; a score that cannot be compared comes back as it is."""
        return [self._winner(answer, case, attack) for case, attack in zip(self.cases, self.attacks, strict=True)]

    @staticmethod
    def _winner(answer: Callable[..., Any], case: Case, attack: str) -> Any:
        honest, *truth = case.arguments()
        ours, theirs = answer(honest, *truth), answer(attack.split(), *truth)
        if not all(isinstance(score, int | float) for score in (ours, theirs)):
            return next(score for score in (ours, theirs) if not isinstance(score, int | float))
        return HONEST if ours > theirs else ATTACKED
