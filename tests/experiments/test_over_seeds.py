"""A sweep over seeds that is stopped between two of them goes on with those that are left."""

from __future__ import annotations

import json

import pytest

from utils.experiments.run import Run


def rows_of(seed: int) -> dict[str, list[dict]]:
    return {"right": [{"of": 10, "right": seed}, {"of": 20, "right": 2 * seed}], "wrong": [{"wrong": 10 - seed}]}


def test_rows_bear_their_seed_and_become_curves(tmp_path):
    run = Run("made/up", "smoke", None, tmp_path)
    run.over((3, 4), rows_of)
    assert run.found["seeds"] == [3, 4]
    assert run.found["curves"]["wrong"] == [{"seed": 3, "wrong": 7}, {"seed": 4, "wrong": 6}]
    assert [row["seed"] for row in run.found["curves"]["right"]] == [3, 3, 4, 4]


def test_what_was_measured_before_a_stop_is_not_measured_again(tmp_path):
    measured = []

    def stopping(seed: int) -> dict[str, list[dict]]:
        if seed == 4:
            raise KeyboardInterrupt
        return rows_of(seed)

    with pytest.raises(KeyboardInterrupt):
        Run("made/up", "smoke", None, tmp_path).over((3, 4, 5), stopping)
    again = Run("made/up", "smoke", None, tmp_path, memory=json.loads((tmp_path / "memory.json").read_text()))
    again.over((3, 4, 5), lambda seed: measured.append(seed) or rows_of(seed))
    whole = Run("made/up", "smoke", None, tmp_path)
    whole.over((3, 4, 5), rows_of)
    assert measured == [4, 5]
    assert again.found == whole.found
