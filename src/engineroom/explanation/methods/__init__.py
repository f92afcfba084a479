"""One file a method: a veil over a row in, one number a part out. `METHOD.words` says what the numbers mean."""
