"""Column types of molecules, materials, sequences."""
