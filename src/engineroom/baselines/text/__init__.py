"""Classical baselines and dummies for text."""
