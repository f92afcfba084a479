"""COLLECT: what has a name and is no file. Each file holds `NAMED`, an object with three methods:

recognises(text: str) -> bool                     could it be this?
full(text: str) -> str                            the same name, good from any folder
read(text, *, limits) -> Table
"""
