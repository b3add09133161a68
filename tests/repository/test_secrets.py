"""The scan for secrets finds what it is there to find, and nothing in this repository."""

from __future__ import annotations

import base64
import random
import string
from pathlib import Path

import pytest
import secrets_scan

DRAWN = random.Random(0)
# Put together here, so that this file holds none of them.
PLANTED = {
    "cloud key": "AKIA" + "IOSFODNN7QRSTUVW",
    "token of a code host": "ghp_" + "".join(DRAWN.choices(string.ascii_letters + string.digits, k=36)),
    "private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "word to log in with": "pass" + "word = 'correct-horse-7'",
    "random string": f"setting = '{base64.b64encode(DRAWN.randbytes(48)).decode()}'",
    "login in an address": "https://someone:" + "s3cr3tPlace@example.org/",
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_secret_is_found_and_not_printed(kind: str, tmp_path: Path, capsys) -> None:
    file = tmp_path / "settings.py"
    file.write_text(f"name = 'course'\n{PLANTED[kind]}\n")
    assert secrets_scan.main([str(file)]) == 1
    output = capsys.readouterr().out
    assert f"{file}:2:" in output
    assert PLANTED[kind][8:] not in output


def test_ordinary_lines_are_no_secrets(tmp_path: Path) -> None:
    file = tmp_path / "settings.py"
    file.write_text('sha256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"\ntoken = tokens[0]\n')
    assert secrets_scan.found([str(file)]) == []


def test_what_is_skipped_is_not_code(tmp_path: Path) -> None:
    skipped = {name for name in secrets_scan.tracked() if secrets_scan.SKIPPED.search(name)}
    assert not [name for name in skipped if name.endswith((".py", ".ipynb", ".yml", ".toml")) and "vendor" not in name]
    assert "utils/course.py" in secrets_scan.tracked()
