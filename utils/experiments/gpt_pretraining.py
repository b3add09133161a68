"""A GPT of our own, pretrained on the real text of the catalogue: word pieces, windows, training, scores.

Texts stand one behind the other in one row of word pieces, each with its end; windows are cut out of that row, so that
one may hold the end of a text and the begin of another. Scores are bits per character, which models with other pieces
can be compared by: nats of all pieces, ends included, / ln 2 / characters, each end counted as one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from utils import pretrained
from utils.data.tokens import WordPieces
from utils.data.windows import WindowBatches
from utils.experiments import real_text
from utils.experiments.run import Run
from utils.models.gpt import GPT, GPTConfig
from utils.models.ngram import NGram
from utils.pretrained import Writer
from utils.training.losses import next_token_loss
from utils.training.optimizers import MuonAdamW
from utils.training.schedules import schedule, warmup_cosine
from utils.training.trainer import fit

PROMPTS = ("The President said", "The film is", "A man in a red shirt", "ROMEO:\n", "In the beginning")
SHOWN = (0, 1 / 16, 1 / 4, 1 / 2, 1)  # shares of the steps after which the model writes


@dataclass(frozen=True)
class Pretraining:
    """One training: `steps` batches of `batch` windows of `context` pieces; `judged` is the steps between two scores.

    `genres` and `characters` (of each source) limit the text.
    """

    steps: int
    width: int = 256
    layers: int = 4
    heads: int = 4
    context: int = 128
    vocabulary: int = 8_000
    batch: int = 32
    rate: float = 5e-3
    warmup: int = 50
    dropout: float = 0.0
    judged: int = 100
    orders: tuple[int, ...] = (1, 2, 3)
    genres: tuple[str, ...] = real_text.GENRES
    characters: int | None = None
    precision: str | None = "bf16"


Parts = dict[str, dict[str, list[str]]]


def read(genres: Sequence[str], characters: int | None) -> Parts:
    """Part -> source -> texts, of each source the first `characters`."""
    found = real_text.parts(genres)
    if characters is None:
        return found
    return {
        part: {name: _first(texts, characters) for name, texts in several.items()} for part, several in found.items()
    }


def _first(texts: list[str], characters: int) -> list[str]:
    kept, room = [], characters
    for text in texts:
        if room > 0 and text[:room].strip():
            kept.append(text[:room])
            room -= len(text)
    return kept


def encode(pieces: WordPieces, texts: Sequence[str]) -> Tensor:
    """Texts in one row of pieces, each with its end: (N,)."""
    return torch.tensor([i for text in texts for i in pieces.encode(text)], dtype=torch.long)


def prepare(folder: Path, parts: Parts, size: int) -> tuple[WordPieces, dict[str, Tensor]]:
    """Word pieces of the training texts, and "part/source" -> row of pieces; kept in the folder, made there once."""
    from safetensors.torch import load_file, save_file

    rows, learned = folder / "tokens.safetensors", folder / "pieces.json"
    named = {f"{part}/{name}": texts for part, several in parts.items() for name, texts in several.items() if texts}
    if rows.exists():
        kept = load_file(rows)  # in an order of its own, but sources stand one behind the other in that of the parts
        return WordPieces.from_json(learned.read_text()), {name: kept[name].long() for name in named}
    pieces = WordPieces.train([text for texts in parts["train"].values() for text in texts], size)
    found = {name: encode(pieces, texts) for name, texts in named.items()}
    folder.mkdir(parents=True, exist_ok=True)
    learned.write_text(pieces.to_json())
    save_file({name: row.int() for name, row in found.items()}, rows)
    return pieces, found


def whole(rows: Mapping[str, Tensor], part: str) -> Tensor:
    """All sources of a part in one row: (N,)."""
    return torch.cat([row for name, row in rows.items() if name.startswith(f"{part}/")])


@torch.no_grad()
def nats(model: GPT, row: Tensor, overlap: int = 0, every: int = 1) -> tuple[float, int]:
    """Sum of -log p of the pieces of a row, and how many: windows as long as the context, which share `overlap` pieces.

    Of a shared piece the score with the longer past counts. `every` > 1 takes each such window only.
    """
    model.eval()
    context, total, count, device = model.config.context, 0.0, 0, pretrained.device_of(model)
    if not 0 <= overlap < context:
        raise ValueError(f"overlap {overlap} must be at least 0 and below the context of {context}")
    step = context - overlap
    begins = torch.arange(0, max(len(row) - 1 - overlap, 1), step)[::every]
    for some in begins.split(32):
        place = some[:, None] + torch.arange(context + 1)  # (B, T + 1)
        window = row[place.clamp(max=len(row) - 1)].to(device)
        new = (torch.arange(context) >= overlap) | (some[:, None] == 0)
        asked = (new & (place[:, 1:] < len(row))).to(device)  # (B, T)
        logits = model(window[:, :-1])[asked].float()
        total += float(F.cross_entropy(logits, window[:, 1:][asked], reduction="sum"))
        count += int(asked.sum())
    return total, count


def bits_per_character(nats: float, texts: Sequence[str]) -> float:
    """Nats of all pieces of texts -> bits per character, each end counted as a character."""
    return round(nats / math.log(2) / sum(len(text) + 1 for text in texts), 4)


def score(model: GPT, rows: Mapping[str, Tensor], texts: Mapping[str, list[str]], part: str) -> dict[str, float]:
    """Bits per character by source and over all; a piece has half a context before it, but where a source begins."""
    found = {name: nats(model, rows[f"{part}/{name}"], model.config.context // 2)[0] for name in texts if texts[name]}
    every = [text for several in texts.values() for text in several]
    by_source = {name: bits_per_character(total, texts[name]) for name, total in found.items()}
    return {"all": bits_per_character(sum(found.values()), every)} | by_source


def baselines(orders: Sequence[int], rows: Mapping[str, Tensor], parts: Parts, size: int) -> list[dict[str, Any]]:
    """Bits per character of n-grams over the same pieces, on validation and test."""
    counted = NGram(max(orders), size).fit([row.tolist() for name, row in rows.items() if name.startswith("train/")])
    found = []
    for order in orders:
        model = NGram(order, size)
        model.counts = counted.counts[:order]  # the lower orders' counts are those of the highest
        line: dict[str, Any] = {"order": order}
        for part in real_text.PARTS[1:]:
            total = sum(sum(model.nats(row.tolist())) for name, row in rows.items() if name.startswith(f"{part}/"))
            line[part] = bits_per_character(total, [text for several in parts[part].values() for text in several])
        found.append(line)
    return found


def written(writer: Writer, prompts: Sequence[str], length: int, seed: int) -> dict[str, str]:
    """What the model makes of each prompt: at most `length` pieces, drawn at temperature 0.8 from the best 95 %."""
    return {prompt: writer(prompt, length, temperature=0.8, seed=seed, top_p=0.95) for prompt in prompts}


def train(run: Run, writer: Writer, train_row: Tensor, held: Tensor) -> None:
    """Train, scored along the way on a fourth of the validation windows; leaves the best weights in the model."""
    plan: Pretraining = run.settings
    model, best = writer.model, run.folder / "weights.safetensors"
    batches = WindowBatches(train_row, plan.context, plan.batch, run.seed)
    optimizer = MuonAdamW(model, plan.rate)
    rates = schedule(optimizer, warmup_cosine(min(plan.warmup, plan.steps - 1), plan.steps))
    epochs = -(-plan.steps // len(batches))
    settings = run.plan(epochs=epochs, steps=plan.steps, precision=plan.precision, every=plan.judged)
    shown = {max(1, round(share * plan.steps)): share for share in SHOWN[1:]}
    run.memory.setdefault("samples", [{"step": 0, **written(writer, PROMPTS, 60, run.seed)}])
    for step in fit(model, next_token_loss, batches, optimizer, settings, run.memory, rates):
        run.keep(step)
        if step.number % plan.judged == 0 or step.number == plan.steps:
            total, count = nats(model, held, every=4)
            curve = run.memory.setdefault("validation", [])
            if total / count <= min((point["loss"] for point in curve), default=math.inf):
                pretrained.save(writer, best)
            tokens = step.number * plan.batch * plan.context
            curve.append({"step": step.number, "tokens": tokens, "loss": total / count})
        if step.number in shown:
            run.memory["samples"].append({"step": step.number, **written(writer, PROMPTS, 60, run.seed)})
    model.load_state_dict(pretrained.load(best).model.state_dict())


def real_text_gpt(run: Run) -> None:
    """Pretrain on all of it; score once on test, by source, beside n-grams over the same pieces."""
    plan: Pretraining = run.settings
    parts = read(plan.genres, plan.characters)
    pieces, rows = prepare(run.folder, parts, plan.vocabulary)
    writer = new_writer(plan, pieces, run.seed)
    learned, held = whole(rows, "train"), whole(rows, "validation")
    train(run, writer, learned, held)
    grams = baselines(plan.orders, rows, parts, len(pieces))
    order = min(grams, key=lambda row: row["validation"])
    test = score(writer.model, rows, parts["test"], "test")
    validation = score(writer.model, rows, parts["validation"], "validation")
    counts = {part: sum(len(text) for several in parts[part].values() for text in several) for part in parts}
    run.found |= {
        "curves": {
            "training": run.memory.get("training", []),
            "validation": run.memory["validation"],
            "n-grams": grams,
            "sources": [
                {"source": name, "genre": real_text.SOURCES[name].genre, "characters": sum(map(len, texts)),
                 "test, bits per character": test.get(name)} for name, texts in parts["train"].items()
            ],
        },
        "metrics": {
            "validation, bits per character": validation["all"],
            "test, bits per character": test["all"],
            f"test, {order['order']}-gram of the same pieces": order["test"],
            "epochs read": round(plan.steps * plan.batch * plan.context / len(learned), 2),
        },
        "sizes": {
            "parameters": pretrained.parameters(writer.model), "pieces": len(pieces),
            "characters to learn from": counts["train"], "pieces to learn from": len(learned),
            "validation": counts["validation"], "test": counts["test"],
        },
        "samples": run.memory["samples"],
        "notes": ["a piece of the test is read with at least half a context before it",
                  "the validation curve is taken on a fourth of the windows, in nats a piece"],
    }  # fmt: skip


def new_writer(plan: Pretraining, pieces: WordPieces, seed: int) -> Writer:
    """A GPT of the plan's sizes that has read nothing yet."""
    torch.manual_seed(seed)
    sizes = GPTConfig(len(pieces), plan.context, plan.layers, plan.heads, plan.width, plan.dropout)
    return Writer(GPT(sizes), pieces)
