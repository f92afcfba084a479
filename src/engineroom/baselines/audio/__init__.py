"""Classical baselines and dummies for sound."""
