"""The page on scaling: its tables are computed, its sentences about them hold, and what it tells to type is right."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from built_site import ROOT

sys.path.insert(0, str(ROOT / "book/tools"))

import scaling_page

from utils import records
from utils.experiments import __main__ as command
from utils.training.costs import DAY, days, state_bytes, traffic, training_operations

PAGE = (ROOT / "book/scaling.md").read_text(encoding="utf-8")


@pytest.mark.site
def test_the_page_shows_every_table_and_the_code_as_it_is(site: Path) -> None:
    page = BeautifulSoup((site / "book/scaling.html").read_text(encoding="utf-8"), "html.parser")
    shown = [[cell.get_text(strip=True) for cell in row.find_all("td")] for row in page.select("table tbody tr")]
    for way in records.read("scaling/processes").curves["ways"]:
        assert any(row[0] == way["way"] and row[1] == f"{way['steps a second']:.2f}" for row in shown)
    for name in (one.name for one in scaling_page.sizes()):
        assert sum(row[0] == name for row in shown) == 3, name
    code = "".join(block.get_text() for block in page.find_all("pre"))
    for line in ("prepare(model, optimizer)", "column[rank::world]", "mul_(world * size / tokens)", "fsdp_version: 2"):
        assert line in code


def test_what_the_text_says_of_the_measured_ways_is_so() -> None:
    record = records.read("scaling/processes")
    one, two, sharded = record.curves["ways"]
    assert one["loss"] == two["loss"] == sharded["loss"]
    assert two["processor seconds a step"] == pytest.approx(one["processor seconds a step"] / 2, rel=0.2)
    assert (one["bytes a parameter"], two["bytes a parameter"], sharded["bytes a parameter"]) == (16, 16, 8)
    fast, slow = (record.metrics[f"{way}, speed against one process, median"] for way in (two["way"], sharded["way"]))
    assert 2 > fast > slow > 1
    assert one["processor seconds a step"] * one["steps a second"] > 0.95, "at work all of the time"
    for way in (two, sharded):
        assert way["highest"] < 1.1 * way["steps a second"] < 1.1 * way["highest"]
        assert way["lowest"] < 0.8 * way["steps a second"]
    assert record.machine["processes"] == 1, "the command itself is one process, which starts the others"


def test_what_the_text_says_of_a_step_is_so() -> None:
    """A small model sends for longer than it computes, those in the middle do not, the largest does again."""
    ratios = []
    for one in scaling_page.sizes():
        computing = training_operations(one.parameters, one.batch) / (
            one.processes * scaling_page.PEAK * scaling_page.SHARE
        )
        ratios.append(traffic(one.parameters, one.processes, width=2) / scaling_page.BANDWIDTH / computing)
    assert ratios[0] > 1
    assert all(ratio < 0.2 for ratio in ratios[1:-1])
    assert ratios[-1] > 1


def test_bold_is_what_fits() -> None:
    rows = [line.split(" | ") for line in scaling_page.memory().splitlines()[2:]]
    for one, row in zip(scaling_page.sizes(), rows, strict=True):
        fits = [state_bytes(one.parameters, shards) < 80e9 for shards in (1, 8, 64, 1_024)]
        assert ["**" in cell for cell in row[1:]] == fits


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0000642, "0.064 ms"), (0.3759, "376 ms"), (26.4, "26 s"), (7200, "2 hours"), (80 * 365 * DAY, "80 years")],
)
def test_times_are_said_as_one_says_them(seconds: float, text: str) -> None:
    assert scaling_page.duration(seconds).replace(scaling_page.SPACE, " ") == text


def test_the_commands_name_what_there_is() -> None:
    known = command.catalogue()
    commands = [shlex.split(code) for code in re.findall(r"`((?:python|torchrun|accelerate) [^`]*)`", PAGE)]
    assert len(commands) == 5
    for words in commands:
        name = words[words.index("utils.experiments") + 1]
        presets = known[name][1]
        if "--preset" in words:
            assert words[words.index("--preset") + 1] in presets
        if "--config_file" in words:
            assert (ROOT / words[words.index("--config_file") + 1]).is_file()
    assert "multi30k/transformer" in known


def test_accelerate_reads_the_configuration() -> None:
    from accelerate.commands.config.config_args import load_config_from_file
    from accelerate.utils import DistributedType

    found = load_config_from_file(str(ROOT / "utils/experiments/launch/fsdp.yaml"))
    assert found.distributed_type == DistributedType.FSDP
    assert found.fsdp_config["fsdp_version"] == 2
    assert found.fsdp_config["fsdp_transformer_layer_cls_to_wrap"] == "Block"
    assert found.mixed_precision == "no"


def test_the_example_computes_what_it_says() -> None:
    code = re.search(r"```python\n(from utils\.training\.costs.*?)```", PAGE, re.DOTALL)
    assert code
    done = subprocess.run([sys.executable, "-c", code[1]], capture_output=True, text=True, check=True, cwd=ROOT)
    took, kept = map(float, done.stdout.split())
    assert took == pytest.approx(days(6 * 1.3e9 * 26e9, 8, 312e12, 0.4))
    assert kept == pytest.approx(2.6)
