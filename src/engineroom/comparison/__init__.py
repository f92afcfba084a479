"""Side by side: several trained models on the same rows, by the same code. What differs beyond chance, what it costs,
where they disagree."""
