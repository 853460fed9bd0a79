"""The message: what it cites, how it will be read, what to do next."""
