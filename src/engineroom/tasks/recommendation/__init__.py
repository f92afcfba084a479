"""Tasks on user interactions."""
