"""What stays of a run: safetensors and JSON, hashed, replaced atomically. Reading one from a stranger runs no code of
theirs."""
