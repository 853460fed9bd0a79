"""A model behind an OpenAI-compatible server: the connection, and what servers make of the protocol."""
