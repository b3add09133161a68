"""The links that lead out of the course: list them, or ask each of them whether it is still there.

    python book/tools/links.py             lists them, with the files that have them
    python book/tools/links.py --check     asks each one; exit status 1 if some are gone

Not part of `make test`: a paper's host that is down for an hour says nothing about the course.
"""

from __future__ import annotations

import json
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from utils.course import REPOSITORY, SITE

ROOT = Path(__file__).resolve().parents[2]
PATTERNS = ("*.md", "book/*.md", "chapters/*.ipynb", "book/*.bib", "utils/weights/*.md")
DOI = re.compile(r"^\s*doi = \{(.+?)\}", re.MULTILINE)
ADDRESS = re.compile(r"https?://[^\s<>\"'`{}\\|]+")
OURS = (REPOSITORY, SITE, "https://colab.research.google.com/github/", "http://127.0.0.1", "https://github.com/OWNER")
# Hosts that answer a machine with 403 or 429 although the page is there.
SHY = (401, 403, 405, 429)
AGENT = "Mozilla/5.0 (compatible; link check of a course; +" + REPOSITORY + ")"


def found(root: Path = ROOT) -> dict[str, list[str]]:
    """Every address that leads out, with the files that name it."""
    links: dict[str, set[str]] = {}
    for pattern in PATTERNS:
        for path in root.glob(pattern):
            for link in addresses(text(path)):
                links.setdefault(link, set()).add(str(path.relative_to(root)))
    for name, link in data():
        links.setdefault(link, set()).add(f"the data set {name}")
    return {link: sorted(files) for link, files in sorted(links.items())}


def data() -> Iterator[tuple[str, str]]:
    """Name and home page of each data set."""
    from utils.data.sources import CATALOGUE

    yield from ((name, dataset.homepage) for name, dataset in CATALOGUE.items())


def text(path: Path) -> str:
    """What a file says: of a notebook its Markdown cells, of a bibliography its DOIs as addresses."""
    content = path.read_text(encoding="utf-8")
    if path.suffix == ".bib":
        return DOI.sub(r"https://doi.org/\1", content)
    if path.suffix != ".ipynb":
        return content
    return "\n".join("".join(c["source"]) for c in json.loads(content)["cells"] if c["cell_type"] == "markdown")


def addresses(content: str) -> Iterator[str]:
    """The addresses in a text, without what follows them in a sentence and without our own."""
    for match in ADDRESS.finditer(content):
        link = match[0].rstrip(".,;:!?*")
        while link.endswith(("]", ")")) and link.count("(") < link.count(")") + link.count("]"):
            link = link[:-1].rstrip(".,;:!?*")
        link = link.split(")](")[0].split("](")[0]
        if not link.startswith(OURS):
            yield link


def ask(link: str, seconds: float = 20.0) -> str:
    """An empty string if the address answers, else what is wrong with it."""
    for method in ("HEAD", "GET"):
        request = urllib.request.Request(link, method=method, headers={"User-Agent": AGENT})
        try:
            with urllib.request.urlopen(request, timeout=seconds):
                return ""
        except urllib.error.HTTPError as error:
            problem = "" if method == "GET" and error.code in SHY else f"answers {error.code}"
        except (OSError, ValueError) as error:
            problem = f"does not answer ({error})"
    return problem


def check(links: Iterable[str], workers: int = 8) -> dict[str, str]:
    """The addresses that are gone, with what they answered."""
    links = list(links)
    with ThreadPoolExecutor(workers) as pool:
        answers = pool.map(ask, links)
    return {link: answer for link, answer in zip(links, answers, strict=True) if answer}


def main(arguments: list[str]) -> int:
    """The command."""
    links = found()
    if "--check" not in arguments:
        print("\n".join(f"{link}  {', '.join(files)}" for link, files in links.items()))
        return 0
    gone = check(links)
    for link, answer in gone.items():
        print(f"{link} {answer}; in {', '.join(links[link])}")
    print(f"{len(links)} links, {len(gone)} of them gone")
    return int(bool(gone))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
