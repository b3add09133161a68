"""Looks for keys and passwords in every tracked file; part of `make lint` and of `make test`.

    python tests/repository/secrets_scan.py [FILE ...]      without files, all that git knows

detect-secrets does the work, with all its detectors but two: hexadecimal strings are everywhere here (SHA-256 of data
and weights, commits in records), and so are addresses from the blocks that are reserved for examples.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from detect_secrets import SecretsCollection
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.settings import transient_settings

ROOT = Path(__file__).resolve().parents[2]
# Hashes, numbers, other people's code, and 40,000 lines of Shakespeare.
SKIPPED = re.compile(r"\.(lock|sha256|safetensors|woff2?|png)$|^book/vendor/|^utils/data/tinyshakespeare_")
LEFT_OUT = {"HexHighEntropyString", "IPPublicDetector"}
FILTERS = ("allowlist.is_line_allowlisted", "heuristic.is_sequential_string", "heuristic.is_potential_uuid",
           "heuristic.is_templated_secret", "heuristic.is_prefixed_with_dollar_sign")  # fmt: skip


def tracked() -> list[str]:
    """The files that git knows and that are there."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [name for name in listing.split("\0") if name and (ROOT / name).is_file()]


def found(files: list[str]) -> list[str]:
    """A line for each suspicion: file, line and kind, without the secret itself."""
    detectors = [kind.__name__ for kind in get_mapping_from_secret_type_to_class().values()]
    settings = {
        "plugins_used": [{"name": name} for name in detectors if name not in LEFT_OUT],
        "filters_used": [{"path": f"detect_secrets.filters.{name}"} for name in FILTERS],
    }
    secrets = SecretsCollection(root=str(ROOT))
    with transient_settings(settings):
        for name in files:
            if not SKIPPED.search(name):
                secrets.scan_file(name)
    return [f"{name}:{secret.line_number}: {secret.type}" for name, secret in secrets]


def main(files: list[str]) -> int:
    """The command; exit status 1 if there is a suspicion."""
    suspicions = found(files or tracked())
    print("\n".join(suspicions) if suspicions else "no key and no password")
    if suspicions:
        print("If one is none, end its line with the comment: pragma: allowlist secret")
    return int(bool(suspicions))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
