"""Predictions → panels of a report and files: one module a kind of picture."""
