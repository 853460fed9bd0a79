"""The built-in SAM 2: its model, lessons, training and measures."""
