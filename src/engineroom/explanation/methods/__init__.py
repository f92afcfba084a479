"""One file a method: a masked row in, one number a part out. `METHOD.words` says what the numbers mean."""
