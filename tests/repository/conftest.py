"""Lets the tests import the tools that they test: the gate, and the tools of the book."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "book/tools")]
