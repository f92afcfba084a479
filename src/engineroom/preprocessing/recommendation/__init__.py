"""Source table → samples of interactions: user histories, item features."""
