"""Training loops, losses and schedules."""
