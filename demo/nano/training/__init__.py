"""How nano and the recogniser of its world are trained."""
