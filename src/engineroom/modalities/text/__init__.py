"""Column types of text."""
