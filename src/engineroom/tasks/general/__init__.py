"""Tasks that take any mixture of columns."""
