"""How nano is trained: steps, losses, phases, worker processes, and a plot of the log."""
