"""Delimited text files: encoding, dialect, header, column types, memory-mapped reading. Several sources use them."""
