"""Character language models on real text, an LSTM beside n-grams: all of tinyshakespeare, and first names.

    python -m utils.experiments text_lm/tinyshakespeare --preset cpu

The text is cut in three before anything else: 90 % to learn from, 5 % to choose the epoch and the n-gram's order by,
5 % to be scored once, at the end. Scores are bits per character: nats / ln 2.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from utils import pretrained
from utils.data import sources
from utils.data.batches import pad
from utils.data.tokens import BOS, EOS, PAD, Vocabulary
from utils.data.windows import WindowBatches
from utils.decoding import sample
from utils.experiments.lab_language_model import Sentences
from utils.experiments.real_text import cut
from utils.experiments.run import Run
from utils.models.ngram import NGram
from utils.models.rnn_heads import LanguageModel, RecurrentConfig
from utils.pretrained import Writer
from utils.training.losses import next_token_loss, previous_words
from utils.training.schedules import schedule, warmup_cosine
from utils.training.trainer import fit

CONTEXTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)  # characters seen before the one to predict
PROMPT = "ROMEO:\n"


@dataclass(frozen=True)
class Settings:
    """One training: `length` characters a window (tinyshakespeare), `characters` limits the text, widths in units."""

    epochs: int
    embedding: int = 64
    hidden: int = 512
    dropout: float = 0.4
    batch: int = 32
    length: int = 128
    rate: float = 3e-3
    warmup: int = 200
    orders: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    characters: int | None = None
    precision: str | None = None


def bits(nats: Sequence[float] | Tensor) -> float:
    """Nats of each character -> bits per character."""
    return round(float(torch.as_tensor(nats, dtype=torch.float64).mean()) / math.log(2), 4)


def texts(settings: Settings) -> tuple[str, str, str]:
    """Tinyshakespeare in its own order: to learn from, to choose by, to test with."""
    return cut(sources.load("tinyshakespeare")[: settings.characters])


def encode(vocabulary: Vocabulary, text: str) -> Tensor:
    """The ids of the characters of a text, without an end: (N,)."""
    return torch.tensor(vocabulary.encode(list(text))[:-1])


@torch.no_grad()
def nats_of_text(model: Any, tokens: Tensor, rows: int = 16) -> Tensor:
    """-log p of each character of a text (N,), read in `rows` long pieces, each from an empty state: (about N,)."""
    model.eval()
    wide = len(tokens) // rows
    pieces = tokens[: rows * wide].view(rows, wide).to(pretrained.device_of(model))
    inputs = F.pad(pieces[:, :-1], (1, 0), value=int(tokens[0]))
    return F.cross_entropy(model(inputs).transpose(1, 2), pieces, reduction="none").flatten().cpu()


@torch.no_grad()
def by_context(model: Any, tokens: Tensor) -> list[dict[str, float]]:
    """Bits per character by how many characters the model has read before: windows of the text, from an empty state."""
    model.eval()
    tokens = tokens.to(pretrained.device_of(model))
    windows = tokens[: len(tokens) // (CONTEXTS[-1] + 1) * (CONTEXTS[-1] + 1)].view(-1, CONTEXTS[-1] + 1)
    nats = [F.cross_entropy(model(w[:, :-1]).transpose(1, 2), w[:, 1:], reduction="none") for w in windows.split(64)]
    mean = torch.cat(nats).mean(dim=0).cpu()  # over all windows, by place
    edges = zip((0, *CONTEXTS), CONTEXTS, strict=False)
    return [{"from": low + 1, "to": high, "bits": bits(mean[low:high])} for low, high in edges]


def n_grams(orders: Sequence[int], learned: Sequence[Any], held_out: Sequence[Any], size: int) -> list[dict[str, Any]]:
    """Bits per character of n-grams of each order on held-out texts."""
    rows = []
    for order in orders:
        model = NGram(order, size).fit(learned)
        rows.append({"order": order, "bits": bits([n for text in held_out for n in model.nats(text)])})
    return rows


def write_with_n_gram(model: NGram, prompt: str, length: int, seed: int) -> str:
    """Go on from a prompt by drawing each character from the n-gram's probabilities."""
    rng, text = random.Random(seed), prompt
    seen = sorted(model.counts[0][()], key=str)
    for _ in range(length):
        weights = [model.probability(token, text[-model.order :]) for token in seen]
        text += str(rng.choices(seen, weights)[0])
    return text


def _train(run: Run, writer: Writer, batches: Any, judge: Callable[[], float], shown: Callable[[], str]) -> None:
    """Train, judged by validation bits after each epoch; leaves the best weights, rounded, in the model."""
    settings: Settings = run.settings
    model, best = writer.model, run.folder / "weights.safetensors"
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.rate, weight_decay=0.01)
    rates = schedule(optimizer, warmup_cosine(settings.warmup, settings.epochs * len(batches)))
    plan = run.plan(epochs=settings.epochs, precision=settings.precision)
    run.memory.setdefault("samples", [{"epoch": 0, "text": shown()}])
    for step in fit(model, next_token_loss, batches, optimizer, plan, run.memory, rates):
        run.keep(step)
        if step.ends_epoch:
            curve = run.memory.setdefault("validation", [])
            score = judge()
            if score <= min((point["bits"] for point in curve), default=math.inf):
                pretrained.save(writer, best)
            curve.append({"epoch": step.epoch + 1, "step": step.number, "bits": score})
            if step.epoch + 1 in (1, 2, 4, 8, 16, settings.epochs):
                run.memory["samples"].append({"epoch": step.epoch + 1, "text": shown()})
    model.load_state_dict(pretrained.load(best).model.state_dict())
    run.found["curves"] = {name: run.memory[name] for name in ("training", "validation")}
    run.found["sizes"] = {"parameters": pretrained.parameters(model), "vocabulary": len(writer.vocabulary)}


def _writer(run: Run, vocabulary: Vocabulary) -> Writer:
    settings: Settings = run.settings
    torch.manual_seed(run.seed)
    sizes = RecurrentConfig(
        len(vocabulary), embedding=settings.embedding, hidden=settings.hidden, dropout=settings.dropout
    )
    return Writer(LanguageModel(sizes), vocabulary)


def tinyshakespeare(run: Run) -> None:
    """All of Shakespeare's characters, 128 at a time."""
    settings: Settings = run.settings
    learned, validation, test = texts(settings)
    vocabulary = Vocabulary.from_texts([list(learned)])
    writer = _writer(run, vocabulary)
    train, held_out, last = (encode(vocabulary, text) for text in (learned, validation, test))

    def shown() -> str:
        return writer(PROMPT, 300, temperature=0.8, seed=run.seed)

    batches = WindowBatches(train, settings.length, settings.batch, run.seed)
    _train(run, writer, batches, lambda: bits(nats_of_text(writer.model, held_out)), shown)
    size = len(writer.vocabulary)
    rows = n_grams(settings.orders, [learned], [validation], size)
    order = min(rows, key=lambda row: row["bits"])["order"]
    n_gram = NGram(order, size).fit([learned])
    run.found["curves"] |= {"n-grams": rows, "by context": by_context(writer.model, held_out)}
    run.found["metrics"] = {
        "validation, bits per character": bits(nats_of_text(writer.model, held_out)),
        "test, bits per character": bits(nats_of_text(writer.model, last)),
        f"test, {order}-gram": bits(n_gram.nats(test)),
        "test, no idea": round(math.log2(size), 4),
    }
    run.found["sizes"] |= {"characters to learn from": len(learned), "validation": len(validation), "test": len(test)}
    run.found["samples"] = [
        *run.memory["samples"],
        {"epoch": f"{order}-gram", "text": write_with_n_gram(n_gram, PROMPT, 300, run.seed)},
    ]


def names(run: Run) -> None:
    """First names, character by character, until the end sign: then new ones."""
    settings: Settings = run.settings
    every = sorted({name.lower() for name, _ in sources.load("names")})[: settings.characters]
    random.Random("names").shuffle(every)
    held = round(0.1 * len(every))
    test, validation, learned = every[:held], every[held : 2 * held], every[2 * held :]
    writer = _writer(run, Vocabulary.from_texts([list(name) for name in learned]))
    ids = [[[*writer.encode(name), EOS] for name in part] for part in (learned, validation, test)]

    def judge(part: list[list[int]]) -> float:
        with torch.no_grad():
            target = pad(part).to(pretrained.device_of(writer.model))
            logits = writer.model.eval()(previous_words(target))
            return bits(F.cross_entropy(logits.transpose(1, 2), target, reduction="none")[target != PAD].cpu())

    def shown(count: int = 8) -> str:
        return ", ".join(_new_names(writer, count, run.seed))

    batches = Sentences([(name,) for name in ids[0]], settings.batch, run.seed)
    _train(run, writer, batches, lambda: judge(ids[1]), shown)
    size, ended = len(writer.vocabulary), [[f"{name}." for name in part] for part in (learned, validation, test)]
    rows = n_grams(settings.orders, ended[0], ended[1], size)
    order = min(rows, key=lambda row: row["bits"])["order"]
    n_gram = n_grams([order], ended[0], ended[2], size)[0]["bits"]
    run.found["curves"]["n-grams"] = rows
    made = _new_names(writer, 1_000, run.seed + 1)
    run.found["metrics"] = {
        "validation, bits per character": judge(ids[1]),
        "test, bits per character": judge(ids[2]),
        f"test, {order}-gram": n_gram,
        "of 1,000 written names, in the training list": sum(name in set(learned) for name in made),
        "of 1,000 written names, in the held-out lists": sum(name in set(validation + test) for name in made),
    }
    run.found["sizes"] |= {"names to learn from": len(learned), "validation": held, "test": held}
    run.found["samples"] = run.memory["samples"]


def _new_names(writer: Writer, count: int, seed: int) -> list[str]:
    place = pretrained.device_of(writer.model.eval())
    generator = torch.Generator(place).manual_seed(seed)
    begin = torch.full((count, 1), BOS, device=place)
    rows = sample(writer.model, begin, 20, temperature=0.8, generator=generator)
    return ["".join(writer.vocabulary.decode(row)) for row in rows.tolist()]


EXPERIMENTS = {"tinyshakespeare": tinyshakespeare, "names": names}
PRESETS = {
    "tinyshakespeare": {
        "smoke": Settings(2, 8, 16, batch=4, length=32, warmup=2, orders=(1, 2), characters=6_000),
        "cpu": Settings(12, hidden=256, dropout=0.2, rate=4e-3, precision="bf16"),
        "gpu": Settings(24),
    },
    "names": {
        "smoke": Settings(2, 8, 16, batch=16, warmup=2, orders=(1, 2), characters=200),
        "cpu": Settings(30, embedding=32, hidden=128, dropout=0.3, batch=64, warmup=50),
    },
}
