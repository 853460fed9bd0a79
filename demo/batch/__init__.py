"""The same questions about every picture of a folder: `python -m demo batch`."""
