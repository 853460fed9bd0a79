"""The files of a model: which there are, fetching them, and whether they are whole."""
