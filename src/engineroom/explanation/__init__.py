"""Why this answer? Every explanation asks the model itself again; none is a guess about it."""
