"""`make lock`: writes requirements/book.lock and requirements/run.lock, with every version and every file's SHA-256.

    python book/tools/lock.py [--upgrade]      without it, versions that are locked already stay

`book.lock` is what builds the site. `run.lock` is what running the chapters takes besides: torch with its parts, and
d2l, which comes without its dependencies. Both are complete and hold from Python 3.11 on, on every system, so they are
installed with ``--require-hashes --no-deps``. uv resolves; it writes no address.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "requirements"
UV = Path(sys.executable).with_name("uv")
COMPILE = ["pip", "compile", "--quiet", "--no-config", "--universal", "--python-version", "3.11",
           "--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url"]  # fmt: skip
HEAD = "# Written by: make lock. Installed with: pip install --require-hashes --no-deps -r requirements/{name}\n"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def blocks(text: str) -> list[tuple[str, str]]:
    """Name and lines of each requirement of a lock file; a line that is indented belongs to the one above."""
    parts = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    return [(match[0].lower(), part) for part in parts if (match := NAME.match(part))]


def written_down(name: str) -> str:
    """The value of a variable of the Makefile, so that no version stands in two places."""
    match = re.search(rf"^{name} \?= (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    if match is None:
        raise ValueError(f"the Makefile sets no {name} with ?=")
    return match[1].strip()


def resolved(output: Path, *arguments: str) -> list[tuple[str, str]]:
    """What uv finds; the versions that stand in ``output`` are kept where they fit."""
    subprocess.run(
        [UV, *COMPILE, *arguments, "--output-file", str(output)], cwd=ROOT, check=True, stdout=subprocess.PIPE
    )
    return blocks(output.read_text(encoding="utf-8"))


def lock(upgrade: bool = False) -> None:
    """Write both files."""
    known = "".join(file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.lock")) if not upgrade)
    with tempfile.TemporaryDirectory() as name:
        whole, alone, torch, never = (Path(name) / part for part in ("whole", "d2l.lock", "torch.in", "never.in"))
        whole.write_text(known)
        torch.write_text(written_down("TORCH"))
        everything = resolved(whole, "pyproject.toml", str(torch), "--extra", "book")
        never.write_text("torch ; sys_platform == 'never'\n")
        part = Path(name) / "part"
        part.write_text(whole.read_text())
        book = resolved(part, "pyproject.toml", "--extra", "book", "--override", str(never))
        book = [block for block in book if "'never'" not in block[1]]  # torch, and what only torch asks for
        torch.write_text(written_down("D2L"))
        d2l = resolved(alone, str(torch), "--no-deps")
    names = {one for one, _ in book}
    run = [block for block in everything if block[0] not in names] + d2l
    for file, found in (("book.lock", book), ("run.lock", sorted(run))):
        (FOLDER / file).write_text(HEAD.format(name=file) + "".join(text for _, text in found), encoding="utf-8")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Write the lock files.")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that pyproject.toml allows")
    lock(parser.parse_args().upgrade)
    return 0


if __name__ == "__main__":
    sys.exit(main())
