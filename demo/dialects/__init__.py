"""How each model family is asked, and how its answers are to be read."""
