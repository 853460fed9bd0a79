"""The built-in SAM 2: its model, batches, training and measures."""
