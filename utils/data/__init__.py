"""Data: the lab language (`lab`), real data by name (`sources`), tokens and batches."""
