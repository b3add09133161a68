"""The record of the parity tests: what is shipped is whole and under its tolerances, and no half one is written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from utils import records

ROOT = Path(__file__).resolve().parents[2]


def test_every_recorded_difference_is_under_its_tolerance() -> None:
    record = records.read("parity")
    references = " ".join(row["reference"] for row in record.metrics.values())
    assert all(library in references for library in ("torch.nn", "d2l", "transformers"))
    for name, row in record.metrics.items():
        compared = {precision: row[precision] for precision in record.config if row[precision] is not None}
        assert compared, f"{name} was compared in no precision"
        assert all(difference <= record.config[precision] for precision, difference in compared.items()), name


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("agree('model', 'its reference', ones, ones)", 0),
        ("agree('model', 'its reference', ones, ones * 1.001)", 1),
        ("pytest.skip('the reference is not installed')", 1),
    ],
    ids=["passed", "failed", "skipped"],
)
def test_a_record_is_written_only_if_every_comparison_ran_and_passed(tmp_path: Path, body: str, status: int) -> None:
    code = "import pytest, torch\nfrom tests.parity.tools import agree\n\n\n"
    code += f"def test_one():\n    ones = torch.ones(2)\n    {body}\n"
    (tmp_path / "test_one.py").write_text(code)
    run = "from pathlib import Path; from tests.parity.record import main; import sys; "
    run += f"sys.exit(main(Path({str(tmp_path)!r}), Path({str(tmp_path / 'record.json')!r})))"
    done = subprocess.run([sys.executable, "-c", run], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == status, done.stdout + done.stderr
    assert (tmp_path / "record.json").exists() == (status == 0)
    if status == 0:
        row = records.load(tmp_path / "record.json").metrics["model"]
        assert row == {"reference": "its reference", "float32": 0.0, "float64": None}
