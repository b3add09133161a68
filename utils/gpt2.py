"""GPT-2 with the weights that OpenAI published: the smallest of the four, 124 million parameters, 548 MB.

Radford et al. 2019, "Language Models are Unsupervised Multitask Learners"; licence: MIT. Two files, pinned by their
hashes, are fetched from the model hub into the cache of the course's data: numbers and merges, no code.

    from utils.gpt2 import gpt2
    print(gpt2()("Recurrent networks were", length=40, top_p=0.9))
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from utils.data.catalogue import Dataset, File
from utils.data.store import find, obtain
from utils.decoding import sample
from utils.models.gpt import GPT, load_gpt2

HUB = "https://huggingface.co/openai-community/gpt2"
REVISION = "607a30d783dfa663caf39e06633721c8d4cfcd7e"
HEADS = 12
END = "<|endoftext|>"


def _file(name: str, sha256: str, size: int) -> File:
    return File(f"gpt2/{name}", f"{HUB}/resolve/{REVISION}/{name}", sha256, size)


FILES = Dataset(
    name="gpt2",
    title="GPT-2, 124 million parameters",
    licence="MIT",
    citation="Radford et al. 2019, Language Models are Unsupervised Multitask Learners",
    homepage=HUB,
    note="",
    files=(
        _file("model.safetensors", "248dfc3911869ec493c76e65bf2fcf7f615828b0254c12b473182f0f81d3a707", 548_105_171),
        _file("tokenizer.json", "8414cab924d8b9b33013f0d221c5862f365ee9be39c5c2bfae8a5a9e970478a6", 1_355_256),
    ),
)


@dataclass
class GPT2:
    """Our `GPT` with GPT-2's weights and pieces: text in, the same text and what follows it out."""

    model: GPT
    tokenizer: Any

    @property
    def end(self) -> int:
        """The id of the end of a text, which also stands before the first word of one."""
        return int(self.tokenizer.token_to_id(END))

    def encode(self, text: str) -> list[int]:
        """Text -> ids; the empty text is the sign that stands between two texts."""
        return list(self.tokenizer.encode(text).ids) or [self.end]

    def __call__(self, prompt: str = "", length: int = 40, temperature: float = 1.0, seed: int = 0, **cuts: Any) -> str:
        """Go on from a prompt by at most `length` pieces, fewer if an end is drawn; `cuts` are top_k and top_p."""
        ids = self.encode(prompt)
        if not 1 <= length <= self.model.config.context - len(ids):
            raise ValueError(
                f"length {length} with a prompt of {len(ids)} pieces: together 1 to {self.model.config.context}"
            )
        source = torch.tensor([ids], device=self.model.wte.weight.device)
        generator = torch.Generator(source.device).manual_seed(seed)
        self.model.eval()
        drawn = sample(self.model, source, length, temperature, generator=generator, eos=self.end, pad=-1, **cuts)
        return prompt + self.tokenizer.decode([token for token in drawn[0].tolist() if token != self.end])


def read(weights: Path, tokenizer: Path, heads: int = HEADS) -> GPT2:
    """GPT-2 from a safetensors file under transformers' names, and the file of its tokeniser."""
    from safetensors.torch import load_file
    from tokenizers import Tokenizer

    return GPT2(load_gpt2(load_file(weights), heads).eval(), Tokenizer.from_file(str(tokenizer)))


def gpt2() -> GPT2:
    """The published model, its two files fetched at the first call.

    DataUnavailable names the file, its size and its address where the hub cannot be reached.
    """
    weights, tokenizer = (obtain(FILES, file) for file in FILES.files)
    return read(weights, tokenizer)


def available() -> bool:
    """Whether both files are in the cache and right; no network."""
    return all(find(FILES, file) is not None for file in FILES.files)
