"""The dialogue: messages, the turn that is being written, where findings lead."""
