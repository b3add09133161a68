"""`make lock` too: writes requirements/licences.json, the licence of every package that the lock files name.

    python book/tools/licences.py

pip tells what it would install, with each package's own metadata, and installs nothing. A package for another system
(a marker such as ``sys_platform == 'darwin'``) is asked for by its name. `listing` makes the site's table of it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from lock import FOLDER, blocks

FILE = FOLDER / "licences.json"
TELL = ["install", "--dry-run", "--no-deps", "--ignore-installed", "--quiet", "--report"]
APPROVED = re.compile(r"License :: (?:OSI Approved :: )?(.+)")
# Packages whose metadata states no licence, and what was found when they were opened.
READ = {"cuda-toolkit": "none stated: it holds no file, it only names NVIDIA's libraries"}


def locked() -> dict[str, tuple[str, str]]:
    """Name and version of each locked package, and the first line of its entry, in both files."""
    found = {}
    for file in sorted(FOLDER.glob("*.lock")):
        for name, text in blocks(file.read_text(encoding="utf-8")):
            version = re.search(r"==([^ ;\\\n]+)", text)
            assert version, f"{file.name}: {name} has no version"
            found[f"{name} {version[1]}"] = (name, version[1])
    return found


def licence(metadata: dict[str, Any]) -> str:
    """The licence that a package states of itself, as short as it states it; "" if it states none."""
    if metadata.get("license_expression"):
        return metadata["license_expression"]
    classified = [match[1] for one in metadata.get("classifier", ()) if (match := APPROVED.fullmatch(one))]
    stated = (metadata.get("license") or "").strip()
    if stated and "\n" not in stated and len(stated) <= 60 and stated.upper() != "UNKNOWN":
        return stated  # else it is the whole text
    return READ.get(metadata["name"].lower(), ", ".join(classified))


def told(*asked: str) -> dict[str, str]:
    """What pip would install for these arguments: "name version" -> licence."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        subprocess.run([sys.executable, "-m", "pip", *TELL, report, *asked], check=True)
        entries = [entry["metadata"] for entry in json.loads(report.read_text(encoding="utf-8"))["install"]]
    return {f"{normal(entry['name'])} {entry['version'].partition('+')[0]}": licence(entry) for entry in entries}


def normal(name: str) -> str:
    """A package's name as the lock files write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def write() -> None:
    """Write the file anew; ValueError if a package states no licence."""
    wanted, found = locked(), {}
    for file in sorted(FOLDER.glob("*.lock")):
        found |= told("--require-hashes", "--requirement", str(file))
    for key, (name, version) in wanted.items():
        if key not in found:  # for another system, or another Python
            found |= told(
                f"{name}=={version}", "--only-binary=:all:", "--python-version=3.13", f"--target={FOLDER / 'no'}"
            )
    if silent := [key for key in wanted if not found.get(key)]:
        raise ValueError(f"no licence is stated by {', '.join(silent)}; read it in the package and add it to READ")
    rows = [{"name": wanted[key][0], "version": wanted[key][1], "licence": found[key]} for key in sorted(wanted)]
    FILE.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def listing() -> str:
    """How many packages there are under which licence, and all of them in a folded table."""
    rows = json.loads(FILE.read_text(encoding="utf-8"))
    count = Counter(row["licence"] for row in rows)
    common = "; ".join(f"{name} ({number})" for name, number in count.most_common(6))
    table = [f"| `{row['name']}` | {row['version']} | {row['licence']} |" for row in rows]
    return "\n".join(
        [
            f"**{len(rows)} packages.** The most frequent licences: {common}.",
            "",
            "<details><summary>All of them</summary>",
            "",
            *["| package | version | licence, as it states it |", "|---|---|---|", *table],
            "",
            "</details>",
        ]
    )


if __name__ == "__main__":
    sys.exit(write())
