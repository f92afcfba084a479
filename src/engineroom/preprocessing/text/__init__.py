"""Source table → samples of text: windows, pairs, token labels, dialogue turns."""
