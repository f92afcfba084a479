"""Classical baselines and dummies for user interactions."""
