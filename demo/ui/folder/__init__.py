"""A folder of pictures, or many at once: one after the other, each sent when it is opened."""
