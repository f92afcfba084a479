"""Classical baselines and dummies for environments to act in."""
