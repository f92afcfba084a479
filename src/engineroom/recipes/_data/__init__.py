"""Data that recipes' demos generate."""
