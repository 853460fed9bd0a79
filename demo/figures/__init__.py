"""What is to be shown: a dialogue as a figure or as a page that opens anywhere, tables for papers."""
