"""Exercises: a registry with one module a chapter, and ``check``, which answers learners.

A chapter's module is ``chapter_NN.py`` with a tuple ``EXERCISES``.
"""

from utils.teaching.exercises.cells import cells, drift, show_stub, solution_html
from utils.teaching.exercises.checking import chapters, check, exercises, find
from utils.teaching.exercises.model import Case, Exercise, Wrong

__all__ = [
    "Case",
    "Exercise",
    "Wrong",
    "cells",
    "chapters",
    "check",
    "drift",
    "exercises",
    "find",
    "show_stub",
    "solution_html",
]
