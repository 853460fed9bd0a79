"""The same questions about every picture of a folder."""
