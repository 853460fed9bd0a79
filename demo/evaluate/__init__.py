"""RegionDial-Bench and V* through the engine that also runs the app: play, score, report."""
