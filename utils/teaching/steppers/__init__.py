"""Steppers: what a reader without a kernel plays with."""

from utils.teaching.steppers.bandwidth import bandwidth_stepper
from utils.teaching.steppers.decoding import decoding_stepper
from utils.teaching.steppers.fading import fading_stepper
from utils.teaching.steppers.frame import Step, stepper, stepper_html
from utils.teaching.steppers.gates import gates_stepper
from utils.teaching.steppers.heads import heads_stepper
from utils.teaching.steppers.looking import looking_stepper
from utils.teaching.steppers.masks import masks_stepper
from utils.teaching.steppers.merges import merges_stepper
from utils.teaching.steppers.next_token import next_token_stepper
from utils.teaching.steppers.paper_figure import paper_figure_stepper
from utils.teaching.steppers.positions import positions_stepper
from utils.teaching.steppers.shapes import shapes_stepper
from utils.teaching.steppers.thawing import thawing_stepper
from utils.teaching.steppers.two_masks import two_masks_stepper
from utils.teaching.steppers.unrolled import unrolled_stepper

__all__ = [
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
    "stepper_html",
    "thawing_stepper",
    "two_masks_stepper",
    "unrolled_stepper",
]
