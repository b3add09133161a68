"""Real speech for the encoder-decoder of chapter 03: recordings of spoken digits -> the digits as words.

    python -m utils.experiments spoken_digits/seq2seq

The Free Spoken Digit Dataset has single digits; a number here is one to four recordings of one speaker, one after the
other. Recordings of the test split (numbers 0 to 4 of each digit and speaker) are in no training number.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from utils import metrics, pretrained
from utils.data import sources
from utils.data.batches import pad
from utils.data.tokens import Vocabulary
from utils.decoding import forced, greedy
from utils.experiments.lab_translation import Settings, train
from utils.experiments.run import Run
from utils.models.seq2seq import FrameEncoder, Seq2Seq, Seq2SeqConfig

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
RATE, WINDOW, HOP, BANDS = 8_000, 256, 160, 20  # samples a second; a frame every 20 ms
Example = tuple[Tensor, list[int]]


@dataclass(frozen=True)
class Speech:
    """The training of the model, the longest number in digits, and the seeds."""

    base: Settings = field(default_factory=lambda: Settings(pairs=8_000, tests=800, hidden=192, steps=1_500, rate=2e-3))
    digits: int = 4
    seeds: tuple[int, ...] = (0,)


def frames(samples: Tensor) -> Tensor:
    """A recording (N,) -> the logarithm of its loudness in 20 bands, evenly spaced in mel (frames, 20)."""
    spectrum = torch.stft(samples, WINDOW, HOP, window=torch.hann_window(WINDOW), return_complex=True).abs()
    return torch.log(1e-3 + spectrum.T @ _bands())  # (frames, WINDOW/2+1) @ (WINDOW/2+1, 20)


def _bands() -> Tensor:
    """Triangular filters (WINDOW/2+1, 20) on the mel scale, 2595 log10(1 + f/700)."""
    top = 2595 * torch.log10(torch.tensor(1 + RATE / 2 / 700))
    edges = 700 * (10 ** (torch.linspace(0, float(top), BANDS + 2) / 2595) - 1)
    bins = torch.linspace(0, RATE / 2, WINDOW // 2 + 1)[:, None]
    rising, falling = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2]), (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return torch.minimum(rising, falling).clamp(min=0)


def numbers(split: str, count: int, digits: int, seed: int) -> list[tuple[Tensor, list[str]]]:
    """Numbers of one to `digits` digits: the frames of one speaker's recordings, and the words."""
    by_speaker: dict[str, list[Any]] = {}
    for recording in sources.load("fsdd", split=split):
        made = (frames(torch.as_tensor(recording.samples)), WORDS[recording.digit])
        by_speaker.setdefault(recording.speaker, []).append(made)
    rng = random.Random(f"{split} {seed}")
    found = []
    for k in range(count):
        chosen = rng.choices(by_speaker[rng.choice(sorted(by_speaker))], k=k % digits + 1)
        found.append((torch.cat([sound for sound, _ in chosen]), [word for _, word in chosen]))
    return found


def seq2seq(run: Run) -> None:
    """Train on each seed, and score the test numbers by how many digits they have."""
    plan: Speech = run.settings
    target = Vocabulary(WORDS)
    rows, samples = [], []
    for seed in plan.seeds:
        learned, held_out = (
            numbers(split, count, plan.digits, seed)
            for split, count in (("train", plan.base.pairs), ("test", plan.base.tests))
        )
        every = torch.cat([sound for sound, _ in learned])
        mean, deviation = every.mean(dim=0), every.std(dim=0)

        def encode(part: list[tuple[Tensor, list[str]]], mean: Tensor = mean, deviation: Tensor = deviation) -> Any:
            return [((sound - mean) / deviation, target.encode(words)) for sound, words in part]

        torch.manual_seed(seed)
        config = Seq2SeqConfig(4, len(target), plan.base.embedding, plan.base.hidden)
        model = Seq2Seq(config, FrameEncoder(config, BANDS))
        for _ in train(model, encode(learned), plan.base, seed):
            run.tick()
        model.eval()
        for count in range(1, plan.digits + 1):
            some = [number for number in held_out if len(number[1]) == count]
            source, right = (pad(column) for column in zip(*encode(some), strict=True))
            written = greedy(model, source, max_length=10)
            rows.append(
                {
                    "digits": count,
                    "seed": seed,
                    "numbers": len(some),
                    "frames": round(source.shape[1]),
                    "whole number": round(float(metrics.exact_match(written, right).mean()), 4),
                    "teacher forcing": round(
                        float(metrics.token_accuracy(forced(model, source, right), right).mean()), 4
                    ),
                }
            )
            samples += [
                {"said": " ".join(words), "heard": " ".join(target.decode(ids))}
                for (_, words), ids in zip(some[:2], written.tolist(), strict=False)
            ]
        run.found["sizes"] = {"parameters": pretrained.parameters(model), "training numbers": len(learned)}
    run.found["curves"] = {"by digits": rows}
    run.found["metrics"] = {
        f"whole numbers right, {count} digit{'s' if count > 1 else ''}": round(
            sum(row["whole number"] for row in rows if row["digits"] == count) / len(plan.seeds), 4
        )
        for count in range(1, plan.digits + 1)
    }
    run.found["samples"], run.found["seeds"] = samples, list(plan.seeds)


EXPERIMENTS = {"seq2seq": seq2seq}
_TINY = Settings(pairs=60, tests=16, hidden=16, steps=3, warmup=1)
PRESETS = {"seq2seq": {"smoke": Speech(_TINY, 2), "cpu": Speech()}}
