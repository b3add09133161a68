"""Records and trained models as files: what goes in comes out, and what is not one is refused."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace

import pytest
import torch

from utils import pretrained, records
from utils.data.tokens import EOS, WordPieces
from utils.models.seq2seq import Seq2Seq, Seq2SeqConfig
from utils.models.transformer import Transformer, TransformerConfig
from utils.pretrained import Translator
from utils.records import Record

RECORD = Record(
    name="a/b",
    command="python -m utils.experiments a/b --preset cpu --seed 0",
    preset="cpu",
    date="2026-01-02T03:04:05+00:00",
    commit="0123456789ab",
    seconds=123.4,
    machine={"name": "a processor", "device": "cpu", "threads": 1},
    versions={"python": "3.11.7", "torch": "2.13.0"},
    seeds=[0, 1, 2],
    config={"epochs": 3, "rate": 1.5e-3, "reverse": True, "examples": None},
    sizes={"parameters": 51348},
    metrics={"BLEU": {"score": 33.672, "low": 32.1}, "tokens": 123456.7, "Größe": 0.001234},
    curves={"training": [{"step": 1, "loss": 2.5}]},
    samples=[{"german": "Größe „zwei“", "output": "size"}],
    scoreboard=[{"board": "translation", "score": 33.672}],
    notes=["a note"],
)


def test_a_record_comes_back_as_it_was_written(tmp_path):
    file = tmp_path / "deep" / "record.json"
    RECORD.write(file)
    assert records.load(file) == RECORD
    assert "Größe „zwei“" in file.read_text(encoding="utf-8")
    assert [path.name for path in file.parent.iterdir()] == ["record.json"]


def test_writing_replaces_a_record_whole(tmp_path):
    file = tmp_path / "record.json"
    RECORD.write(file)
    replace(RECORD, seconds=1.0).write(file)
    assert records.load(file).seconds == 1.0


def test_numbers_come_back_to_the_bit(tmp_path):
    values = torch.rand(50, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).tolist()
    replace(RECORD, metrics={"values": values}).write(tmp_path / "r.json")
    assert records.load(tmp_path / "r.json").metrics["values"] == values


@pytest.mark.parametrize("schema", [0, 2, "1", None])
def test_another_schema_is_refused(tmp_path, schema):
    replace(RECORD, schema=schema).write(tmp_path / "r.json")
    with pytest.raises(ValueError, match=f"r.json has schema {schema}, this version reads 1"):
        records.load(tmp_path / "r.json")


def test_what_is_no_whole_record_is_refused(tmp_path):
    (tmp_path / "r.json").write_text(json.dumps({"schema": 1, "name": "a/b"}))
    with pytest.raises(ValueError, match=r"no whole record.*command"):
        records.load(tmp_path / "r.json")
    (tmp_path / "r.json").write_text('{"schema": 1, "na')
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        records.load(tmp_path / "r.json")


def test_records_are_found_by_name_and_an_unknown_one_tells_what_there_is(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    monkeypatch.delenv("COURSE_RUN", raising=False)
    with pytest.raises(ValueError, match=r"no record 'x/y'; there are: none yet"):
        records.recorded("x/y")
    RECORD.write(records.shipped("a/b"))
    assert records.names() == ["a/b"]
    assert records.read("a/b") == records.recorded("a/b") == RECORD
    for name in ("x/y", "../a/b", "", "/etc/passwd"):
        with pytest.raises(ValueError, match="there are: a/b"):
            records.recorded(name)


def test_every_shipped_record_can_be_read_and_has_a_short_name():
    for name in records.names():
        record = records.read(name)
        assert record.name == name
        assert record.name in repr(record)
        assert len(repr(record)) < 120
        assert re.fullmatch(r"[0-9a-f]{7,40}\+?", record.commit), f"{name}: commit {record.commit!r}"


def test_the_commit_says_where_the_code_stands(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_COMMIT", "given")
    assert records.commit() == "given"
    monkeypatch.delenv("COURSE_COMMIT")
    if shutil.which("git"):
        assert re.fullmatch(r"[0-9a-f]{12}\+?|unknown", records.commit())
    monkeypatch.setattr(records, "FOLDER", tmp_path / "x")
    assert records.commit() == "unknown"


@pytest.fixture(scope="module")
def translator() -> Translator:
    texts = ["ein Mann mit Hut .", "a man in a hat .", "zwei Kinder spielen", "two children play"]
    pieces = WordPieces.train(texts, 60)
    torch.manual_seed(0)
    model = Seq2Seq(Seq2SeqConfig(len(pieces), len(pieces), embedding=8, hidden=12, dropout=0.3))
    return Translator(model, pieces, reverse=True)


def test_a_model_comes_back_in_half_precision(tmp_path, translator):
    file = tmp_path / "deep" / "model.safetensors"
    pretrained.save(translator, file)
    again = pretrained.load(file)
    for name, value in translator.model.state_dict().items():
        assert again.model.state_dict()[name].dtype == torch.float32
        assert torch.equal(again.model.state_dict()[name], value.half().float())
    assert again.model.config == translator.model.config
    assert again.reverse is True
    assert again.pieces.to_json() == translator.pieces.to_json()
    assert not again.model.training
    assert file.stat().st_size < 2.2 * pretrained.parameters(translator.model) + 20_000
    assert [path.name for path in file.parent.iterdir()] == ["model.safetensors"]


def test_a_loaded_model_translates_as_the_rounded_one(tmp_path, translator):
    pretrained.save(translator, tmp_path / "m.safetensors")
    again = pretrained.load(tmp_path / "m.safetensors")
    translator.model.half().float()
    texts = ["ein Mann", "zwei Kinder spielen ."]
    assert again(texts) == translator(texts)
    assert again(texts[0], beam=1) == translator(texts[0], beam=1)
    pretrained.save(again, tmp_path / "n.safetensors")
    for name, value in pretrained.load(tmp_path / "n.safetensors").model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[name])


def test_a_shared_embedding_is_stored_once(tmp_path, translator):
    from safetensors import safe_open

    pieces = translator.pieces
    sizes = TransformerConfig(len(pieces), len(pieces), width=64, heads=2, layers=1, feed_forward=8, shared=True)
    model = Transformer(sizes)
    pretrained.save(Translator(model, pieces), tmp_path / "m.safetensors")
    with safe_open(tmp_path / "m.safetensors", framework="pt") as opened:
        assert sum(opened.get_tensor(name).numel() for name in opened.keys()) == pretrained.parameters(model)  # noqa: SIM118
    again = pretrained.load(tmp_path / "m.safetensors").model
    assert again.encoder.embedding.words.weight is again.decoder.embedding.words.weight
    assert torch.equal(again.decoder.embedding.words.weight, model.decoder.embedding.words.weight.half().float())


def test_the_same_model_gives_the_same_file(tmp_path, translator):
    for name in "ab":
        pretrained.save(translator, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_reversed_source_keeps_its_end(translator):
    straight = Translator(translator.model, translator.pieces).encode("ein Mann")
    assert straight[-1] == EOS
    assert translator.encode("ein Mann") == [*straight[:-1][::-1], EOS]


def test_what_is_no_model_of_ours_is_refused(tmp_path):
    from safetensors.torch import save_file

    save_file({"x": torch.zeros(1)}, tmp_path / "m.safetensors", metadata={"course": '{"model": "os.system"}'})
    with pytest.raises(ValueError, match=r"'os.system'.*Seq2Seq"):
        pretrained.load(tmp_path / "m.safetensors")
    save_file({"x": torch.zeros(1)}, tmp_path / "n.safetensors")
    with pytest.raises(ValueError, match="None"):
        pretrained.load(tmp_path / "n.safetensors")
