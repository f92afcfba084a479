"""Classical baselines and dummies for time series."""
