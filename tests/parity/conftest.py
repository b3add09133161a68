"""One thread for all parity tests: tiny tensors gain nothing from more, and sums keep their order."""

from utils import runtime

runtime.one_thread()
