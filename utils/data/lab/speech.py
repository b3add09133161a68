"""Spoken digits, made: a spectrogram in which every digit is a pair of gliding resonances.

As in real speech the same digit never sounds the same twice: speakers differ in pitch and pace, and there is noise.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

BANDS = 12
# Where the two resonances of each digit begin and end, in bands from low to high.
_GLIDES = {
    "0": ((2, 3), (8, 6)),
    "1": ((1, 4), (5, 9)),
    "2": ((3, 1), (9, 5)),
    "3": ((4, 2), (7, 10)),
    "4": ((2, 2), (5, 5)),
    "5": ((4, 1), (6, 9)),
    "6": ((1, 1), (9, 9)),
    "7": ((2, 4), (10, 7)),
    "8": ((4, 4), (9, 10)),
    "9": ((3, 2), (5, 8)),
}


def speak(digits: Sequence[str], seed: int | str) -> list[list[float]]:
    """The spectrogram of one speaker saying the digits: a list of frames, each with the loudness of 12 bands."""
    if not digits or any(digit not in _GLIDES for digit in digits):
        raise ValueError(f"digits {list(digits)!r} must be at least one of the characters 0 to 9")
    rng = random.Random(f"speech {seed} {' '.join(digits)}")
    pitch, pace = rng.uniform(-0.6, 0.6), rng.uniform(4, 7)
    frames: list[list[float]] = []
    for digit in digits:
        count = max(3, round(pace * rng.uniform(0.8, 1.2)))
        frames += [_frame(rng, digit, k / (count - 1), pitch) for k in range(count)]
        frames += [[abs(rng.gauss(0, 0.08)) for _ in range(BANDS)] for _ in range(rng.randrange(3))]
    return frames


def _frame(rng: random.Random, digit: str, moment: float, pitch: float) -> list[float]:
    centres = [begin + (end - begin) * moment + pitch for begin, end in _GLIDES[digit]]
    loudness = (max(1.2 / (1 + (band - centre) ** 2) for centre in centres) for band in range(BANDS))
    return [round(max(0.0, value + rng.gauss(0, 0.1)), 3) for value in loudness]
