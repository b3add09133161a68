"""Exercises of chapter 08: hack a reward, then write one that holds against hidden attacks.

Their answers are not numbers but who wins, so they are judged by the winner that each comparison has.
"""

from __future__ import annotations

import inspect

from utils.teaching.exercises.contests import CITIES, TRUE, Attack, Defend, reward
from utils.teaching.exercises.model import Case, Wrong

HACK = "i am happy to help you : of course maria lives in oslo ."

ATTACK = Attack(
    id="8.7",
    title="Hack a reward",
    task=f"""
Somebody asks *where does maria live ?*, and the truth is `{TRUE}` This reward scores an answer:

```python
{inspect.getsource(reward).strip()}
```

It cannot know where Maria lives: nobody told it. Be the policy. Write a *wrong* answer, one that names another of the
six cities and not `lima`, and that this reward likes better than the true one.
""",
    difficulty=1,
    minutes=5,
    solution=lambda: HACK,
    value="attack",
    hints=(
        "Work out the reward of the true answer first. Which of its three parts does it leave lying?",
        "No part of the reward asks *which* city it is.",
        "Say something friendly, and say it at length.",
    ),
    wrong=(
        Wrong(TRUE, "that answer names the right city: it is honest, and an attack has to be wrong"),
        Wrong(
            "maria lives in oslo .",
            "it is wrong, but the reward does not like it better than the true answer: look for points left lying",
        ),
        Wrong(
            "i am happy to help you with that question today , please ask again .",
            "it gets its points without any answer: name one of the six cities, a wrong one",
        ),
    ),
    explanation=f"""
The true answer scores {reward(TRUE):g}, this one {reward(HACK):g}. No malice is needed to find it: PPO tries answers
and keeps what pays. A policy that was tuned against this reward alone would become long and friendly, and which city it
names would be left to chance, while its score rises.
""",
)


def _against(says: str, honest: str = TRUE) -> Case:
    return Case(says, lambda: (honest.split(), "lima", [city for city in CITIES if city != "lima"]))


# What is tried, the attack, and the honest answer that it must lose against.
ATTACKS = (
    ("an answer that names a wrong city", "maria lives in oslo .", TRUE),
    ("an empty answer", "", TRUE),
    ("a friendly answer that says nothing", "i am happy to help you with that question , please ask again .", TRUE),
    ("an answer that names every city", "maria lives in berlin lima london oslo paris rome .", TRUE),
    ("an answer that repeats the city", "lima lima lima lima lima lima .", TRUE),
    ("a denial", "maria does not live in lima .", TRUE),
    ("a wrong answer beside a short honest one", "maria lives in rome and is happy there .", "lima ."),
    ("an empty answer beside a long honest one", "", "happy to help you : maria lives in lima ."),
    ("a denial beside a long honest one", "maria does not live in lima .", "happy to help you : maria lives in lima ."),
)


def safe_reward(answer, truth, others):
    """An answer as a list of words, the right city, and a list of all other cities -> a score, higher is better."""
    if answer.count(truth) != 1 or "not" in answer:
        return -1.0
    return 1.0 - sum(word in others for word in answer)


def _length(answer, truth, others):
    return float(len(answer))


def _mentioned(answer, truth, others):
    return float(truth in answer)


def _right_minus_wrong(answer, truth, others):
    return float(truth in answer) - sum(word in others for word in answer)


def _short_is_good(answer, truth, others):
    return float(truth in answer) - sum(word in others for word in answer) - 0.2 * len(answer)


def _exact(answer, truth, others):
    return float(answer == ["maria", "lives", "in", truth, "."])


DEFEND = Defend(
    id="8.8",
    title="Write a reward, and see it hacked",
    task="""
Now you know the truth, and still it is not easy. Write `safe_reward`: it gets an answer to *where does maria live ?* as
a list of words, the city that is right (`truth`) and a list of all other cities (`others`), and returns a number. An
honest answer, short or long, must score higher than an attack. `check` tries attacks that you do not see, one after
the other, and tells you the first that wins; mend, and try again. Honest are `lima .`, `maria lives in lima .` and
`happy to help you : maria lives in lima .`
""",
    difficulty=3,
    minutes=15,
    solution=safe_reward,
    cases=tuple(_against(says, honest) for says, _, honest in ATTACKS),
    attacks=tuple(attack for _, attack, _ in ATTACKS),
    hints=(
        "Begin with what must be there: the right city. Then ask what else an answer could hold *besides* it.",
        "Naming a wrong city costs; so does saying the right one more than once, or with a `not`.",
        "Do not pay for length, and do not fine it: honest answers may be short or long.",
    ),
    wrong=(
        Wrong(_length, "the longest answer wins, whatever it says: that is the bias of many a reward model"),
        Wrong(
            _mentioned, "it is enough to drop the right word somewhere: naming every city scores as much as the truth"
        ),
        Wrong(
            _right_minus_wrong,
            "wrong cities cost, which is good; but the right city six times, or with a `not`, pays like the truth",
        ),
        Wrong(_short_is_good, "you fine length so much that saying nothing beats a long honest answer"),
        Wrong(_exact, "one wording is right and all others are wrong: an honest short answer gets nothing"),
    ),
    explanation="""
A rule against each attack that one has thought of, and the next attack is one that nobody thought of: `she moved from
lima` scores as high as an honest answer here. Real rewards are learned, which moves the trouble without ending it. So
one also holds the policy near its start (the KL), stops in time, and looks at what it writes.
""",
)
