"""Missing, altered and cut-off files, from a real server: one clear error, and nothing wrong is ever used."""

import hashlib
import http.server
import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import zipfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from utils.data import sources, store
from utils.data.catalogue import Dataset, File, Manifest

CONTENT = b"".join(b"%d bottles\n" % number for number in range(5_000))
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Answers each request with the next of `answers` (the last one for ever): (content, announced length, status)."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.asked, self.half = [], [], threading.Barrier(1)
        self.address = f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        content, length, status = self.server.answers[min(len(self.server.asked), len(self.server.answers)) - 1]
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])
        self.server.half.wait(timeout=50)  # until as many as the test wants stand here with half a file
        self.wfile.write(content[len(content) // 2 :])

    def log_message(self, *_):
        pass


def whole(content, status=200):
    return content, len(content), status


CUT = (CONTENT[: len(CONTENT) // 3], len(CONTENT), 200)
ALTERED = whole(CONTENT.replace(b"99 bottles", b"98 bottles", 1))


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    started = Server()
    thread = threading.Thread(target=started.serve_forever, daemon=True)
    thread.start()
    yield started
    started.shutdown()
    started.server_close()
    thread.join()


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv(store.VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def toy(monkeypatch, server, cache):
    """A data set "toy" of one file on the local server; returns where it will lie."""
    file = File("toy/bottles.txt", f"{server.address}/bottles.txt", SHA256, len(CONTENT))
    entry = Dataset("toy", "Toy", "none", "none", server.address, "a toy", (file,))
    monkeypatch.setitem(sources.CATALOGUE, "toy", entry)
    return cache / file.path


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_fetched_once_then_found_without_asking(server, toy):
    server.answers = [whole(CONTENT)]
    assert not sources.available("toy")
    assert sources.path("toy") == toy
    assert toy.read_bytes() == CONTENT
    assert sources.path("toy", "bottles.txt") == toy
    assert sources.available("toy")
    assert server.asked == ["/bottles.txt"]


@pytest.mark.parametrize("first", [CUT, ALTERED, whole(b"")], ids=["cut off", "altered", "empty"])
def test_a_bad_answer_gets_a_second_try(server, toy, first):
    server.answers = [first, whole(CONTENT)]
    assert sources.path("toy").read_bytes() == CONTENT
    assert len(server.asked) == 2
    assert left_over(toy.parent) == ["bottles.txt"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(CUT, "SHA-256|connection"), (ALTERED, "SHA-256 differs"), (whole(b"gone", 404), "the server answered 404")],
    ids=["cut off", "altered", "gone"],
)
def test_a_bad_server_leaves_nothing_behind(server, toy, answer, reason):
    server.answers = [answer]
    with pytest.raises(sources.DataUnavailable, match=reason) as error:
        sources.path("toy")
    assert "COURSE_DATA" in str(error.value)
    assert left_over(toy.parent) == []
    assert not sources.available("toy")


def test_a_damaged_file_is_replaced(server, toy):
    server.answers = [whole(CONTENT)]
    toy.parent.mkdir(parents=True)
    toy.write_bytes(CONTENT[:100])
    assert not sources.available("toy")
    assert sources.path("toy").read_bytes() == CONTENT


def test_a_file_that_changes_after_its_check_is_noticed(server, toy):
    server.answers = [whole(CONTENT)]
    sources.path("toy")
    toy.write_bytes(CONTENT + b"one more\n")
    assert not sources.available("toy")


@pytest.fixture
def offline(monkeypatch):
    def refuse(*_, **__):
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_offline_and_not_in_the_cache(offline, cache):
    file = sources.dataset("multi30k").file("train.de.gz")
    with pytest.raises(sources.DataUnavailable) as error:
        sources.load("multi30k")
    message = str(error.value)
    assert all(part in message for part in ("multi30k", file.url, "637 kB", "COURSE_DATA", "not in the cache"))
    assert "\n" not in message
    assert left_over(cache) == []
    assert not sources.available("multi30k")


def test_offline_with_a_damaged_file(offline, toy):
    toy.parent.mkdir(parents=True)
    toy.write_bytes(CONTENT[:-1])
    with pytest.raises(sources.DataUnavailable, match="is damaged and is not used"):
        sources.path("toy")
    assert toy.read_bytes() == CONTENT[:-1]  # what the learner put there stays


@contextmanager
def read_only(folder: Path):
    """`folder` without write permission, seen as a user who cannot override it (root can)."""
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.mark.parametrize(
    ("there", "words"), [(CONTENT[:-1], "is damaged"), (None, "is missing")], ids=["damaged", "missing"]
)
def test_read_only_folder(monkeypatch, server, toy, there, words):
    server.answers = [whole(CONTENT)]
    folder = Path(tempfile.mkdtemp())  # pytest's own folders are closed to other users
    monkeypatch.setenv(store.VARIABLE, str(folder))
    (folder / "toy").mkdir()
    if there is not None:
        (folder / "toy/bottles.txt").write_bytes(there)
    try:
        with read_only(folder), pytest.raises(sources.DataUnavailable, match=f"{words}.*cannot be written to"):
            sources.path("toy")
        assert server.asked == []
        (folder / "toy/bottles.txt").write_bytes(CONTENT)
        with read_only(folder):
            assert sources.path("toy").read_bytes() == CONTENT
    finally:
        shutil.rmtree(folder)


PROGRAM = """
import sys
from utils.data import sources
from utils.data.catalogue import Dataset, File
address, sha256, size = sys.argv[1:]
file = File("toy/bottles.txt", address + "/bottles.txt", sha256, int(size))
sources.CATALOGUE["toy"] = Dataset("toy", "Toy", "none", "none", address, "a toy", (file,))
print(len(sources.path("toy").read_bytes()))
"""


def test_two_processes_fetch_the_same_file(server, toy):
    server.answers, server.half = [whole(CONTENT)], threading.Barrier(2)
    command = [sys.executable, "-c", PROGRAM, server.address, SHA256, str(len(CONTENT))]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [process.communicate(timeout=60)[0].strip() for process in both] == [str(len(CONTENT)).encode()] * 2
    assert len(server.asked) == 2
    assert left_over(toy.parent) == ["bottles.txt"]
    assert toy.read_bytes() == CONTENT


def archive(members: dict[str, bytes], year: int = 2020) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        for name, content in members.items():
            opened.writestr(zipfile.ZipInfo(f"box-1/{name}", (year, 1, 1, 0, 0, 0)), content)
    return packed.getvalue()


@pytest.fixture
def boxed(monkeypatch, server, cache, tmp_path):
    """A set whose archive has no hash of its own; returns its members."""
    members = {f"notes/{number}.txt": b"note %d" % number for number in range(20)}
    listing = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in members.items())
    (tmp_path / "boxed.sha256").write_text(listing)
    pinned = Manifest(str(tmp_path / "boxed.sha256"), hashlib.sha256(listing.encode()).hexdigest(), "box-1")
    file = File("boxed/box-1.zip", f"{server.address}/box-1.zip", "", 4_000)
    entry = Dataset("boxed", "Boxed", "none", "none", server.address, "a toy", (file,), pinned)
    monkeypatch.setitem(sources.CATALOGUE, "boxed", entry)
    return members


@pytest.mark.parametrize("year", [1999, 2024])
def test_archive_without_a_lasting_hash(server, boxed, cache, year):
    server.answers = [whole(archive(boxed | {"README": b"not listed"}, year))]
    assert sources.path("boxed") == cache / "boxed/box-1.zip"
    assert sources.available("boxed")
    assert len(server.asked) == 1


def test_archive_with_one_altered_member(server, boxed, cache):
    server.answers = [whole(archive(boxed | {"notes/7.txt": b"note 8"}))]
    with pytest.raises(sources.DataUnavailable, match="thrown away"):
        sources.path("boxed")
    assert left_over(cache) == []


def test_archive_that_lacks_a_member_or_its_end(server, boxed, cache):
    packed = archive(boxed)
    server.answers = [whole(packed[:-30]), whole(archive({"notes/1.txt": b"note 1"})), whole(packed)]
    for _ in range(2):
        with pytest.raises(sources.DataUnavailable, match="thrown away"):
            sources.path("boxed")
    assert sources.path("boxed").read_bytes() == packed


def test_unpacked_folder_stands_for_the_archive(boxed, cache):
    for name, content in boxed.items():
        (cache / "boxed" / name).parent.mkdir(parents=True, exist_ok=True)
        (cache / "boxed" / name).write_bytes(content)
    assert sources.path("boxed") == cache / "boxed"
    (cache / "boxed/notes/3.txt").write_bytes(b"other")
    os.utime(cache / "boxed", (1, 1))  # the folder is read anew when it changed
    assert not sources.available("boxed")
