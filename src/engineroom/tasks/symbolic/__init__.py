"""Tasks on music and drawings."""
