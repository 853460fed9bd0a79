"""What stands between the network and the page: who may come in, what is let through, what is told."""
