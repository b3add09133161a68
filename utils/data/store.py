"""Where the files of the real data lie, and how they get there: one cache folder, every file checked by its hash.

The cache is `pooch.os_cache("rnn-to-chatgpt")`; the environment variable COURSE_DATA moves it. A folder that already
holds the files may be read-only: nothing is written where the right file is present. A download goes to a temporary
file and takes its name only after its hash was found right, so a cut-off or altered file is never seen under it, and
two processes that fetch the same file do not disturb each other.
"""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

from utils.data import manifest
from utils.data.catalogue import Dataset, File

VARIABLE = "COURSE_DATA"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # the disk is full, the quota is used up, the file would be too large
_checked: set[tuple[str, str, int, int]] = set()


class DataUnavailable(RuntimeError):  # noqa: N818  a learner reads it as a sentence, "data unavailable: …"
    """A file is neither in the cache nor to be fetched, or what came is not what was asked for."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in a notebook: the sentence, without the calls that led to it."""
        return [f"{type(self).__name__}: {self}"]


def cache_folder() -> Path:
    """The folder that holds all real data: COURSE_DATA if it is set, else the operating system's cache folder."""
    import pooch

    moved = os.environ.get(VARIABLE, "")
    return Path(moved).expanduser().absolute() if moved else Path(pooch.os_cache("rnn-to-chatgpt"))


def matches(path: Path, sha256: str) -> bool:
    """Whether `path` is a file with this hash; a file that did not change is hashed once per process."""
    try:
        stat = path.stat()
        key = (str(path), sha256, stat.st_size, stat.st_mtime_ns)
        if key in _checked:
            return True
        with path.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != sha256:
                return False
    except OSError:
        return False
    _checked.add(key)
    return True


def find(data: Dataset, file: File) -> Path | None:
    """Where `file` lies, if it is there and right; no network.

    For a set pinned by a manifest this is the archive, or the folder in which its files lie unpacked.
    """
    target = cache_folder() / file.path
    if file.sha256:
        return target if matches(target, file.sha256) else None
    return next((place for place in (target.parent, target) if manifest.holds(data, place)), None)


def obtain(data: Dataset, file: File) -> Path:
    """The path of a file that is right, fetched if need be; DataUnavailable says in a sentence or two why not."""
    found = find(data, file)
    if found is not None:
        return found
    target = cache_folder() / file.path
    damaged = os.path.exists(target)  # Path.exists raises where a folder may not be read
    try:
        _download(file, target)
    except (OSError, ValueError) as error:  # requests' errors are OSErrors, pooch's wrong hash is a ValueError
        raise DataUnavailable(_why(data, file, target, damaged, error)) from error
    found = find(data, file)
    if found is None:  # only an archive without a hash of its own can still be wrong here
        target.unlink(missing_ok=True)
        raise DataUnavailable(_why(data, file, target, damaged, ValueError("wrong members")))
    return found


def _download(file: File, target: Path) -> None:
    """Fetch `file` through pooch; a cut-off or altered answer gets one more try."""
    import pooch

    if not file.sha256:  # pooch keeps whatever lies there when it knows no hash, and this is known to be wrong
        target.unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)  # pooch looks and then makes it: two processes would collide
    fetcher = pooch.Pooch(
        path=cache_folder(),
        base_url="",
        registry={file.path: f"sha256:{file.sha256}" if file.sha256 else None},
        urls={file.path: file.url},
        retry_if_failed=1,
    )
    fetcher.fetch(file.path)


def _why(data: Dataset, file: File, target: Path, damaged: bool, error: Exception) -> str:
    """What is missing, its address and size, and what the learner can do about it."""
    what = f"{data.name}: the file {file.path} ({size(file.bytes)}, {file.url})"
    instead = f"set {VARIABLE} to a folder that holds {file.path}"
    if cache_folder().is_file():
        return f"{what} cannot be kept: {VARIABLE} names the file {cache_folder()}. Name a folder."
    if getattr(error, "errno", None) in FULL:
        return (
            f"{what} cannot be kept: the disk of {target.parent} is full. "
            f"Make room there, or set {VARIABLE} to a folder on another disk."
        )
    if isinstance(error, PermissionError) or getattr(error, "filename", None):
        state = "is damaged (wrong SHA-256) and is not used" if damaged else "is missing"
        return (
            f"{what} {state} in {target.parent}, which cannot be written to. "
            f"Put the right file there, or {instead}, or to one that can be written to."
        )
    if isinstance(error, ValueError):
        return (
            f"{what} came with the wrong content (its SHA-256 differs) and was thrown away. "
            f"Try again later, or {instead}."
        )
    state = f"the copy in {target.parent} is damaged and is not used" if damaged else "it is not in the cache"
    return f"{what} cannot be had: {state}, and fetching it failed ({_reason(error)}). Go online once, or {instead}."


def _reason(error: Exception) -> str:
    """A few words for what went wrong on the way; requests' own text repeats the address three times."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code}"
    if isinstance(error, requests.RequestException):
        return f"no connection, {type(error).__name__}"
    return str(error)


def size(count: int) -> str:
    """A number of bytes as people read it: "637 kB", "1.7 MB"."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.3g} kB"
