"""Trained models in one file each: safetensors with the model's class, sizes and word pieces in its header.

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

from torch import nn

from utils.data.batches import pad
from utils.data.tokens import EOS, WordPieces
from utils.decoding import beam_search
from utils.models import attention, seq2seq, transformer

MODELS: dict[str, tuple[Any, Any]] = {
    "Seq2Seq": (seq2seq.Seq2Seq, seq2seq.Seq2SeqConfig),
    "AttentionSeq2Seq": (attention.AttentionSeq2Seq, seq2seq.Seq2SeqConfig),
    "Transformer": (transformer.Transformer, transformer.TransformerConfig),
}


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
        source = pad([self.encode(t) for t in texts]).to(next(self.model.parameters()).device)
        found = beam_search(self.model, source, beam=beam, alpha=alpha, max_length=2 * source.shape[1] + 10)
        output = [self.pieces.decode(hypotheses[0].tokens) for hypotheses in found]
        return output[0] if isinstance(text, str) else output


def save(translator: Translator, file: Path) -> None:
    """Write a translator as half-precision safetensors."""
    from safetensors.torch import save_file

    model = translator.model
    about = {
        "model": type(model).__name__,
        "config": asdict(model.config),
        "pieces": translator.pieces.to_json(),
        "reverse": translator.reverse,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")  # the file appears whole or not at all
    # One key: safetensors writes several in random order, and the file's hash must not depend on it.
    header = {"course": json.dumps(about, sort_keys=True)}
    save_file({name: value.half().contiguous() for name, value in model.state_dict().items()}, part, metadata=header)
    os.replace(part, file)


def load(file: Path) -> Translator:
    """The translator in a file, in single precision on the CPU, ready to translate."""
    from safetensors import safe_open

    with safe_open(file, framework="pt") as opened:
        header = json.loads((opened.metadata() or {}).get("course", "{}"))
        weights = {name: opened.get_tensor(name).float() for name in opened.keys()}  # noqa: SIM118
    if header.get("model") not in MODELS:
        raise ValueError(f"{file.name} holds a {header.get('model')!r}; this version knows {', '.join(MODELS)}")
    build, config = MODELS[header["model"]]
    model: nn.Module = build(config(**header["config"]))
    model.load_state_dict(weights)
    return Translator(model.eval(), WordPieces.from_json(header["pieces"]), header["reverse"])


def translator(name: str) -> Translator:
    """A shipped translator by the name of its run, for example "multi30k/seq2seq"."""
    from utils.data.sources import weights

    return load(weights(name.replace("/", "__")))


def parameters(model: nn.Module) -> int:
    """How many numbers a model has learned; shared ones count once."""
    return sum(p.numel() for p in model.parameters())
