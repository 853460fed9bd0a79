"""The same dialogues as tools for agents, through the Model Context Protocol."""
