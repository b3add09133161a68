"""The package's door: light to import, and every name is there."""

import subprocess
import sys

import pytest

from utils import teaching


@pytest.mark.parametrize("name", teaching.__all__)
def test_every_name_is_there(name):
    assert getattr(teaching, name) is not None
    assert name not in teaching._HOMES, "importing the module would hide the function"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        teaching.nothing  # noqa: B018


def test_importing_costs_nothing():
    heavy = "{'torch', 'matplotlib', 'ipywidgets', 'IPython', 'pandas', 'jupyterquiz', 'd2l'}"
    code = f"""
import sys
import utils.teaching
from utils.teaching import SETUP, claim, figure, header, parity_panel, quiz, scoreboard, show_source, stepper
loaded = {heavy} & set(sys.modules)
sys.exit(f"imported {{loaded}}" if loaded else 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
