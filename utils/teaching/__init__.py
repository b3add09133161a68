"""What the chapters are made with: claims, figures, sources, exercises, quizzes, steppers, widgets.

``from utils.teaching import claim, figure, check`` is all that a chapter needs. Names are looked up when they are
used, so importing the package imports no matplotlib, no ipywidgets and no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from utils.teaching.chat_boxes import CONTINUING as CONTINUING
    from utils.teaching.chat_boxes import TRANSLATING as TRANSLATING
    from utils.teaching.chat_boxes import chat_box as chat_box
    from utils.teaching.claims import claim as claim
    from utils.teaching.exercises import check as check
    from utils.teaching.exercises import show_stub as show_stub
    from utils.teaching.exercises import solution_html as solution_html
    from utils.teaching.figures import figure as figure
    from utils.teaching.figures import new_figure as new_figure
    from utils.teaching.headers import header as header
    from utils.teaching.heatmaps import heat_map as heat_map
    from utils.teaching.labelling import labelling_panel as labelling_panel
    from utils.teaching.language_models import show_language_models as show_language_models
    from utils.teaching.parallel_texts import parallel_text as parallel_text
    from utils.teaching.parallel_texts import udhr_table as udhr_table
    from utils.teaching.parity import parity_panel as parity_panel
    from utils.teaching.parity import parity_row as parity_row
    from utils.teaching.pictures import picture as picture
    from utils.teaching.provenance import show_record as show_record
    from utils.teaching.quizzes import quiz as quiz
    from utils.teaching.scoreboards import scoreboard as scoreboard
    from utils.teaching.setup_cell import SETUP as SETUP
    from utils.teaching.source import show_diff as show_diff
    from utils.teaching.source import show_source as show_source
    from utils.teaching.steppers import Step as Step
    from utils.teaching.steppers import bandwidth_stepper as bandwidth_stepper
    from utils.teaching.steppers import decoding_stepper as decoding_stepper
    from utils.teaching.steppers import fading_stepper as fading_stepper
    from utils.teaching.steppers import gates_stepper as gates_stepper
    from utils.teaching.steppers import heads_stepper as heads_stepper
    from utils.teaching.steppers import looking_stepper as looking_stepper
    from utils.teaching.steppers import masks_stepper as masks_stepper
    from utils.teaching.steppers import merges_stepper as merges_stepper
    from utils.teaching.steppers import next_token_stepper as next_token_stepper
    from utils.teaching.steppers import paper_figure_stepper as paper_figure_stepper
    from utils.teaching.steppers import positions_stepper as positions_stepper
    from utils.teaching.steppers import shapes_stepper as shapes_stepper
    from utils.teaching.steppers import stepper as stepper
    from utils.teaching.steppers import thawing_stepper as thawing_stepper
    from utils.teaching.steppers import two_masks_stepper as two_masks_stepper
    from utils.teaching.steppers import unrolled_stepper as unrolled_stepper
    from utils.teaching.tables import show_table as show_table
    from utils.teaching.verdicts import all_verdicts as all_verdicts
    from utils.teaching.verdicts import verdict_picture as verdict_picture
    from utils.teaching.widgets import live_or_static as live_or_static
    from utils.teaching.widgets import translate_box as translate_box

# No function may bear the name of the module that it lives in: importing the module would hide it.
_HOMES = {
    "chat_boxes": ("CONTINUING", "TRANSLATING", "chat_box"),
    "claims": ("claim",),
    "exercises": ("check", "show_stub", "solution_html"),
    "figures": ("figure", "new_figure"),
    "headers": ("header",),
    "heatmaps": ("heat_map",),
    "language_models": ("show_language_models",),
    "labelling": ("labelling_panel",),
    "parallel_texts": ("parallel_text", "udhr_table"),
    "parity": ("parity_panel", "parity_row"),
    "pictures": ("picture",),
    "provenance": ("show_record",),
    "quizzes": ("quiz",),
    "scoreboards": ("scoreboard",),
    "setup_cell": ("SETUP",),
    "source": ("show_diff", "show_source"),
    "steppers": (
        "Step",
        "bandwidth_stepper",
        "decoding_stepper",
        "fading_stepper",
        "gates_stepper",
        "heads_stepper",
        "looking_stepper",
        "masks_stepper",
        "merges_stepper",
        "next_token_stepper",
        "paper_figure_stepper",
        "positions_stepper",
        "shapes_stepper",
        "stepper",
        "thawing_stepper",
        "two_masks_stepper",
        "unrolled_stepper",
    ),
    "tables": ("show_table",),
    "verdicts": ("all_verdicts", "verdict_picture"),
    "widgets": ("live_or_static", "translate_box"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"utils.teaching.{_HOME[name]}"), name)
    raise AttributeError(f"module 'utils.teaching' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
