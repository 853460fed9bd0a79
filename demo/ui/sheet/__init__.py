"""The numbers and scores of one answer."""
