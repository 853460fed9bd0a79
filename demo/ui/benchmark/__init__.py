"""The benchmark in the page: its panel, and the truth beside the answers."""
