"""What programs give to the endpoints, what they are told, and how that is described."""
