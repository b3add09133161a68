"""Steppers: what a reader without a kernel plays with."""

from utils.teaching.steppers.bandwidth import bandwidth_stepper
from utils.teaching.steppers.decoding import decoding_stepper
from utils.teaching.steppers.frame import Step, stepper, stepper_html

__all__ = ["Step", "bandwidth_stepper", "decoding_stepper", "stepper", "stepper_html"]
