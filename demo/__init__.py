"""A multi-turn, region-grounded conversation about a picture."""
