"""Tables for reading take mappings and frames, and escape what they show."""

import pandas as pd
import pytest

from utils.teaching import show_table


def test_mappings_become_rows_and_missing_values_stay_empty(shown) -> None:  # type: ignore[no-untyped-def]
    html = shown(show_table, [{"word": "<b>", "share": 0.12345}, {"word": "chat"}], "Words").html
    assert "<th scope" in html
    assert "&lt;b&gt;" in html
    assert "0.123" in html
    assert html.count("<tr>") == 3


def test_a_named_index_becomes_the_first_column(shown) -> None:  # type: ignore[no-untyped-def]
    frame = pd.DataFrame({"x": [1, 2]}, index=pd.Index(["a", "b"], name="task"))
    html = shown(show_table, frame, "Tasks").html
    assert html.index(">task<") < html.index(">x<")
    assert shown(show_table, frame.reset_index(drop=True), "Tasks").html.count("<th ") == 1


def test_a_table_needs_rows() -> None:
    with pytest.raises(ValueError, match="'Empty' has no rows"):
        show_table([], "Empty")
