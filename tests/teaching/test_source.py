"""Sources and differences as a chapter shows them."""

import inspect

import pytest
from bs4 import BeautifulSoup

from utils.course import RELEASE, REPOSITORY
from utils.decoding import beam_search
from utils.teaching import show_diff, show_source
from utils.teaching.claims import claim, plain
from utils.teaching.page import number


def add(a, b):
    """Add.

    At length.
    """
    return a + b  # <sum>


def mul(a, b):
    """Multiply."""
    return a * b


def test_the_source_is_the_code_that_runs(shown):
    soup = BeautifulSoup(shown(show_source, plain, number).html, "html.parser")
    assert [block.get_text() for block in soup.find_all("pre")] == [
        inspect.getsource(plain).rstrip(),
        inspect.getsource(number).rstrip(),
    ]
    lines, first = inspect.getsourcelines(plain)
    assert soup.a["href"] == f"{REPOSITORY}/blob/{RELEASE}/utils/teaching/claims.py#L{first}-L{first + len(lines) - 1}"


def test_a_long_source_scrolls_by_keyboard(shown):
    block = BeautifulSoup(shown(show_source, claim).html, "html.parser").pre
    assert block["tabindex"] == "0"
    assert block["aria-label"] == "Source of claim"


def test_a_decorated_function_has_its_link(shown):
    address = BeautifulSoup(shown(show_source, beam_search).html, "html.parser").a["href"]
    first = inspect.getsourcelines(beam_search)[1]
    assert address.startswith(f"{REPOSITORY}/blob/{RELEASE}/utils/decoding.py#L{first}-")


def test_docstrings_can_be_short_and_own_code_has_no_link(shown):
    soup = BeautifulSoup(shown(show_source, add, docstrings=False).html, "html.parser")
    assert soup.pre.get_text() == 'def add(a, b):\n    """Add."""\n    return a + b  # <sum>'
    assert soup.a is None
    assert "defined in this notebook" in soup.get_text()


def test_the_difference_is_marked_by_signs_too(shown):
    soup = BeautifulSoup(shown(show_diff, add, mul).html, "html.parser")
    assert "-     return a + b  # <sum>" in [line.get_text() for line in soup.find_all("del")]
    assert "+     return a * b" in [line.get_text() for line in soup.find_all("ins")]


@pytest.mark.parametrize("thing", [3, "text", len])
def test_what_has_no_source_is_named(thing):
    with pytest.raises(ValueError, match="has no Python source"):
        show_source(thing)
