"""Classical baselines and dummies for tables."""
