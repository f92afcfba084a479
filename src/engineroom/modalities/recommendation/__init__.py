"""Column types of user interactions."""
