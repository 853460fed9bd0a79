"""What is done with a trained nano: measuring it, its model card, the checkpoint."""
