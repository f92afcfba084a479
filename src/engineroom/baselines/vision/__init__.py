"""Classical baselines and dummies for images and video."""
