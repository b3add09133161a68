"""The command that checks links to other hosts finds them all, and tells a page that is gone from one that is shy."""

from __future__ import annotations

import http.server
import sys
import threading
from collections.abc import Iterator

import pytest
import yaml
from built_site import ROOT

from utils.course import REPOSITORY, SITE

sys.path.insert(0, str(ROOT / "book/tools"))

import links as links_out
import timeline

TEXT = f"""
See [Cho et al. 2014](https://arxiv.org/abs/1406.1078), (https://d2l.ai) and <https://semver.org>.
[a paper](https://en.wikipedia.org/wiki/BERT_(language_model)). [Ours]({SITE}/book/intro.html), {REPOSITORY}.
"""


@pytest.fixture
def host() -> Iterator[str]:
    """A server on this machine: what lies under /gone is not there, /shy answers 403, /get knows GET only."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_error({"/gone": 404, "/shy": 403, "/get": 405}.get(self.path, 200))

        def do_GET(self) -> None:
            self.send_error({"/gone": 404, "/shy": 403}.get(self.path, 200))

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_addresses_end_where_the_sentence_goes_on() -> None:
    assert list(links_out.addresses(TEXT)) == [
        "https://arxiv.org/abs/1406.1078",
        "https://d2l.ai",
        "https://semver.org",
        "https://en.wikipedia.org/wiki/BERT_(language_model)",
    ]


def test_papers_data_and_chapters_are_all_asked() -> None:
    found = links_out.found()
    assert {paper.url for paper in timeline.papers().values()} <= set(found)
    assert any(file.startswith("chapters/03") for file in found["https://arxiv.org/abs/1409.3215"])
    assert any(file.startswith("the data set") for files in found.values() for file in files)
    assert [link for link in found if link.endswith((".", ",", ")(", "]"))] == []


def test_a_page_that_is_gone_is_told_from_one_that_is_shy(host: str) -> None:
    gone = links_out.check([f"{host}/{name}" for name in ("there", "gone", "shy", "get")])
    assert gone == {f"{host}/gone": "answers 404"}


def test_a_host_that_is_not_there_is_no_crash() -> None:
    assert "does not answer" in links_out.ask("http://127.0.0.1:9/", seconds=2)


def test_the_workflow_asks_every_week() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/links.yml").read_text(encoding="utf-8"))
    assert workflow[True]["schedule"][0]["cron"].endswith(" * * 1")  # YAML reads the key `on` as true
    assert workflow["jobs"]["check"]["steps"][-1]["run"] == "make links"
