"""Column types of time series."""
