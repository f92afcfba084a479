"""FORWARD: one file per backbone family. A family says which layouts it takes and builds a module Signal → Features."""
