"""Where the course lives: the one setting of its address, and the command that moves it.

``REPOSITORY`` is the setting. Files that cannot import it (README, notebooks, configuration) spell the address out;

    python -m utils.course https://github.com/OWNER/NAME

rewrites all of them and this file. It touches tracked text files only, and running it twice changes nothing more.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from utils import __version__

REPOSITORY = "https://github.com/rnn-to-chatgpt/rnn-to-chatgpt"
RELEASE = f"v{__version__}"

_ADDRESS = re.compile(r"https://github\.com/(?P<owner>[A-Za-z0-9-]+)/(?P<name>[A-Za-z0-9._-]+?)(?:\.git)?/?")
# Hosts that carry OWNER/NAME in their paths: the repository, its raw files, and the buttons that open a notebook.
_HOSTS = r"github\.com/|githubusercontent\.com/|research\.google\.com/github/|mybinder\.org/v2/gh/"


def parts(address: str) -> tuple[str, str]:
    """Owner and name of a GitHub address; ``ValueError`` for anything else."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise ValueError(f"{address!r} is no repository address; write https://github.com/OWNER/NAME")
    return match["owner"], match["name"]


def site(address: str) -> str:
    """The GitHub Pages address of a repository, without a slash at the end."""
    owner, name = parts(address)
    return f"https://{owner.lower()}.github.io/{name}"


SITE = site(REPOSITORY)


def chapter_url(stem: str) -> str:
    """The page of a chapter on the site: ``chapter_url("03_seq2seq")``."""
    return f"{SITE}/chapters/{stem}.html"


def moved(text: str, old: str, new: str) -> str:
    """``text`` with every spelling of the address ``old`` replaced by that of ``new``."""
    (old_owner, old_name), (owner, name) = parts(old), parts(new)
    text = re.sub(rf"({_HOSTS}){re.escape(old_owner)}/{re.escape(old_name)}(?![\w-])", rf"\g<1>{owner}/{name}", text)
    return re.sub(rf"{re.escape(site(old))}(?![\w-])", site(new), text)


def move(root: Path, new: str, old: str = REPOSITORY) -> list[Path]:
    """Rewrite the address in all tracked text files under ``root`` and return those that changed."""
    owner, name = parts(new)
    new = f"https://github.com/{owner}/{name}"
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True)
    changed = []
    for path in (root / line for line in listing.stdout.decode().split("\0") if line):
        try:
            text = path.read_bytes().decode("utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue  # a picture, weights, or deleted in the working tree
        if (rewritten := moved(text, old, new)) != text:
            path.write_bytes(rewritten.encode("utf-8"))
            changed.append(path)
    return changed


def main(arguments: list[str]) -> int:
    """The command: without an argument it shows the address, with one it moves the course there."""
    if not arguments:
        print(f"repository  {REPOSITORY}\nsite        {SITE}\nrelease     {RELEASE}")
        return 0
    try:
        changed = move(Path(__file__).resolve().parents[1], arguments[0])
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    except (OSError, subprocess.CalledProcessError):
        print("git does not know this folder's files: move the course in a clone, not in a ZIP", file=sys.stderr)
        return 2
    print(f"{len(changed)} files rewritten" + "".join(f"\n  {path}" for path in changed))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
