"""Real speech: frames of the right shape and band, and numbers whose recordings are apart in training and test."""

import math

import pytest
import torch

from utils.data import sources
from utils.experiments.spoken_digits import BANDS, HOP, RATE, WORDS, frames, numbers

needs_speech = pytest.mark.skipif(
    not sources.available("fsdd"), reason="the spoken digits are not in the cache: set COURSE_DATA or fetch them once"
)


def tone(hertz: float, seconds: float = 0.5) -> torch.Tensor:
    return torch.sin(2 * math.pi * hertz * torch.arange(int(seconds * RATE)) / RATE)


def test_a_tone_is_loudest_in_its_band_and_higher_tones_in_higher_bands() -> None:
    loudest = [int(frames(tone(hertz)).mean(dim=0).argmax()) for hertz in (200, 600, 1200, 2400, 3600)]
    assert loudest == sorted(set(loudest))
    assert loudest[0] <= 3
    assert loudest[-1] >= BANDS - 3


def test_there_is_a_frame_for_every_hop_and_silence_is_finite() -> None:
    silence = frames(torch.zeros(RATE))
    assert silence.shape == (RATE // HOP + 1, BANDS)
    assert silence.isfinite().all()


@needs_speech
@pytest.mark.real_data
def test_numbers_have_one_to_four_digits_and_share_no_recording_with_training() -> None:
    train, test = (numbers(split, 40, 4, seed=0) for split in ("train", "test"))
    assert [len(words) for _, words in test[:8]] == [1, 2, 3, 4, 1, 2, 3, 4]
    assert all(word in WORDS for _, words in train + test for word in words)
    sounds = [{sound.numpy().tobytes() for sound, words in part if len(words) == 1} for part in (train, test)]
    assert not sounds[0] & sounds[1]
    again = numbers("test", 40, 4, seed=0)
    assert all(torch.equal(a, b) for (a, _), (b, _) in zip(test, again, strict=True))
