"""Segmenters: one protocol, GrabCut for every machine, SAM 2 where its checkpoint is."""
