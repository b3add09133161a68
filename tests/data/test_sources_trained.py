"""Trained models are found in the package, under COURSE_SOURCE, or at the repository's address, and always by hash."""

import hashlib
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import torch
from safetensors.torch import load_file, save_file

from utils import course
from utils.data import sources, store, trained


@pytest.fixture
def package(monkeypatch, tmp_path):
    """A package folder with one trained model in it, pinned."""
    folder = tmp_path / "package"
    (folder / "weights").mkdir(parents=True)
    monkeypatch.setattr(trained, "PACKAGE", folder)
    monkeypatch.setattr(trained, "REGISTRY", folder / "weights_registry.txt")
    monkeypatch.delenv("COURSE_SOURCE", raising=False)
    monkeypatch.setenv(store.VARIABLE, str(tmp_path / "cache"))
    save_file({"weight": torch.arange(6.0)}, folder / "weights/toy__net.safetensors")
    assert sources.main(["pin"]) == 0
    return folder


def test_registry_equals_the_files():
    files = sorted((trained.PACKAGE / "weights").glob("*.safetensors"))
    found = {file.stem: (hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_size) for file in files}
    assert trained.pins() == found, "run: python -m utils.data.sources pin"
    assert all(size <= 12_000_000 for _, size in found.values())


def test_only_safetensors_are_pinned(package):
    (package / "weights/pickled.pt").write_bytes(b"x")
    trained.pin()
    assert list(trained.pins()) == ["toy__net"]


def test_found_in_the_package(package):
    path = sources.weights("toy/net")
    assert path == package / "weights/toy__net.safetensors"
    assert sources.weights("toy__net") == path
    assert torch.equal(load_file(path)["weight"], torch.arange(6.0))


def test_unknown_name(package):
    with pytest.raises(ValueError, match=r"Did you mean 'toy__net'\? There are: toy__net"):
        sources.weights("toy__nett")


def test_another_file_under_the_name_is_refused(package):
    save_file({"weight": torch.zeros(6)}, package / "weights/toy__net.safetensors")
    with pytest.raises(sources.DataUnavailable, match=r"SHA-256 differs.*sources pin"):
        sources.weights("toy/net")


def test_found_under_course_source(package, monkeypatch, tmp_path):
    (tmp_path / "clone/utils").mkdir(parents=True)
    (package / "weights").rename(tmp_path / "clone/utils/weights")
    monkeypatch.setenv("COURSE_SOURCE", str(tmp_path / "clone"))
    assert sources.weights("toy/net") == tmp_path / "clone/utils/weights/toy__net.safetensors"


def test_fetched_from_the_release(package, monkeypatch, tmp_path):
    site = tmp_path / f"site/raw/{course.RELEASE}/utils"
    site.mkdir(parents=True)
    (package / "weights").rename(site / "weights")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "site"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(course, "REPOSITORY", f"http://127.0.0.1:{server.server_port}")
        path = sources.weights("toy/net")
        server.shutdown()
    assert path == store.cache_folder() / f"weights/{course.RELEASE}/toy__net.safetensors"
    assert torch.equal(load_file(path)["weight"], torch.arange(6.0))
    path.write_bytes(b"damaged")
    with pytest.raises(sources.DataUnavailable, match=r"trained models.*toy__net\.safetensors"):
        sources.weights("toy/net")
