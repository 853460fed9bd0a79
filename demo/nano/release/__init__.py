"""What is done once nano is trained: measures, plots, the model card."""
