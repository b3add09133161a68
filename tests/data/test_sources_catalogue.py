"""The catalogue agrees with the registry of files, and the files with their pins."""

import hashlib
import re

import pytest

from utils.data import manifest, store
from utils.data.catalogue import CATALOGUE, HERE

FILES = [(data, file) for data in CATALOGUE.values() for file in data.files if file.sha256]


def test_every_entry_says_whose_it_is():
    for name, data in CATALOGUE.items():
        assert data.name == name
        assert all(len(field) > 5 for field in (data.title, data.licence, data.citation, data.note)), name
        assert data.homepage.startswith("https://") or name == "brown"
        assert data.files


def test_every_file_is_pinned():
    for data in CATALOGUE.values():
        for file in data.files:
            assert re.search(r"[0-9a-f]{40}", file.url), f"{file.url} is not pinned to a commit"
            assert re.fullmatch(r"[0-9a-f]{64}", file.sha256) or data.manifest, file.path
            assert file.bytes > 1_000
    paths = [file.path for data in CATALOGUE.values() for file in data.files]
    assert len(paths) == len(set(paths))


def test_the_list_of_recordings_is_the_pinned_one():
    pinned = CATALOGUE["fsdd"].manifest
    assert hashlib.sha256((HERE / pinned.file).read_bytes()).hexdigest() == pinned.sha256
    assert len(manifest.entries(pinned)) == 3_000


@pytest.mark.real_data
def test_catalogue_equals_the_registry():
    registry = store.cache_folder() / "registry.txt"
    if not registry.exists():
        pytest.skip("COURSE_DATA holds no registry.txt")
    rows = [line.split() for line in registry.read_text().splitlines()]
    expected = {path: (sha256.removeprefix("sha256:"), url) for path, sha256, url in rows}
    assert {file.path: (file.sha256, file.url) for _, file in FILES} == expected


@pytest.mark.real_data
@pytest.mark.parametrize(("data", "file"), FILES, ids=lambda each: getattr(each, "path", ""))
def test_file_in_the_cache_is_the_pinned_one(data, file):
    target = store.cache_folder() / file.path
    if not target.exists():
        pytest.skip(f"{file.path} is not in the cache: set COURSE_DATA or fetch it once")
    content = target.read_bytes()
    assert (hashlib.sha256(content).hexdigest(), len(content)) == (file.sha256, file.bytes)
    assert store.find(data, file) == target
