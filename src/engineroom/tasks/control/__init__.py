"""Tasks on environments to act in."""
