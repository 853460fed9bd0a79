"""The recogniser of nano's world: the pictures it learns from, its training and measures."""
