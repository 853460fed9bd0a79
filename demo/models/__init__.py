"""Which model runs: the choice, what else is available, and switching."""
