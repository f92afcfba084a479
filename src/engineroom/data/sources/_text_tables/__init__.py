"""Delimited text files: encoding, dialect, header, column types, memory-mapped reading; for the sources that read text."""
