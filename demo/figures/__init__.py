"""A dialogue as something to show: a figure in pixels or vectors, and a page that opens anywhere."""
