"""Classical baselines and dummies for molecules, materials, sequences."""
