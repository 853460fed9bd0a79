"""Sharing a dialogue: its page as a file, and by a link that can be withdrawn."""
