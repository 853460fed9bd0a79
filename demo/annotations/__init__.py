"""Regions as other tools write them: a labelled picture, and each format's reader and writer."""
