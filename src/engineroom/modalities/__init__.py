"""One file per kind of column. `detect` its values, `fit` on training rows, `encode` once, `collate` batches, `stem`
into a Signal."""
