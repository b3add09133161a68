"""GPT-2's files: written by transformers, read by us, the same text comes out; and what is said without a network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.parity.tools import randomise
from utils import gpt2
from utils.data.store import DataUnavailable

pytestmark = pytest.mark.reference
transformers = pytest.importorskip("transformers")

TEXTS = ["the old dog sleeps here", "a cat sees the dog", "the cat sleeps, and the dog sees it"]
PROMPTS = ["the dog", "a", "کتا سوتا ہے", ""]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny GPT-2 with its byte-level tokeniser, saved by their own libraries; the end of a text is the last id."""
    from tokenizers import ByteLevelBPETokenizer

    place = tmp_path_factory.mktemp("gpt2")
    made = ByteLevelBPETokenizer()
    made.train_from_iterator(TEXTS, vocab_size=290, show_progress=False)
    made.add_special_tokens([gpt2.END])
    made.save(str(place / "tokenizer.json"))
    end = made.token_to_id(gpt2.END)
    sizes = {"vocab_size": end + 1, "n_positions": 40, "n_embd": 24, "n_layer": 2, "n_head": 4}
    config = transformers.GPT2Config(**sizes, bos_token_id=end, eos_token_id=end)
    randomise(transformers.GPT2LMHeadModel(config)).save_pretrained(place)
    return place


def test_the_files_write_what_transformers_writes(folder: Path) -> None:
    """Greedy by top_k=1; dies if a matrix stays transposed, an id means padding, or the end is another token."""
    theirs = transformers.GPT2LMHeadModel.from_pretrained(folder).eval()
    tokens = transformers.PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
    ours = gpt2.read(folder / "model.safetensors", folder / "tokenizer.json", heads=4)
    for prompt in PROMPTS:
        ids = tokens(prompt)["input_ids"] or [ours.end]
        assert ours.encode(prompt) == ids
        source = torch.tensor([ids])
        out = theirs.generate(
            source, attention_mask=torch.ones_like(source), max_new_tokens=9, do_sample=False, pad_token_id=ours.end
        )
        expected = tokens.decode([token for token in out[0, len(ids) :].tolist() if token != ours.end])
        assert ours(prompt, length=9, top_k=1) == prompt + expected


def test_the_published_sizes_are_those_of_the_class() -> None:
    """GPT-2's smallest: 124,439,808 parameters, counted on our own class, with its context of 1,024."""
    from utils.models.gpt import GPT, GPTConfig

    with torch.device("meta"):
        model = GPT(GPTConfig(50257, 1024, 12, gpt2.HEADS, 768, pad=-1))
    assert sum(p.numel() for p in model.parameters()) == 124_439_808


def test_a_prompt_that_leaves_no_room_is_named(folder: Path) -> None:
    ours = gpt2.read(folder / "model.safetensors", folder / "tokenizer.json", heads=4)
    for prompt, length in (("the dog " * 20, 5), ("a", 0), ("a", 40)):
        with pytest.raises(ValueError, match=f"length {length} with a prompt of"):
            ours(prompt, length)


def test_without_a_network_one_sentence_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    nowhere = tuple(replace(file, url=f"http://127.0.0.1:9/{file.name}") for file in gpt2.FILES.files)
    monkeypatch.setattr(gpt2, "FILES", replace(gpt2.FILES, files=nowhere))
    assert not gpt2.available()
    with pytest.raises(DataUnavailable, match=r"gpt2: the file gpt2/model.safetensors \(548.1 MB.* cannot be had"):
        gpt2.gpt2()


def test_a_file_with_other_numbers_is_never_used(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The right names with wrong contents."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    (tmp_path / "gpt2").mkdir()
    for file in gpt2.FILES.files:
        (tmp_path / "gpt2" / file.name).write_bytes((folder / file.name).read_bytes())
    assert not gpt2.available()
