"""The status line, and the panel of models behind it."""
