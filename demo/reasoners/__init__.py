"""Models that answer: the protocol, and those that run in this process."""
