"""Trained models in one file each: safetensors with the model's class, sizes and tokens in its header.

Nothing in such a file is ever executed: weights are plain numbers, the header is JSON, and the class is looked
up in the table below.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from utils.data.batches import pad
from utils.data.tokens import EOS, SPECIALS, Vocabulary, WordPieces
from utils.decoding import beam_search, sample
from utils.models import attention, awd_lstm, gpt, rnn_heads, seq2seq, transformer

MODELS: dict[str, tuple[Any, Any]] = {
    "Seq2Seq": (seq2seq.Seq2Seq, seq2seq.Seq2SeqConfig),
    "AttentionSeq2Seq": (attention.AttentionSeq2Seq, seq2seq.Seq2SeqConfig),
    "Transformer": (transformer.Transformer, transformer.TransformerConfig),
    "LanguageModel": (rnn_heads.LanguageModel, rnn_heads.RecurrentConfig),
    "AWDLanguageModel": (awd_lstm.AWDLanguageModel, awd_lstm.AWDLSTMConfig),
    "GPT": (gpt.GPT, gpt.GPTConfig),
}

UNITS = ("characters", "words")


@dataclass
class Translator:
    """A model with its word pieces: text in, text out. `reverse` feeds the source back to front (Sutskever et al.)."""

    model: Any
    pieces: WordPieces
    reverse: bool = False

    def encode(self, text: str) -> list[int]:
        """The source ids as the model wants them."""
        ids = self.pieces.encode(text)
        return [*ids[-2::-1], EOS] if self.reverse else ids

    def __call__(self, text: str | Sequence[str], beam: int = 5, alpha: float = 1.0) -> Any:
        """Translate one text, or a list of texts, with a beam."""
        texts = [text] if isinstance(text, str) else list(text)
        self.model.eval()
        source = pad([self.encode(t) for t in texts]).to(device_of(self.model))
        found = beam_search(self.model, source, beam=beam, alpha=alpha, max_length=2 * source.shape[1] + 10)
        output = [self.pieces.decode(hypotheses[0].tokens) for hypotheses in found]
        return output[0] if isinstance(text, str) else output


@dataclass
class Writer:
    """A language model with its tokens: text in, the same text and what follows it out.

    The tokens are word pieces, or those of a vocabulary, whose `unit` is "characters" or "words" between spaces.
    """

    model: Any
    vocabulary: Vocabulary | WordPieces
    unit: str = "characters"

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ValueError(f"unit {self.unit!r} must be one of {UNITS}")

    def encode(self, text: str) -> list[int]:
        """The ids of a text, without an end."""
        if isinstance(self.vocabulary, WordPieces):
            return self.vocabulary.encode(text)[:-1]
        return self.vocabulary.encode(text.split() if self.unit == "words" else list(text))[:-1]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids, up to the first end."""
        if isinstance(self.vocabulary, WordPieces):
            return self.vocabulary.decode(ids)
        return (" " if self.unit == "words" else "").join(self.vocabulary.decode(ids))

    def __call__(self, prompt: str, length: int = 200, temperature: float = 1.0, seed: int = 0, **cuts: Any) -> str:
        """Go on from a prompt by `length` drawn tokens, fewer if an end is drawn or the model's context is full.

        `cuts` are `top_k` and `top_p`, as `decoding.sample` takes them.
        """
        self.model.eval()
        place, ids = device_of(self.model), self.encode(prompt)
        if (room := getattr(self.model.config, "context", len(ids) + length) - len(ids)) < 1:
            raise ValueError(f"a prompt of {len(ids)} tokens fills the context of {len(ids) + room}: cut it")
        generator = torch.Generator(place).manual_seed(seed)
        source = torch.tensor([ids], device=place)
        written = sample(self.model, source, min(length, room), temperature, generator=generator, **cuts)
        # What a piece looks like can depend on the one before it, so that both are decoded together.
        return prompt + self.decode([*ids, *written[0].tolist()])[len(self.decode(ids)) :]


def save(trained: Translator | Writer, file: Path) -> None:
    """Write a translator or a writer as half-precision safetensors; one that is sharded, all processes together."""
    from safetensors.torch import save_file

    model = trained.model
    name = next(kind.__name__ for kind in type(model).__mro__ if not kind.__name__.startswith("FSDP"))
    about: dict[str, Any] = {"model": name, "config": asdict(model.config)}
    if isinstance(trained, Translator):
        about |= {"pieces": trained.pieces.to_json(), "reverse": trained.reverse}
    elif isinstance(trained.vocabulary, WordPieces):
        about |= {"pieces": trained.vocabulary.to_json()}
    else:
        about |= {trained.unit: list(trained.vocabulary.words[len(SPECIALS) :])}
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")  # the file appears whole or not at all
    # One key: safetensors writes several in random order, and the file's hash must not depend on it.
    header = {"course": json.dumps(about, sort_keys=True)}
    ties = _ties(model)
    whole = {name: _gathered(value) for name, value in model.state_dict().items() if name not in ties}
    kept = {name: value.half().contiguous() for name, value in whole.items()}
    save_file(kept, part, metadata=header)
    os.replace(part, file)


def _gathered(value: Tensor) -> Tensor:
    """The whole of a weight of which each process holds a share."""
    return value.full_tensor() if hasattr(value, "full_tensor") else value


def load(file: Path) -> Any:
    """The `Translator` or `Writer` in a file, in single precision on the CPU, ready to use."""
    from safetensors import safe_open

    with safe_open(file, framework="pt") as opened:
        header = json.loads((opened.metadata() or {}).get("course", "{}"))
        weights = {name: opened.get_tensor(name).float() for name in opened.keys()}  # noqa: SIM118
    if header.get("model") not in MODELS:
        raise ValueError(f"{file.name} holds a {header.get('model')!r}; this version knows {', '.join(MODELS)}")
    build, config = MODELS[header["model"]]
    model: nn.Module = build(config(**header["config"]))
    for name, same in _ties(model).items():
        weights.setdefault(name, weights[same])
    model.load_state_dict(weights)
    model.eval()
    for unit in UNITS:
        if unit in header:
            return Writer(model, Vocabulary(header[unit]), unit)
    pieces = WordPieces.from_json(header["pieces"])
    return Translator(model, pieces, header["reverse"]) if "reverse" in header else Writer(model, pieces)


def _ties(model: nn.Module) -> dict[str, str]:
    """Names of parameters that are another one's once more, such as a shared embedding -> the name to keep it under."""
    first: dict[int, str] = {}
    names = {name: first.setdefault(id(p), name) for name, p in model.named_parameters(remove_duplicate=False)}
    return {name: same for name, same in names.items() if name != same}


def translator(name: str) -> Translator:
    """A shipped translator by the name of its run, for example "multi30k/seq2seq"."""
    return _shipped(name, Translator)


def writer(name: str) -> Writer:
    """A shipped writer by the name of its run, for example "text_lm/tinyshakespeare"."""
    return _shipped(name, Writer)


def _shipped(name: str, kind: type) -> Any:
    from utils.data.sources import weights

    found = load(weights(name))
    if not isinstance(found, kind):
        raise ValueError(f"{name!r} is a {type(found).__name__}, not a {kind.__name__}")
    return found


def device_of(model: nn.Module) -> torch.device:
    """Where a model lies, and so must what it reads; the CPU for one without parameters."""
    return next((weights.device for weights in model.parameters()), torch.device("cpu"))


def parameters(model: nn.Module) -> int:
    """How many numbers a model has learned; shared ones count once."""
    return sum(p.numel() for p in model.parameters())
