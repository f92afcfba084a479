"""Scores: plain functions over arrays, scikit-learn's wherever it has one, under its names."""
