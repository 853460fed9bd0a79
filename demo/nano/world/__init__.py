"""The drawn world: its kinds and places, scenes, pixels, and the facts and phrases about them."""
