"""Column types of tables."""
