"""Two models at one dialogue: another one is asked, side by side with the first, and in a table."""
