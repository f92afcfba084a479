"""Column types of music and drawings."""
