"""V*: questions about small things in large pictures, with options and the boxes of what they are about."""
