"""One conversation about one picture: its value, its turns and edits, its files."""
