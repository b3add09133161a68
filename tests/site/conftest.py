"""The built site, and a server for it on this machine."""

from __future__ import annotations

import functools
import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from built_site import ROOT, SITE


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built site; builds it where it is missing."""
    if not (SITE / "index.html").is_file():
        subprocess.run([sys.executable, "book/tools/build_site.py"], cwd=ROOT, check=True, capture_output=True)
    return SITE


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without writing a line for each."""

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """The address of a local server over the site, with a slash at the end."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
