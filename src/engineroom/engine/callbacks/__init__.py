"""REPEAT: the watchers. Each reads events and does one thing; none edits a step."""
