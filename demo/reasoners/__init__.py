"""Models that answer: one protocol, and one file for each way to reach a model."""
