"""The panel of kept dialogues."""
