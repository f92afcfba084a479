"""Predictions about text → HTML."""
