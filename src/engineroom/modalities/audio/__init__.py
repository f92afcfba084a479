"""Column types of sound."""
