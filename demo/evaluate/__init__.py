"""RegionDial-Bench through the engine that also runs the app: play it, score it, report it."""
