"""What goes wrong with data and runs: no network, cut downloads, full and closed disks, wrong names, Ctrl-C."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from troubleshooting import ROOT, known

from utils import records
from utils.data import sources, store
from utils.experiments import __main__ as command

NAME = "multi30k/seq2seq"
CONTENT = os.urandom(300_000)


class Half(http.server.BaseHTTPRequestHandler):
    """Sends as much of the file as the server is told, and then hangs up."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: self.server.sent])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch) -> Iterator[http.server.ThreadingHTTPServer]:
    """Stands for the address of a file of Multi30k, whose content is made up; whole unless told otherwise."""
    import hashlib

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    started = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Half)
    started.sent = len(CONTENT)
    threading.Thread(target=started.serve_forever, daemon=True).start()
    found = sources.dataset("multi30k")
    address, digest = f"http://127.0.0.1:{started.server_port}/", hashlib.sha256(CONTENT).hexdigest()
    files = tuple(replace(f, url=address + f.path, sha256=digest, bytes=len(CONTENT)) for f in found.files)
    monkeypatch.setitem(sources.CATALOGUE, "multi30k", replace(found, files=files))
    yield started
    started.shutdown()
    started.server_close()


@pytest.fixture
def cache(monkeypatch, tmp_path) -> Path:
    monkeypatch.setenv(store.VARIABLE, str(tmp_path / "data"))
    return tmp_path / "data"


def fetch(capsys) -> str:
    """What the command says that fetches a set."""
    assert sources.main(["fetch", "multi30k"]) == 1
    return capsys.readouterr().err


def test_a_download_that_is_cut_off(server, cache, capsys):
    server.sent = len(CONTENT) // 2
    said = fetch(capsys)
    assert "no connection, ChunkedEncodingError" in said
    known("cannot be had: it is not in the cache", said)
    assert [path for path in cache.rglob("*") if path.is_file()] == []


def test_a_download_that_was_altered(server, cache, capsys, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "CONTENT", bytes(len(CONTENT)))
    known("came with the wrong content", fetch(capsys))
    assert [path for path in cache.rglob("*") if path.is_file()] == []


def test_a_damaged_copy(server, cache, capsys):
    path = cache / sources.dataset("multi30k").files[0].path
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT[:-1])
    server.sent = 0
    known("the copy in … is damaged and is not used", fetch(capsys))
    server.sent = len(CONTENT)
    assert sources.main(["fetch", "multi30k"]) == 0
    assert path.read_bytes() == CONTENT


def test_a_file_for_a_folder(server, cache, capsys):
    cache.write_text("")
    known("cannot be kept: COURSE_DATA names the file", fetch(capsys))


def test_a_tilde_in_a_folder_s_name(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(store.VARIABLE, "~/My Data")
    monkeypatch.setenv("COURSE_RUNS", "~/My Runs")
    assert store.cache_folder() == tmp_path / "My Data"
    assert records.runs_folder() == tmp_path / "My Runs"


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="other systems have other locks")
def test_a_folder_that_may_not_be_written(server, capsys, monkeypatch):
    folder = Path("/proc/self") if os.geteuid() == 0 else Path("/")  # closed to root too, and to everybody
    monkeypatch.setenv(store.VARIABLE, str(folder))
    known("which cannot be written to. Put the right file there", fetch(capsys))


def full_disk(size: str, code: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python code while ``folder`` is a disk of this size; skips where no disk can be made."""
    if not shutil.which("unshare"):
        pytest.skip("no unshare here, so no disk to fill")
    folder.mkdir(parents=True, exist_ok=True)
    script = 'mount -t tmpfs -o size="$1" tmpfs "$2" || exit 77; exec "$3" -c "$4"'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", size, str(folder), sys.executable, code],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    if done.returncode == 77 or "unshare:" in done.stdout:
        pytest.skip("this user may not mount a disk to fill")
    return done


FETCH = """
import sys
from dataclasses import replace
from utils.data import sources
found, (address, digest) = sources.dataset("multi30k"), {arguments}
files = tuple(replace(file, url=address, sha256=digest) for file in found.files)
sources.CATALOGUE["multi30k"] = replace(found, files=files)
sys.exit(sources.main(["fetch", "multi30k"]))
"""


def test_a_full_disk_under_the_data(server, tmp_path):
    file = sources.dataset("multi30k").files[0]
    code = FETCH.format(arguments=(file.url, file.sha256))
    done = full_disk("100k", code, tmp_path / "disk", COURSE_DATA=str(tmp_path / "disk"), NO_PROXY="127.0.0.1")
    assert done.returncode == 1
    known("cannot be kept: the disk of … is full", done.stdout)
    assert "Traceback" not in done.stdout


# A run of seconds that fills the disk: what it keeps is larger than the disk, as weights may be.
RUN = """
import sys, torch
from utils.experiments import __main__ as command, lab_memory
from utils.experiments.lab_memory import PRESETS
def experiment(run):
    run.memory["found"] = 1
    run.remember()
    {fill}
lab_memory.EXPERIMENTS["full"], PRESETS["full"] = experiment, PRESETS["distances"]
sys.exit(command.main(["lab_memory/full", "--preset", "smoke", "--device", "cpu"]))
"""
FILLS = {
    "weights": "from safetensors.torch import save_file; save_file({'w': torch.zeros(9**7)}, run.folder / 'weights')",
    "torch": "torch.save(torch.zeros(9**7), run.folder / 'weights')",
    "memory": "run.memory['found'] = 'x' * 9**7; run.remember()",
}


@pytest.mark.slow
@pytest.mark.parametrize("fill", FILLS)
def test_a_full_disk_under_the_runs(fill, tmp_path):
    disk = tmp_path / "disk"
    done = full_disk("2m", RUN.format(fill=FILLS[fill]), disk, COURSE_RUNS=str(disk))
    assert done.returncode == 1, done.stdout
    known("the disk of … is full: make room there", done.stdout)
    assert "goes on from what it has measured" in done.stdout
    assert "Traceback" not in done.stdout


def test_another_error_keeps_its_trace(tmp_path, monkeypatch):
    """A mistake in the code is no full disk."""
    from utils.experiments import multi30k

    monkeypatch.setitem(multi30k.EXPERIMENTS, "seq2seq", lambda run: [][1])
    with pytest.raises(IndexError):
        command.main([NAME, "--preset", "smoke", "--device", "cpu"])


ENDLESS = RUN.format(fill="print('waiting', flush=True)\n    import time\n    time.sleep(100)")


@pytest.mark.slow
def test_control_c(tmp_path):
    command = [sys.executable, "-c", ENDLESS]
    environment = os.environ | {"COURSE_RUNS": str(tmp_path)}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, cwd=ROOT, env=environment, **streams) as process:
        assert process.stdout.readline() == "waiting\n"
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        said = process.stdout.read()
    assert process.returncode == 130
    known("stopped; the same command goes on from", said)
    assert len(said.strip().splitlines()) == 1


WORDS = {
    "there is no experiment '…'": ["multi30k/seq2seqq"],
    "has no preset '…'": [NAME, "--preset", "big"],
    "no chapter '…' has sweeps": ["--chapter", "12"],
    "device 'cuda' is not on this machine": [NAME, "--preset", "smoke", "--device", "cuda"],
}


@pytest.mark.parametrize("start", WORDS)
def test_words_that_the_command_does_not_know(start, capsys):
    import torch

    if "cuda" in start and torch.cuda.is_available():
        pytest.skip("there is a graphics card here")
    assert command.main(WORDS[start]) == 2
    said = capsys.readouterr().err
    known(start, said)
    assert len(said.strip().splitlines()) == 1


def test_a_run_with_other_settings(capsys, tmp_path):
    folder = records.runs_folder() / NAME / "smoke-0"
    (folder / "checkpoint/step-00000005").mkdir(parents=True)
    (folder / "identity.json").write_text('["other settings"]')
    assert command.main([NAME, "--preset", "smoke", "--device", "cpu"]) == 2
    known("holds an unfinished run with other settings", capsys.readouterr().err)


def test_a_record_of_another_version(tmp_path):
    (tmp_path / "record.json").write_text(json.dumps({"schema": records.SCHEMA + 1}))
    with pytest.raises(ValueError, match="schema") as error:
        records.load(tmp_path / "record.json")
    known("has schema …, this version reads", str(error.value))


def test_weights_that_were_cut_off(tmp_path, monkeypatch):
    from utils.data import trained

    shutil.copyfile(trained.REGISTRY, tmp_path / "weights_registry.txt")
    (tmp_path / "weights").mkdir()
    name = next(iter(trained.pins()))
    (tmp_path / f"weights/{name}.safetensors").write_bytes(b"half")
    monkeypatch.setattr(trained, "PACKAGE", tmp_path)
    with pytest.raises(sources.DataUnavailable) as error:
        sources.weights(name)
    known("is not the trained model that this version knows", str(error.value))
