"""Column types of environments to act in."""
