"""Source table → samples of sound: mixtures of speech and noise."""
