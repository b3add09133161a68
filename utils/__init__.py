"""Models, data and tools of the course "From RNNs to ChatGPT"."""

__version__ = "0.1.0"
