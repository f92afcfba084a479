"""Source table → samples: windows, pairs, sequences, aligned labels."""
