"""Pages made of facts: the bug museum, the tables of chapters, and the command that holds solutions back."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from built_site import ROOT

sys.path.insert(0, str(ROOT / "book/tools"))

import chapter_tables
import museum_page

import utils
from utils import records


def soup(site: Path, name: str) -> BeautifulSoup:
    return BeautifulSoup((site / f"book/{name}.html").read_text(encoding="utf-8"), "html.parser")


@pytest.mark.site
def test_the_museum_shows_every_bug_with_its_tests(site) -> None:
    bugs, page = museum_page.bugs(), soup(site, "bug_museum")
    shown = page.select("article details[id^=bug-]")
    assert len(shown) == len(bugs) >= 37
    for bug, block in zip(bugs, sorted(shown, key=lambda block: int(block["id"][4:])), strict=True):
        assert block.summary.get_text() == f"{bug['number']} · {bug['title'].replace('`', '')}"
        links = [a["href"] for a in block.find_all("a", href=re.compile("/blob/main/tests/"))]
        assert len(links) == len(bug["tests"])
        code = block.pre.get_text()
        assert re.search(r"^- ", code, re.MULTILINE) or re.search(r"^\+ ", code, re.MULTILINE), bug["title"]
    assert f"{len(bugs)} bugs in {len({bug['number'] for bug in bugs})} rooms" in page.get_text()


def test_a_link_of_the_museum_points_at_the_line_of_its_test() -> None:
    for bug in museum_page.bugs():
        for test in bug["tests"]:
            file, line = re.fullmatch(r".*/blob/main/(.+)#L(\d+)", museum_page.address(test)).groups()
            text = (ROOT / file).read_text(encoding="utf-8").splitlines()[int(line) - 1]
            assert f"def {test.rpartition('::')[2]}(" in text


def test_bugs_of_a_new_file_have_a_section() -> None:
    assert museum_page.section("utils/models/attention.py") == "Attention and its masks"
    assert museum_page.section("utils/models/new.py") == "Transformer, BERT, GPT"
    assert museum_page.section("utils/elsewhere.py") == "Measuring"


def test_chapters_are_counted_as_they_are() -> None:
    chapters = chapter_tables.read()
    assert [one.stem for one in chapters] == sorted(path.stem for path in (ROOT / "chapters").glob("*.ipynb"))
    for one in chapters:
        exercises = {
            key for key in re.findall(r"### Exercise (\d\.\d+)", text(one.stem)) if int(key[0]) == int(one.number)
        }
        assert one.exercises == len(exercises), one.stem
        if one.number < "09":  # the last one looks back, and may ask nothing
            assert one.exercises >= 5, one.stem
            assert one.questions >= 3, one.stem
            assert one.claims >= 2, one.stem
            assert one.needs, one.stem


def text(stem: str) -> str:
    """The Markdown of a chapter."""
    cells = json.loads((ROOT / f"chapters/{stem}.ipynb").read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


@pytest.mark.site
def test_times_and_memory_are_those_of_the_records(site) -> None:
    rows = soup(site, "how_to_use").select("table tbody tr")
    found = {row.a.get_text()[0]: [cell.get_text() for cell in row.find_all("td")] for row in rows if row.a}
    assert len(found) == len(chapter_tables.read())
    for number, (_, time, memory, machine) in found.items():
        if (name := f"chapter/0{number}") in records.names():
            record = records.read(name)
            assert time == f"{record.seconds:.0f}\N{NO-BREAK SPACE}s"
            assert memory == f"{record.metrics['memory_mb']:,.0f}\N{NO-BREAK SPACE}MB"
            assert record.machine["name"] in machine
        else:
            assert (time, memory, machine) == ("not yet measured", "", "")


def test_the_commands_for_a_class_exist() -> None:
    """What they make is proved in tests/teaching/test_handout.py."""
    page = (ROOT / "book/instructors.md").read_text(encoding="utf-8")
    commands = re.findall(r"^ *(make handout.*)$", page, re.MULTILINE)
    assert [command.partition("=")[0] for command in commands] == ["make handout", "make handout ADDRESS"]
    for command in commands:
        done = subprocess.run(
            [*shlex.split(command), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert "book/tools/handout.py" in done.stdout
        assert command.partition("=")[2] in done.stdout
    assert f"rnn_to_chatgpt-{utils.__version__}-" in commands[1]


def test_the_times_beside_the_scoreboards_are_those_of_the_records() -> None:
    page = " ".join((ROOT / "book/scoreboards.md").read_text(encoding="utf-8").split())
    times = {
        "gpt/real_text": "{} minutes for the GPT",
        "ulmfit/general": "{} for the AWD-LSTM",
        "ulmfit/film": "(and {} with film reviews)",
    }
    for name, says in times.items():
        assert says.format(round(records.read(name).seconds / 60)) in page
    asked = next(row for row in records.read("gpt/sst2").scoreboard if "asked" in row["system"])
    assert f"The {round(asked['seconds'])} seconds of the GPT" in page
